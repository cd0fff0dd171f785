"""What a period's answers say: every figure of care.md §2 over the rows of `satisfaction_rows`.

`compute` is pure: the same rows in any order give the same figures, at any later time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from random import Random

from care.rules.figures import (
    TOO_FEW,
    ControlPoint,
    Measured,
    Prior,
    Unit,
    fitted_prior,
    mean_chart,
    mean_of,
    nps_of,
    share_chart,
    share_of,
    week_of,
)
from care.rules.labelled import Labelled
from care.rules.period import Period
from care.rules.satisfaction import (
    SHOW_CELL_FROM,
    SHOW_PERSON_FROM,
    CareIndex,
    Cell,
    GapVerdict,
    Interval,
    Property,
    care_index,
    experience_cell,
    gap,
    gap_verdict,
    honest_bounds,
    may_show_person,
    mix_weighted,
    posterior_mean,
)
from care.rules.vocabulary import CarePart
from care.services import satisfaction_rows
from care.services.context import Care
from care.services.satisfaction_rows import AnswerRow, PromiseRow

SATISFIED, HIGHLY, EASY = 4, 5, 5


class By(Labelled):
    """What a breakdown goes by."""

    TOPIC = "topic", "话题"
    PRODUCT = "product", "商品"
    CHANNEL = "channel", "渠道"
    AGENT = "agent", "坐席"
    CARE_PART = "care_part", "关怀部分"


class Score(Labelled):
    CSAT = "csat", "满意度"
    CSAT_WEIGHTED = "csat_weighted", "满意度（按来访渠道加权）"
    TOP_BOX = "top_box", "高度满意"
    CES = "ces", "费力程度(7＝很容易)"
    EASY = "easy", "容易的比例"
    NPS = "nps", "净推荐值"
    RESPONSE = "response_rate", "回收率"


@dataclass(frozen=True)
class GapFigures:
    """Expectation, perception and their mean difference, over the answers that gave both."""

    key: str
    expectation: Measured
    perception: Measured
    gap: Measured
    verdict: GapVerdict | None


@dataclass(frozen=True)
class MatrixFigures:
    """`counts` beside each cell; a cell is None where nothing measures it."""

    cells: Mapping[tuple[CarePart, Property], Cell | None]
    index: CareIndex


@dataclass(frozen=True)
class Row:
    """One line of a breakdown. `key` is "" for what has none; `shrunk` only of a person with enough answers."""

    key: str
    is_shown: bool
    invited: int
    answered: int
    csat: Measured
    shrunk: float | None
    gap: Measured


@dataclass(frozen=True)
class TrendFigures:
    key: str
    unit: Unit
    centre: float | None
    points: tuple[ControlPoint, ...]


@dataclass(frozen=True)
class Figures:
    period: Period
    scores: Mapping[Score, Measured]
    invited: int
    answered: int
    satisfied: int
    bounds: Interval | None
    gaps: tuple[GapFigures, ...]
    matrix: MatrixFigures
    trends: tuple[TrendFigures, ...]
    by: By
    breakdown: tuple[Row, ...]
    prior: Prior


async def figures(care: Care, period: Period, by: By = By.CARE_PART) -> Figures:
    """The figures of the period as its rows stand now."""
    rows, promises, mix = await read(care, period)
    return compute(period, rows, promises, mix, by)


async def recomputed(care: Care, period: Period) -> tuple[Figures, bool]:
    """The figures, and whether the same rows in another order, broken down each way, give the same ones."""
    rows, promises, mix = await read(care, period)
    random, agrees = Random(len(rows)), True  # noqa: S311  no secret: only another order
    for by in By:
        shuffled = random.sample(rows, len(rows)), random.sample(promises, len(promises))
        agrees = agrees and compute(period, rows, promises, mix, by) == compute(period, *shuffled, mix, by)
    return compute(period, rows, promises, mix), agrees


async def read(care: Care, period: Period) -> tuple[list[AnswerRow], list[PromiseRow], dict[str, int]]:
    async with care.sessions.read() as session:
        return (
            await satisfaction_rows.answers(session, period),
            await satisfaction_rows.promises(session, period, care.clock.now()),
            await satisfaction_rows.contacts_by_channel(session, period),
        )


def compute(
    period: Period,
    rows: Sequence[AnswerRow],
    promises: Sequence[PromiseRow],
    mix: Mapping[str, int],
    by: By = By.CARE_PART,
) -> Figures:
    """Every figure over these rows.

    Args:
        mix: channel → contacts of the period, to which the weighted share is drawn.
    """
    answered = [row for row in rows if row.answered]
    rated = _given(row.csat for row in answered)
    satisfied = sum(one >= SATISFIED for one in rated)
    prior = fitted_prior(_of_people(answered))
    return Figures(
        period=period,
        scores=_scores(rows, answered, mix),
        invited=len(rows),
        answered=len(rated),
        satisfied=satisfied,
        bounds=honest_bounds(len(rows), len(rated), satisfied) if rows else None,
        gaps=(_gap("all", answered), *(_gap(part.value, _of_part(answered, part)) for part in CarePart)),
        matrix=_matrix(answered, promises),
        trends=_trends(period, answered),
        by=by,
        breakdown=_breakdown(rows, by, prior),
        prior=prior,
    )


def _scores(
    rows: Sequence[AnswerRow], answered: Sequence[AnswerRow], mix: Mapping[str, int]
) -> dict[Score, Measured]:
    rated = _given(row.csat for row in answered)
    effort = _given(row.ces for row in answered)
    return {
        Score.CSAT: share_of(sum(one >= SATISFIED for one in rated), len(rated)),
        Score.CSAT_WEIGHTED: _weighted(answered, mix),
        Score.TOP_BOX: share_of(sum(one >= HIGHLY for one in rated), len(rated)),
        Score.CES: mean_of(map(float, effort)),
        Score.EASY: share_of(sum(one >= EASY for one in effort), len(effort)),
        Score.NPS: nps_of(_given(row.nps for row in answered)),
        Score.RESPONSE: share_of(len(answered), len(rows)),
    }


def _weighted(answered: Sequence[AnswerRow], mix: Mapping[str, int]) -> Measured:
    """Channels answer with different zeal: each counts as much as its contacts do."""
    by_channel: dict[str, list[int]] = defaultdict(list)
    for row in answered:
        if row.csat is not None and row.channel is not None:
            by_channel[row.channel.value].append(row.csat)
    rates = {
        channel: sum(one >= SATISFIED for one in scores) / len(scores)
        for channel, scores in sorted(by_channel.items())
    }
    n = sum(map(len, by_channel.values()))
    if not any(mix.get(channel) for channel in rates):
        return Measured(None, n, Unit.SHARE, note=TOO_FEW)
    thin = sorted(channel for channel, scores in by_channel.items() if len(scores) < SHOW_CELL_FROM)
    silent = sum(number for channel, number in mix.items() if channel not in rates)
    notes = [f"{len(thin)} 个渠道的回答不足 {SHOW_CELL_FROM} 份"] if thin else []
    if silent:
        notes.append(f"没有回答的渠道有 {silent} 次来访，未计入")
    return Measured(
        mix_weighted(rates, dict(sorted(mix.items()))), n, Unit.SHARE, note="；".join(notes) or None
    )


def _gap(key: str, answered: Iterable[AnswerRow]) -> GapFigures:
    both = [
        (row.expectation, row.perception)
        for row in answered
        if row.expectation is not None and row.perception is not None
    ]
    difference = mean_of([float(gap(e, p)) for e, p in both])
    return GapFigures(
        key,
        mean_of([float(e) for e, _ in both]),
        mean_of([float(p) for _, p in both]),
        difference,
        gap_verdict(difference.interval) if difference.interval is not None else None,
    )


def _matrix(answered: Sequence[AnswerRow], promises: Sequence[PromiseRow]) -> MatrixFigures:
    """S from promises kept, E from perceptions; nothing audits yet, so C is empty."""
    cells: dict[tuple[CarePart, Property], Cell | None] = {}
    for part in CarePart:
        decided = [one.kept for one in promises if one.care_part is part and one.kept is not None]
        felt = _given(row.perception for row in _of_part(answered, part))
        cells[part, Property.SEARCH] = (
            Cell(100 * sum(decided) / len(decided), len(decided)) if decided else None
        )
        cells[part, Property.EXPERIENCE] = (
            Cell(experience_cell(sum(felt) / len(felt)), len(felt)) if felt else None
        )
        cells[part, Property.CREDENCE] = None
    matrix = {part: {prop: cells[part, prop] for prop in Property} for part in CarePart}
    return MatrixFigures(cells, care_index(matrix))


def _trends(period: Period, answered: Sequence[AnswerRow]) -> tuple[TrendFigures, ...]:
    shares: dict[date, tuple[int, int]] = {week_of(day): (0, 0) for day in period.days}
    gaps: dict[date, list[float]] = {week: [] for week in shares}
    for row in answered:
        week = week_of(row.day)
        if row.csat is not None:
            x, n = shares[week]
            shares[week] = (x + (row.csat >= SATISFIED), n + 1)
        if row.expectation is not None and row.perception is not None:
            gaps[week].append(float(gap(row.expectation, row.perception)))
    return (
        TrendFigures(Score.CSAT.value, Unit.SHARE, *share_chart(shares)),
        TrendFigures("gap", Unit.SCORE, *mean_chart(gaps)),
    )


def _breakdown(rows: Sequence[AnswerRow], by: By, prior: Prior) -> tuple[Row, ...]:
    grouped: dict[str, list[AnswerRow]] = defaultdict(list)
    for row in rows:
        grouped[KEY[by](row)].append(row)
    lines = [_line(key, of, prior, is_person=by is By.AGENT and key != "") for key, of in grouped.items()]
    if by is By.AGENT:
        return tuple(sorted(lines, key=lambda one: (one.shrunk is None, -(one.shrunk or 0), one.key)))
    return tuple(sorted(lines, key=lambda one: (-one.answered, -one.invited, one.key)))


def _line(key: str, rows: Sequence[AnswerRow], prior: Prior, *, is_person: bool) -> Row:
    answered = [row for row in rows if row.answered]
    rated = _given(row.csat for row in answered)
    satisfied = sum(one >= SATISFIED for one in rated)
    gaps = _gap(key, answered).gap
    if is_person and not may_show_person(len(rated)):
        why = f"{TOO_FEW}（不足 {SHOW_PERSON_FROM} 份）"
        hidden = Measured(None, len(rated), Unit.SHARE, note=why)
        return Row(
            key, False, len(rows), len(answered), hidden, None, Measured(None, gaps.n, Unit.SCORE, note=why)
        )
    return Row(
        key,
        True,
        len(rows),
        len(answered),
        share_of(satisfied, len(rated)),
        posterior_mean(satisfied, len(rated), a=prior.a, b=prior.b) if is_person else None,
        gaps,
    )


def _of_people(answered: Iterable[AnswerRow]) -> list[tuple[int, int]]:
    counts: dict[int, list[int]] = defaultdict(list)
    for row in answered:
        if row.agent_id is not None and row.csat is not None:
            counts[row.agent_id].append(row.csat)
    return [(sum(one >= SATISFIED for one in scores), len(scores)) for scores in counts.values()]


def _of_part(rows: Iterable[AnswerRow], part: CarePart) -> list[AnswerRow]:
    return [row for row in rows if row.care_part is part]


def _given(values: Iterable[int | None]) -> list[int]:
    return [one for one in values if one is not None]


#: What a row counts under; "" is nothing.
KEY: Mapping[By, Callable[[AnswerRow], str]] = {
    By.TOPIC: lambda row: row.topic or "",
    By.PRODUCT: lambda row: "" if row.product_id is None else str(row.product_id),
    By.CHANNEL: lambda row: "" if row.channel is None else row.channel.value,
    By.AGENT: lambda row: "" if row.agent_id is None else str(row.agent_id),
    By.CARE_PART: lambda row: "" if row.care_part is None else row.care_part.value,
}
