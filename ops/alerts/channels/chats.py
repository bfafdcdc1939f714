"""Channels that take one POST: a signed webhook, Slack, Teams, ntfy, and the monitor of a job."""

from __future__ import annotations

import hmac
import json
from base64 import b64decode, b64encode
from email.header import Header
from hashlib import sha256
from typing import TYPE_CHECKING

from ops.alerts.channels.base import Options, Posts
from ops.alerts.rules import CRITICAL
from ops.errors import UsageError
from ops.items import timestamp

if TYPE_CHECKING:
    from ops.alerts.notice import Notice

_PREFIX = "whsec_"


class Webhook(Posts):
    """JSON to any receiver, signed as Standard Webhooks says (webhook-id, -timestamp, -signature)."""

    def __init__(self, options: Options) -> None:
        super().__init__(options.text("url"), options)
        secret = options.secret("secret")
        try:
            self._key = b64decode(secret.removeprefix(_PREFIX), validate=True)
        except ValueError:
            hint = 'create one: `echo "whsec_$(openssl rand -base64 32)"`'
            raise UsageError(f"channels.{options.name}: the secret is not base64", hint=hint) from None

    def send(self, notice: Notice) -> str:
        sent = {"type": "cfops.notice", "timestamp": timestamp(notice.at), "data": notice.as_json()}
        body = json.dumps(sent)
        signed = f"{notice.id}.{int(notice.at)}.{body}".encode()
        headers = {
            "Content-Type": "application/json",
            "webhook-id": notice.id,
            "webhook-timestamp": f"{int(notice.at)}",
            "webhook-signature": f"v1,{b64encode(hmac.digest(self._key, signed, sha256)).decode()}",
        }
        return self.post(body, **headers)


class Slack(Posts):
    """A message to a Slack channel, by its incoming webhook."""

    def __init__(self, options: Options) -> None:
        super().__init__(options.secret("url"), options)

    def send(self, notice: Notice) -> str:
        # The only three characters that Slack reads as markup of its own.
        text = "\n".join((notice.title, *notice.lines()))
        for plain, escaped in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
            text = text.replace(plain, escaped)
        return self.post({"text": text})


class Teams(Posts):
    """A card in Microsoft Teams, by a webhook of its Workflows."""

    def __init__(self, options: Options) -> None:
        super().__init__(options.secret("url"), options)

    def send(self, notice: Notice) -> str:
        blocks = [{"type": "TextBlock", "text": notice.title, "weight": "Bolder", "wrap": True}]
        # Its text is Markdown, in which a code block shows everything as it is.
        blocks += [
            {"type": "TextBlock", "text": line, "wrap": True, "fontType": "Monospace"}
            for line in notice.lines()
        ]
        card = {"type": "AdaptiveCard", "version": "1.4", "body": blocks}
        attached = {"contentType": "application/vnd.microsoft.card.adaptive", "content": card}
        return self.post({"type": "message", "attachments": [attached]})


class Ntfy(Posts):
    """A push message to telephones, by a topic of ntfy."""

    def __init__(self, options: Options) -> None:
        super().__init__(options.text("url"), options)
        token = options.secret("token", "")
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    def send(self, notice: Notice) -> str:
        priority = "urgent" if notice.severity == CRITICAL else "high" if notice.severity else "default"
        tag = (
            "rotating_light"
            if notice.severity == CRITICAL
            else "warning"
            if notice.severity
            else "white_check_mark"
        )
        title = (
            notice.title
            if notice.title.isascii()
            else Header(notice.title, "utf-8", maxlinelen=9999).encode()
        )
        return self.post(notice.text, Title=title, Priority=priority, Tags=tag, **self._headers)


class Ping(Posts):
    """A dead man's switch, called at the end of every run: its URL, or /fail while anything fires."""

    resends = always = True

    def __init__(self, options: Options) -> None:
        super().__init__(options.secret("url"), options)

    def send(self, notice: Notice) -> str:
        return self.post(f"{notice.title}\n{notice.text}", "fail" if notice.firing else "")
