"""Logging for the web process: text for a terminal, JSON for a collector; personal data stays out.

Nothing logs a message's text, a token or an address on purpose. The mask is the belt: a fault
of a library may carry a phone or card number in its words.
"""

from __future__ import annotations

import logging
import sys
from typing import Any, Literal

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from care.rules.masking import mask_cards, mask_phones


def configure_logs(kind: Literal["text", "json"], *, level: int = logging.INFO) -> None:
    """Sends the standard library's and structlog's records through one formatter to standard error."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    renderer: Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if kind == "json"
        else structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
    )
    handler = logging.StreamHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                mask_numbers,
                renderer,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    # The first tells clients' addresses and paths with ids, the others what is stored.
    for talkative in ("aiohttp.access", "aiosqlite", "sqlalchemy.engine"):
        logging.getLogger(talkative).setLevel(logging.WARNING)


def mask_numbers(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    return {key: _masked(value) for key, value in event.items()}


def _masked(value: Any) -> Any:
    return mask_phones(mask_cards(value)) if isinstance(value, str) else value
