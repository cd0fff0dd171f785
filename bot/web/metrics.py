"""What is counted for Prometheus. A registry for each application, so that two in one process do not mix."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_TURN_BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class Metrics:
    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "zhike_http_requests",
            "Answered HTTP requests",
            ["method", "route", "status"],
            registry=self.registry,
        )
        self.request_seconds = Histogram(
            "zhike_http_request_seconds", "Time to answer an HTTP request", ["route"], registry=self.registry
        )
        self.sockets = Gauge("zhike_chat_sockets", "Open chat connections", registry=self.registry)
        self.frames = Counter("zhike_chat_frames", "Chat frames received", ["type"], registry=self.registry)
        self.refused = Counter(
            "zhike_chat_frames_refused",
            "Chat frames refused, by error code",
            ["code"],
            registry=self.registry,
        )
        self.slow_sockets = Counter(
            "zhike_chat_sockets_slow",
            "Connections closed because the client did not read",
            registry=self.registry,
        )
        self.desk_frames = Counter(
            "zhike_desk_frames", "Desk frames received, by type", ["type"], registry=self.registry
        )
        self.desks = Gauge("zhike_desk_sockets", "Open desk connections", registry=self.registry)
        self.turn_seconds = Histogram(
            "zhike_turn_seconds",
            "From taking up a message to its stored answer",
            buckets=_TURN_BUCKETS,
            registry=self.registry,
        )
        self.turns = Counter("zhike_turns", "Bot turns by result", ["result"], registry=self.registry)
        self.busy_conversations = Gauge(
            "zhike_conversations_busy", "Conversations with a turn under way here", registry=self.registry
        )
        self.jobs = Counter(
            "zhike_clockwork_runs", "Clockwork runs by result", ["job", "result"], registry=self.registry
        )
        self.delivered = Counter("zhike_outbox_delivered", "Delivered announcements", registry=self.registry)
