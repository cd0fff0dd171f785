"""What a period's satisfaction figures look like on the wire."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from bot.web import console_schemas as schemas
from bot.web.console_numbers import link, number
from care.rules.field_access import seen
from care.rules.figures import TOO_FEW
from care.rules.satisfaction import SHOW_CELL_FROM, Property, advice_for
from care.rules.times import shanghai_day
from care.rules.vocabulary import CarePart, Channel, Role, Topic
from care.services.answer_list import AnswerItem
from care.services.satisfaction_figures import By, Figures, GapFigures, Row, Score, TrendFigures

_DEFINITIONS: Mapping[Score, str] = {
    Score.CSAT: "1–5 分中 4、5 分的比例",
    Score.CSAT_WEIGHTED: "各渠道的满意度按该渠道的来访量加权",
    Score.TOP_BOX: "1–5 分中 5 分的比例",
    Score.CES: "1–7 分的平均，7 为很容易",
    Score.EASY: "费力程度 5–7 分的比例",
    Score.NPS: "9–10 分的百分比减去 0–6 分的百分比",
    Score.RESPONSE: "有回答的邀请 ÷ 全部邀请",
}
_SOURCE = {
    Property.SEARCH: "日志：到期的承诺中按时兑现的比例",
    Property.EXPERIENCE: "评价：(感知均值 − 1) ÷ 6 × 100",
    Property.CREDENCE: "审核：质检评分",
}
_UNDECIDED = "样本不足，不作判断"
_TREND_LABELS = {Score.CSAT.value: Score.CSAT.label, "gap": "感知 − 期望"}


def satisfaction(found: Figures, names: Mapping[str, str], now: datetime) -> schemas.Satisfaction:
    """`names`: key of a breakdown's row → what people call it."""
    period = found.period
    all_rows = link("answers", period)
    return schemas.Satisfaction(
        since=period.since,
        until=period.until,
        as_of=now,
        numbers=[
            number(
                score.value,
                score.label,
                measured,
                definition=_DEFINITIONS[score],
                link=link("answers", period, state="invited") if score is Score.RESPONSE else all_rows,
            )
            for score, measured in found.scores.items()
        ],
        bounds=schemas.Bounds(
            found.invited,
            found.answered,
            found.satisfied,
            None if found.bounds is None else found.bounds.low,
            None if found.bounds is None else found.bounds.high,
        ),
        gaps=[_gap(one) for one in found.gaps],
        matrix=_matrix(found),
        trends=[_trend(one, found, now) for one in found.trends],
        by=found.by.value,
        breakdown=[_row(row, found, names) for row in found.breakdown],
        prior_a=found.prior.a,
        prior_b=found.prior.b,
        prior_is_fitted=found.prior.is_fitted,
    )


def answer_line(item: AnswerItem, role: Role) -> schemas.AnswerLine:
    """Names and words as the role may see them."""
    row = item.feedback
    both = row.expectation_e is not None and row.perception_p is not None
    return schemas.AnswerLine(
        id=row.id,
        invited_at=row.invited_at,
        answered_at=row.answered_at,
        channel_label=None if item.channel is None else item.channel.label,
        topic_label=_topic(item.topic),
        care_part_label=None if item.care_part is None else item.care_part.label,
        product=item.product,
        agent=item.agent,
        customer=None if item.customer is None else item.customer.public_id,
        customer_name=None if item.customer is None else seen("customer.name", role, item.customer.name),
        conversation=item.conversation,
        case_number=item.case_number,
        expectation=row.expectation_e,
        perception=row.perception_p,
        gap=row.perception_p - row.expectation_e if both else None,  # type: ignore[operator]
        csat=row.csat,
        ces=row.ces,
        nps=row.nps,
        reason=seen("feedback.reason_text", role, row.reason_text),
        sample_rule=row.sample_rule,
    )


def _gap(found: GapFigures) -> schemas.GapShown:
    label = "全部" if found.key == "all" else CarePart(found.key).label
    verdict = found.verdict
    return schemas.GapShown(
        key=found.key,
        label=label,
        expectation=number("expectation", "期望 E", found.expectation, definition="1–7 分的平均"),
        perception=number("perception", "感知 P", found.perception, definition="1–7 分的平均"),
        gap=number("gap", "差距 P − E", found.gap, definition="同一位客户感知与期望之差的平均"),
        verdict=verdict,
        verdict_label=_UNDECIDED if verdict is None else verdict.label,
    )


def _matrix(found: Figures) -> schemas.Matrix:
    index = found.matrix.index
    worst = index.worst
    return schemas.Matrix(
        index=index.index,
        filled=index.filled,
        cells=index.cells,
        rows=[
            schemas.MatrixRow(
                part, part.label, index.parts[part], 1.0, [_cell(found, part, prop) for prop in Property]
            )
            for part in CarePart
        ],
        worst_part=None if worst is None else worst[0],
        worst_property=None if worst is None else worst[1],
        worst_label=None if worst is None else f"{worst[0].label} · {worst[1].label}",
        advice=None if worst is None else advice_for(worst[1]),
    )


def _cell(found: Figures, part: CarePart, prop: Property) -> schemas.MatrixCell:
    cell = found.matrix.cells[part, prop]
    is_shown = cell is not None and cell.is_shown
    note = None if is_shown else f"{TOO_FEW}（不足 {SHOW_CELL_FROM}）"
    if prop is Property.CREDENCE and cell is None:
        note = f"{TOO_FEW}：还没有质检评分"
    where = None
    if prop is Property.SEARCH:
        where = link("promises", found.period)
    elif prop is Property.EXPERIENCE:
        where = link("answers", found.period, care_part=part.value)
    return schemas.MatrixCell(
        part=part,
        property=prop,
        property_label=prop.label,
        value=cell.value if cell is not None and is_shown else None,
        n=0 if cell is None else cell.n,
        is_shown=is_shown,
        source=_SOURCE[prop],
        note=note,
        link=where,
    )


def _trend(trend: TrendFigures, found: Figures, now: datetime) -> schemas.Trend:
    period = found.period
    points = []
    for point in trend.points:
        last = point.week + timedelta(days=6)
        first_shown, last_shown = max(point.week, period.since), min(last, period.until)
        points.append(
            schemas.TrendPoint(
                week=point.week,
                until=last,
                value=point.value,
                n=point.n,
                low_limit=point.low,
                high_limit=point.high,
                is_partial=(first_shown, last_shown) != (point.week, last) or last >= shanghai_day(now),
                is_outside=point.is_outside,
                link=schemas.Link("answers", {"from": first_shown.isoformat(), "to": last_shown.isoformat()}),
            )
        )
    return schemas.Trend(
        trend.key,
        _TREND_LABELS[trend.key],
        trend.unit.value,
        trend.unit.label,
        trend.centre,
        points,
    )


def _row(row: Row, found: Figures, names: Mapping[str, str]) -> schemas.BreakdownRow:
    return schemas.BreakdownRow(
        key=row.key or "none",
        label=_label(found.by, row.key, names),
        is_shown=row.is_shown,
        invited=row.invited,
        answered=row.answered,
        csat=number(Score.CSAT.value, Score.CSAT.label, row.csat),
        shrunk=row.shrunk,
        gap=number("gap", "差距 P − E", row.gap),
        link=link("answers", found.period, **_filter(found.by, row.key)),
    )


def _filter(by: By, key: str) -> dict[str, str | None]:
    if key == "" and by in (By.CHANNEL, By.CARE_PART):
        return {}
    return {by.value: key or "none"}


def _label(by: By, key: str, names: Mapping[str, str]) -> str:
    if key == "":
        return {By.AGENT: "只有智能客服", By.PRODUCT: "没有指明商品"}.get(by, "没有归类")
    if by is By.CHANNEL:
        return Channel(key).label
    if by is By.CARE_PART:
        return CarePart(key).label
    return _topic(key) or key if by is By.TOPIC else names.get(key, key)


def _topic(key: str | None) -> str | None:
    return None if key is None else Topic.labels().get(key, key)
