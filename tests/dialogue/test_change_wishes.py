"""Whether a message wants something done, and what: table tests beside the words of customers."""

from __future__ import annotations

import pytest

from actions.change.catalogue import CHANGES
from actions.change.opening import PROGRESS
from actions.change.wishes import wished, wishes_beside
from care.rules.vocabulary import Topic

T = Topic


@pytest.mark.parametrize(
    ("topic", "text", "kind"),
    [
        (T.CANCEL_ORDER, "我想取消昨天下的单", "cancel"),
        (T.CANCEL_ORDER, "师傅不用来了,维修取消", "cancel_visit"),
        (T.CANCEL_ORDER, "把退货申请撤销了", "cancel_return"),
        (T.CANCEL_ORDER, "不想要了,还没拆封", "return"),
        (T.REQUEST_RETURN, "我要退货", "return"),
        (T.REQUEST_RETURN, "撤销退货申请", "cancel_return"),
        (T.REQUEST_RETURN, "不退了", "cancel_return"),
        (T.REQUEST_RETURN, "不给我退货吗我要退", "return"),
        (T.REQUEST_REPAIR, "洗衣机不转了,叫人来修", "repair"),
        (T.REQUEST_REPAIR, "洗衣机声音特别大,找个师傅来看看", "repair"),
        (T.REQUEST_REPAIR, "维修时间改到后天下午", "move_visit"),
        (T.CHANGE_ORDER, "安装改期到周日", "move_visit"),
        (T.CHANGE_ORDER, "手机那单地址写错了", "delivery"),
        (T.CHANGE_ORDER, "改到下周三上午送货", "delivery"),
        (T.CHANGE_ORDER, "改一下型号,换成黑色的", "by_person"),
        (T.CHANGE_ORDER, "会员资料里的手机号改一下", "profile"),
        (T.UPDATE_PROFILE, "我换手机号了", "profile"),
        (T.UPDATE_PROFILE, "开票资料的税号改一下", "invoice_fix"),
        (T.INVOICE, "帮我开发票", "invoice"),
        (T.INVOICE, "洗衣机那单开一张公司发票", "invoice"),
        (T.INVOICE, "发票抬头开错了,改成杭州云启科技有限公司", "invoice_fix"),
        (T.INVOICE, "我的发票开好了吗", PROGRESS),
        (T.INVOICE, "发票抬头开错了能改吗", None),
        (T.INVOICE, "怎么开专票", None),
        (T.INVOICE, "能开专票吗", None),
        (T.INSTALLATION, "预约安装空调", "installation"),
        (T.INSTALLATION, "打孔收费吗", None),
        (T.INSTALLATION, "上门安装要钱吗,怎么收费", None),
        (T.MEMBERSHIP, "我有多少积分", "points"),
        (T.MEMBERSHIP, "积分怎么用", None),
        (T.MEMBERSHIP, "积分什么时候过期", None),
        (T.PRIVACY, "你们存了我哪些信息", "kept"),
        (T.PRIVACY, "导出我的个人信息", "export"),
        (T.PRIVACY, "把我的号注销", "deletion"),
        (T.PRIVACY, "怎么注销账号", None),
        (T.PRIVACY, "别再给我发营销短信了", "consent_no"),
        (T.PRIVACY, "撤回我的同意", "consent_no"),
        (T.PRIVACY, "我同意接收优惠信息", "consent_yes"),
        (T.RETURN_POLICY, "我昨天买的空气炸锅不想要了可以退吗", "return"),
        (T.RETURN_POLICY, "拆封了还能退吗", None),
        (T.RETURN_POLICY, "七天无理由怎么算", None),
        (T.STORE, "你们几点下班", None),
    ],
)
def test_what_is_wished(topic: Topic, text: str, kind: str | None) -> None:
    assert wished(text, topic) == kind
    assert kind in (None, PROGRESS) or kind in CHANGES


def test_of_several_topics_those_with_something_to_do_wait() -> None:
    text = "空气炸锅那单取消,另外帮我开发票"
    assert wishes_beside(text, [T.INVOICE, T.STORE, T.URGE_ORDER]) == [T.INVOICE]
