"""One customer's data as a zip of JSON and a page that people can read; made when it is fetched, kept nowhere."""

from __future__ import annotations

import asyncio
import html
import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from care.records.complaint import Complaint
from care.records.conversation import Message
from care.records.customer import AccessLog, Consent, Customer, CustomerField
from care.records.evidence import Evidence
from care.records.hours import Callback
from care.records.interaction import CareInteraction, Feedback, Promise
from care.records.rights import RightsRequest
from care.rules.complaint import ComplaintState
from care.rules.errors import NotFound
from care.rules.labelled import Labelled
from care.rules.profile import ProfileField
from care.rules.times import to_shanghai
from care.services import evidence
from care.services.context import Care
from care.services.evidence import EvidenceView
from care.services.own_rows import own_lines
from care.services.rights import token_hash

_MANY = 10_000
_NOT_FOUND = "下载链接无效、已过期或已使用，请重新申请导出。"


@dataclass(frozen=True)
class ExportFile:
    name: str
    data: bytes


async def redeem(care: Care, token: str) -> ExportFile:
    """The export that `token` opens; it opens nothing a second time.

    Raises:
        NotFound: no such token, used, expired, or the customer was deleted meanwhile; the answer is the same.
        Unavailable: the order system cannot be asked now; the token is still good.
    """
    now = care.clock.now()
    is_good = (RightsRequest.token_hash == token_hash(token), RightsRequest.token_expires_at > now)
    async with care.sessions.read() as session:
        request = await session.scalar(select(RightsRequest).where(*is_good))
        customer = None if request is None else await session.get(Customer, request.customer_id)
        if request is None or customer is None or customer.erased_at is not None:
            raise NotFound(_NOT_FOUND)
        number, ref = request.number, customer.public_id
        content = await _records(session, customer)
        pictures = await _pictures(session, customer.id)
    files = await evidence.read_all(care, pictures, is_preview=False)
    packed = {
        _packed_name(place, one): files[one.public_id]
        for place, one in enumerate(pictures, 1)
        if one.public_id in files
    }
    content = {
        "说明": {
            "请求编号": number,
            "导出时间": now,
            "商家": care.settings.shop_name,
            "提示": "对话中标为“智能客服”的内容由计算机程序生成。",
        },
        **content,
        "订单": [_plain(one) for one in await care.orders.recent_orders(ref, limit=_MANY)],
        "退换货": [_plain(one) for one in await care.orders.returns(ref, limit=_MANY)],
        "上门服务": [_plain(one) for one in await care.orders.visits(ref, limit=_MANY)],
        "发票": [_plain(one) for one in await care.orders.invoices(ref, limit=_MANY)],
    }
    content["图片"] = [
        {
            "名称": one.name,
            "文件": _packed_name(place, one),
            "时间": one.at,
            "大小": one.bytes,
            "校验": one.sha256,
        }
        for place, one in enumerate(pictures, 1)
    ]
    data = await asyncio.to_thread(_zip, content, packed)
    async with care.sessions.write() as session:
        # Of two who fetch at once one gets it.
        taken = await session.execute(
            update(RightsRequest)
            .where(*is_good)
            .values(token_hash=None, token_expires_at=None, result={"downloaded_at": now.isoformat()})
            .returning(RightsRequest.customer_id)
        )
        row = taken.first()
        if row is None:
            raise NotFound(_NOT_FOUND)
        session.add(
            AccessLog(
                who="customer",
                role="customer",
                customer_id=row[0],
                fields=["*"],
                purpose=f"本人导出 {number}",
                at=now,
            )
        )
    return ExportFile(f"my-data-{number}.zip", data)


async def _pictures(session: AsyncSession, customer_id: int) -> list[EvidenceView]:
    return await evidence.where(
        session,
        Evidence.message_id.in_(select(Message.id).where(own_lines([customer_id])))
        | Evidence.complaint_id.in_(select(Complaint.id).where(Complaint.customer_id == customer_id)),
    )


def _packed_name(number: int, picture: EvidenceView) -> str:
    return f"图片/{number:03d}-{picture.name}"


async def _records(session: AsyncSession, customer: Customer) -> dict[str, Any]:
    async def rows(statement: Any) -> list[Any]:
        return list(await session.scalars(statement))

    lines = await rows(
        select(Message)
        .where(own_lines([customer.id]), Message.seq.is_not(None))
        .order_by(Message.conversation_id, Message.seq)
        .limit(_MANY)
    )
    contacts = await rows(
        select(CareInteraction)
        .where(CareInteraction.customer_id == customer.id)
        .order_by(CareInteraction.started_at)
    )
    cases = await rows(
        select(Complaint)
        .where(Complaint.customer_id == customer.id, Complaint.state != ComplaintState.DRAFT)
        .order_by(Complaint.opened_at)
    )
    fields = await rows(select(CustomerField).where(CustomerField.customer_id == customer.id))
    return {
        "会员": {
            "姓名": customer.name,
            "手机号": customer.phone,
            "类型": customer.type,
            "分级": customer.tier,
            "分级理由": customer.tier_reason,
            "阶段": customer.lifecycle_stage,
            "分群": customer.segment,
            "偏好渠道": customer.preferred_channel,
            "免打扰": customer.quiet_hours,
            "建立时间": customer.created_at,
        },
        "资料": [
            {
                "项目": ProfileField(one.name).label if one.name in ProfileField.labels() else one.name,
                "内容": one.value,
                "来源": one.source,
                "核实时间": one.verified_at,
                "用途": one.purpose,
                "依据": one.legal_basis,
                "曾用": [old.get("value") for old in one.old_values],
            }
            for one in fields
        ],
        "同意": [
            {
                "用途": one.purpose,
                "说明版本": one.notice_version,
                "同意时间": one.given_at,
                "撤回时间": one.withdrawn_at,
            }
            for one in await rows(
                select(Consent).where(Consent.customer_id == customer.id).order_by(Consent.given_at)
            )
        ],
        "对话": [
            {
                "会话": one.conversation_id,
                "时间": one.at,
                "谁": one.speaker,
                "内容": one.text,
                "卡片": one.card,
            }
            for one in lines
        ],
        "联系记录": [
            {
                "开始": one.started_at,
                "结束": one.ended_at,
                "渠道": one.channel,
                "事由": one.kind,
                "情绪": one.emotion,
                "结果": one.outcome,
                "读取": one.data_read,
                "写入": one.data_written,
            }
            for one in contacts
        ],
        "投诉": [
            {
                "编号": one.case_number,
                "状态": one.state,
                "类别": one.category,
                "原话": one.own_words,
                "订单": one.order_number,
                "要求": one.remedy_said,
                "期望": one.expectation_said,
                "受理时间": one.received_at,
                "方案": one.proposal,
                "处理方式": one.remedy,
                "结束时间": one.closed_at,
            }
            for one in cases
        ],
        "承诺": [
            {"内容": one.what, "期限": one.due_at, "兑现": one.kept_at, "未兑现": one.broken_at}
            for one in await rows(
                select(Promise).where(Promise.customer_id == customer.id).order_by(Promise.due_at)
            )
        ],
        "回电": [
            {
                "号码": one.phone,
                "留言": one.note,
                "期限": one.due_at,
                "状态": one.state,
                "打过几次": one.tries,
                "结果": one.result,
                "登记时间": one.made_at,
            }
            for one in await rows(
                select(Callback).where(Callback.customer_id == customer.id).order_by(Callback.made_at)
            )
        ],
        "评价": [
            {
                "满意度": one.csat,
                "费力度": one.ces,
                "推荐": one.nps,
                "期望": one.expectation_e,
                "实际感受": one.perception_p,
                "分项": one.dimensions,
                "状态": one.state,
                "原因": one.reason_text,
                "时间": one.answered_at,
            }
            for one in await rows(
                select(Feedback)
                .where(
                    Feedback.interaction_id.in_([one.id for one in contacts])
                    | Feedback.complaint_id.in_([one.id for one in cases])
                )
                .order_by(Feedback.id)
            )
        ],
        "个人信息请求": [
            {"编号": one.number, "事项": one.kind, "状态": one.state, "提出时间": one.requested_at}
            for one in await rows(
                select(RightsRequest)
                .where(RightsRequest.customer_id == customer.id)
                .order_by(RightsRequest.requested_at)
            )
        ],
        # Colleagues have privacy too: the role says enough.
        "谁看过": [
            {"时间": one.at, "角色": one.role, "项目": one.fields, "用途": one.purpose}
            for one in await rows(
                select(AccessLog)
                .where(AccessLog.customer_id == customer.id)
                .order_by(AccessLog.at)
                .limit(_MANY)
            )
        ],
    }


def _plain(value: Any) -> Any:
    """JSON as people read it: labels for codes, Shanghai's clock for times, amounts as written."""
    if isinstance(value, Labelled):
        return value.label
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return to_shanghai(value).isoformat(timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if is_dataclass(value) and not isinstance(value, type):
        found = {name: getattr(value, name) for name in asdict(value) if name != "customer_ref"}
        return _plain(found)
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(one) for one in value]
    return value


def _zip(content: Mapping[str, Any], files: Mapping[str, bytes]) -> bytes:
    plain = _plain(content)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("我的信息.json", json.dumps(plain, ensure_ascii=False, indent=2))
        archive.writestr("我的信息.html", _page(plain))
        for name, data in files.items():
            archive.writestr(name, data, zipfile.ZIP_STORED)
    return packed.getvalue()


_STYLE = (
    "body{font:16px/1.7 system-ui,'PingFang SC','Microsoft YaHei',sans-serif;max-width:60rem;margin:2rem auto;"
    "padding:0 1rem}table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;"
    "padding:.3rem .6rem .3rem 0;border-bottom:1px solid #d9e0e6;overflow-wrap:anywhere}"
)


def _page(content: Mapping[str, Any]) -> str:
    parts = [f"<h2>{html.escape(title)}</h2>{_table(value)}" for title, value in content.items()]
    return (
        '<!doctype html><html lang="zh-CN"><head><meta charset="utf-8">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>我的信息</title><style>{_STYLE}</style></head><body><h1>我的信息</h1>{''.join(parts)}</body></html>"
    )


def _table(value: Any) -> str:
    if isinstance(value, Mapping):
        rows = "".join(
            f"<tr><th>{html.escape(str(key))}</th><td>{_cell(one)}</td></tr>" for key, one in value.items()
        )
        return f"<table>{rows}</table>"
    if not value:
        return "<p>没有记录。</p>"
    head = "".join(f"<th>{html.escape(str(key))}</th>" for key in value[0])
    rows = "".join(
        "<tr>" + "".join(f"<td>{_cell(cell)}</td>" for cell in one.values()) + "</tr>" for one in value
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def _cell(value: Any) -> str:
    if value is None:
        return "—"
    if isinstance(value, (Mapping, list)):
        return html.escape(json.dumps(value, ensure_ascii=False)) if value else "—"
    return html.escape(str(value))
