"""One question to DNS: does a name exist?"""

from __future__ import annotations

SECONDS = 5.0
FAILURES = 3
"""After that number of questions without an answer, nothing more is asked."""


class Resolver:
    """Asks the resolver of this machine, once for each name."""

    def __init__(self) -> None:
        self._answers: dict[str, bool | None] = {}
        self._failed = 0

    def dead(self, name: str) -> bool | None:
        """Return True if *name* does not exist, None if nobody answered."""
        if name not in self._answers:
            self._answers[name] = None if self._failed >= FAILURES else self._ask(name)
        return self._answers[name]

    def _ask(self, name: str) -> bool | None:
        import dns.exception
        import dns.name
        import dns.resolver

        asked = dns.name.from_text(name)
        try:
            dns.resolver.get_default_resolver().resolve(
                asked, "A", lifetime=SECONDS, raise_on_no_answer=False
            )
        except dns.resolver.NXDOMAIN as answer:
            # An alias whose target does not exist exists itself: somebody has claimed it.
            return bool(answer.canonical_name == asked)
        except (dns.exception.DNSException, OSError):
            self._failed += 1
            return None
        return False
