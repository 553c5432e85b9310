"""What is counted, in Prometheus's words. One object a process; several web processes share a folder of figures.

Children of labelled counters are kept, because looking them up costs more than counting. Processes share figures when
``PROMETHEUS_MULTIPROC_DIR`` names a folder before this module is imported for the first time.
"""

import os
from collections.abc import Callable
from functools import lru_cache

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
SHARED_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
TURN_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
"""Seconds; at 4 the webhook answers ``success``."""

disable_created_metrics()  # type: ignore[no-untyped-call]  # untyped there


class Metrics:
    """Counts turns, holds, confirmations and everything else ``/metrics`` shows."""

    def __init__(self) -> None:
        """Register every figure in a registry of our own, so that a test can have a fresh one."""
        self._registry = CollectorRegistry()
        self._turns = self._labelled("zhenyue_turns", "Turns by flow and outcome", "flow", "outcome")
        self._refusals = self._labelled("zhenyue_refusals", "Refusals by rule", "rule")
        self._calls = self._labelled("zhenyue_wechat_calls", "Calls of WeChat by result", "api", "result")
        self._rejected = self._labelled("zhenyue_rejected_deliveries", "Deliveries refused by reason", "reason")
        self._jobs = self._labelled("zhenyue_job_runs", "Runs of background jobs", "job", "result")
        self._turn_seconds = Histogram(
            "zhenyue_turn_seconds", "How long turns take", buckets=TURN_BUCKETS, registry=self._registry
        )
        self._holds = self._counter("zhenyue_holds", "Seats held")
        self._confirmations = self._counter("zhenyue_confirmations", "Appointments confirmed")
        self._rebuilds = self._counter("zhenyue_pool_rebuilds", "Pools rebuilt from the database")
        self._redeliveries = self._counter("zhenyue_redeliveries", "Deliveries answered from the first one's answer")
        self._turned_away = self._labelled("zhenyue_turned_away", "Messages not taken up, by reason", "why")
        self._notices = self._labelled("zhenyue_notices", "Notices by kind and the state they reached", "kind", "state")
        self._backlog = self._gauge("zhenyue_notices_waiting", "Notices due and not sent, by state", "state")
        self._relay_lag = self._gauge("zhenyue_relay_lag_seconds", "For how long the oldest due notice has waited")
        self._lag = Gauge(
            "zhenyue_job_lag_seconds",
            "How late the job's last run began",
            ["job"],
            registry=self._registry,
            multiprocess_mode="livemax",
        )
        self._late = Gauge(
            "zhenyue_due_lag_seconds",
            "How long after its time the job's last run was done, or failed",
            ["job"],
            registry=self._registry,
            multiprocess_mode="livemax",
        )
        if SHARED_FOLDER not in os.environ:
            for collector in (ProcessCollector, PlatformCollector, GCCollector):
                collector(registry=self._registry)

    def turn(self, flow: str, outcome: str, seconds: float) -> None:
        """Count a turn and how long it took."""
        self._turns(flow, outcome).inc()
        self._turn_seconds.observe(seconds)

    def redelivery(self) -> None:
        """Count a delivery that got the answer of the first one."""
        self._redeliveries.inc()

    def refused(self, why: str) -> None:
        """Count a message that was not taken up.

        ``crowded``, ``limited`` (told that it was too fast), ``silenced``, ``gone`` (WeChat had hung up already).
        """
        self._turned_away(why).inc()

    def wechat_call(self, api: str, result: str) -> None:
        """Count a call of WeChat; ``result`` is ``ok`` or the error's short name."""
        self._calls(api, result).inc()

    def rejected(self, reason: str) -> None:
        """Count a delivery that was refused."""
        self._rejected(reason).inc()

    def hold(self) -> None:
        """Count a hold."""
        self._holds.inc()

    def confirmation(self) -> None:
        """Count a confirmed appointment."""
        self._confirmations.inc()

    def refusal(self, rule: str) -> None:
        """Count a refusal by the rule's name."""
        self._refusals(rule).inc()

    def rebuild(self) -> None:
        """Count a pool that was rebuilt."""
        self._rebuilds.inc()

    def job(self, name: str, result: str, *, lag: float) -> None:
        """Count a run of a background job and how many seconds late it began."""
        self._jobs(name, result).inc()
        self._lag.labels(name).set(max(lag, 0.0))

    def notices(self, kind: str, state: str, count: int) -> None:
        """Count notices that reached a state."""
        self._notices(kind, state).inc(count)

    def notice_backlog(self, pending: int, sending: int, lag: float) -> None:
        """Show how many notices wait or are on their way, and for how many seconds the oldest due one has waited."""
        self._backlog.labels("pending").set(pending)
        self._backlog.labels("sending").set(sending)
        self._relay_lag.set(lag)

    def late(self, name: str, *, lag: float) -> None:
        """Note how many seconds after its due time a job of the day was done, or failed."""
        self._late.labels(name).set(max(lag, 0.0))

    def exposed(self) -> bytes:
        """Return all figures as Prometheus reads them: of every process that shares the folder, or of this one."""
        folder = os.environ.get(SHARED_FOLDER)
        if folder is None:
            return generate_latest(self._registry)
        together = CollectorRegistry()
        MultiProcessCollector(together, path=folder)  # type: ignore[no-untyped-call]  # untyped there
        return generate_latest(together)

    def _counter(self, name: str, meaning: str) -> Counter:
        return Counter(name, meaning, registry=self._registry)

    def _gauge(self, name: str, meaning: str, *labels: str) -> Gauge:
        return Gauge(name, meaning, labels, registry=self._registry, multiprocess_mode="livemax")

    def _labelled(self, name: str, meaning: str, *labels: str) -> Callable[..., Counter]:
        return lru_cache(maxsize=1024)(Counter(name, meaning, labels, registry=self._registry).labels)


def forget_process(pid: int) -> None:
    """Drop the gauges of a process that ended; its counts stay."""
    mark_process_dead(pid, path=os.environ[SHARED_FOLDER])  # type: ignore[no-untyped-call]  # untyped there
