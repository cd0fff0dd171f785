"""From measured figures to what the console is told: labels, units, definitions, and where the rows are."""

from __future__ import annotations

from collections.abc import Iterable

from bot.web.console_schemas import Link, Number
from care.rules.figures import Measured
from care.rules.period import Period


def number(
    key: str,
    label: str,
    measured: Measured,
    *,
    definition: str | None = None,
    link: Link | None = None,
) -> Number:
    interval = measured.interval
    return Number(
        key=key,
        label=label,
        value=measured.value,
        unit=measured.unit.value,
        unit_label=measured.unit.label,
        n=measured.n,
        low=None if interval is None else interval.low,
        high=None if interval is None else interval.high,
        method=measured.method,
        note=measured.note,
        definition=definition,
        link=link,
    )


def link(page: str, period: Period | None = None, /, **query: str | None) -> Link:
    """A list with its filter; an empty filter is left out. Lists of complaints name their days otherwise."""
    asked = {name: value for name, value in query.items() if value}
    if period is not None:
        names = ("since", "until") if page == "complaints" else ("from", "to")
        asked |= dict(zip(names, (period.since.isoformat(), period.until.isoformat()), strict=True))
    return Link(page, asked)


def joined(parts: Iterable[str | None]) -> str | None:
    return "；".join(part for part in parts if part) or None
