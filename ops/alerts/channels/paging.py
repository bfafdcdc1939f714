"""Channels to what does rotas, escalation and acknowledgement: PagerDuty and Alertmanager."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.alerts.channels.base import Options, Posts
from ops.alerts.state import ENDED, Event
from ops.items import Json, timestamp
from ops.snapshots.layout import period

if TYPE_CHECKING:
    from ops.alerts.notice import Notice

PAGERDUTY = "https://events.pagerduty.com/v2/enqueue"
_LONGEST = 1024


class PagerDuty(Posts):
    """Events of PagerDuty (v2): one alert for each rule and account, resolved when it has ended."""

    def __init__(self, options: Options) -> None:
        super().__init__(options.text("url", PAGERDUTY), options)
        self._key = options.secret("key")

    def send(self, notice: Notice) -> str:
        problems = [self.post(self._event(notice, event)) for event in notice.events]
        return next(filter(None, problems), "")

    def _event(self, notice: Notice, event: Event) -> Json:
        ended = event.change == ENDED
        about = {"routing_key": self._key, "dedup_key": f"cfops/{notice.host}/{notice.account}/{event.rule}"}
        if ended:
            return {**about, "event_action": "resolve"}
        payload = {
            "summary": f"{event.rule}: {event.summary}"[:_LONGEST],
            "source": notice.where,
            "severity": event.severity,
            "timestamp": timestamp(event.since),
            "component": notice.task,
            "custom_details": {"lines": list(event.lines[:20]), "run": notice.run},
        }
        return {**about, "event_action": "trigger", "client": "cfops", "payload": payload}


class Alertmanager(Posts):
    """Alerts of Prometheus' Alertmanager (v2), which groups, routes, inhibits and silences them.

    It forgets an alert at its end, so all that fires is sent at the end of every run, with an end that is
    *lasts* later: longer than the time between two runs.
    """

    resends = True

    def __init__(self, options: Options) -> None:
        super().__init__(options.text("url"), options)
        self._lasts = period(options.text("lasts", "26h"), f"channels.{options.name}.lasts")
        token = options.secret("token", "")
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    def send(self, notice: Notice) -> str:
        alerts = [self._alert(notice, event, event.severity) for event in notice.events]
        # Another severity is another alert to it: the former one has ended.
        alerts += [
            self._alert(notice, event._replace(change=ENDED, ended=notice.at), event.before)
            for event in notice.firing
            if event.before not in ("", event.severity)
        ]
        return self.post(alerts, "api/v2/alerts", **self._headers)

    def _alert(self, notice: Notice, event: Event, severity: str) -> Json:
        over = event.change == ENDED
        return {
            "labels": {
                "alertname": f"cfops-{event.rule}",
                "rule": event.rule,
                "severity": severity,
                "account": notice.account,
                "host": notice.host,
            },
            "annotations": {"summary": event.summary, "description": "\n".join(event.lines[:20])},
            # Without a start it would take the end for the start.
            "startsAt": timestamp(event.since),
            "endsAt": timestamp(event.ended if over else notice.at + self._lasts),
        }
