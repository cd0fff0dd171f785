"""What happens without anybody asking: deliveries, silent drafts, promises, ended contacts, turns left behind.

Every web process runs this; a lease in the records decides which of them does a job at a time.
"""

from __future__ import annotations

import asyncio
import os
import socket
import uuid
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass

import structlog
from async_timeout import timeout

from bot.web.metrics import Metrics
from bot.web.ports import OutboxHandlers
from bot.web.recovery import Recovery
from bot.web.tasks import end
from care.rules.errors import CareError
from care.services import (
    assignment,
    complaints,
    customer_value,
    erasure,
    escalations,
    interactions,
    leases,
    legal_watch,
    order_promises,
    outbox,
    promise_watch,
    quality,
    reminders,
    retention,
    surges,
    survey_sweep,
    winback_finding,
)
from care.services.context import Care

log = structlog.get_logger(__name__)

#: A lease outlives the pause, so that the same process usually keeps the job.
LEASE_PAUSES = 4
#: A job that hangs must not stop the others, nor be done twice: it ends before its lease does.
MIN_LEASE_S = 30
#: A job under way may come to its end when the service stops, but not for long.
STOP_GRACE_S = 3.0


@dataclass(frozen=True)
class Job:
    name: str
    pause_s: float
    run: Callable[[], Awaitable[object]]

    @property
    def lease_s(self) -> int:
        return max(MIN_LEASE_S, round(self.pause_s * LEASE_PAUSES))


def jobs(care: Care, recovery: Recovery, handlers: OutboxHandlers, metrics: Metrics) -> tuple[Job, ...]:
    async def deliver() -> None:
        metrics.delivered.inc(await outbox.deliver_due(care, handlers))

    return (
        Job("outbox", 1.0, deliver),
        Job("silent_drafts", 60.0, lambda: complaints.receive_silent_drafts(care)),
        Job("promises", 60.0, lambda: promise_watch.mark_broken(care)),
        Job("promises_due", 60.0, lambda: promise_watch.due_soon(care)),
        Job("escalations", 30.0, lambda: escalations.work_off(care)),
        Job("reminders", 60.0, lambda: reminders.remind_due(care)),
        Job("legal_clocks", 600.0, lambda: legal_watch.follow(care)),
        Job(
            "order_promises",
            order_promises.SETTLE_EVERY.total_seconds(),
            lambda: order_promises.settle(care),
        ),
        Job("idle_contacts", 60.0, lambda: interactions.end_idle(care)),
        Job("surveys", 60.0, lambda: survey_sweep.sweep(care)),
        Job("left_turns", 30.0, recovery.take_up),
        Job("assignment", 5.0, lambda: assignment.sweep(care)),
        Job("deletions", 600.0, lambda: erasure.carry_out_due(care)),
        Job("retention", 3600.0, lambda: retention.sweep(care)),
        Job("quality", 30.0, lambda: quality.scan_at_night(care)),
        Job("value", 600.0, lambda: customer_value.recompute_at_night(care)),
        Job("surges", 600.0, lambda: surges.watch(care)),
        Job("winback", 3600.0, lambda: winback_finding.find(care)),
    )


class Clockwork:
    def __init__(self, care: Care, all_jobs: tuple[Job, ...], metrics: Metrics) -> None:
        self._care = care
        self._jobs = all_jobs
        self._metrics = metrics
        self._stopping = asyncio.Event()
        self._holder = f"{socket.gethostname()[:30]}:{os.getpid()}:{uuid.uuid4().hex[:8]}"

    async def run(self) -> None:
        """Until cancelled; then the leases are given back, so that another process need not wait."""
        keepers = [asyncio.create_task(self._keep(job), name=f"job-{job.name}") for job in self._jobs]
        try:
            await asyncio.wait(keepers)
        finally:
            self._stopping.set()
            await asyncio.wait(keepers, timeout=STOP_GRACE_S)
            await end(keepers)
            for job in self._jobs:
                with suppress(CareError):
                    await leases.release(self._care, job.name, self._holder)

    async def _keep(self, job: Job) -> None:
        while not self._stopping.is_set():
            result = await self.run_once(job)
            self._metrics.jobs.labels(job.name, result).inc()
            with suppress(asyncio.TimeoutError):
                async with timeout(job.pause_s):
                    await self._stopping.wait()

    async def run_once(self, job: Job) -> str:
        """``done``, ``elsewhere`` when another process has the lease, or ``failed``; never raises."""
        try:
            if not await leases.hold(self._care, job.name, self._holder, job.lease_s):
                return "elsewhere"
            async with timeout(job.lease_s * 0.9):
                await job.run()
        except asyncio.TimeoutError:
            log.error("clockwork.too_slow", job=job.name, limit_s=job.lease_s)
            return "failed"
        except CareError as trouble:
            log.warning("clockwork.failed", job=job.name, why=trouble.code)
            return "failed"
        except Exception:
            log.exception("clockwork.failed", job=job.name)
            return "failed"
        return "done"
