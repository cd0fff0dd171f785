"""Which change a message wishes for: a topic says what it is about, the words say what is to be done. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from care.rules.vocabulary import Topic

_VISIT = r"(?:上门|维修|安装|师傅|检修|修|装|预约)"
_MOVE = re.compile(
    rf"{_VISIT}.{{0,12}}(?:改(?:到|成|约|期|天|时间|一下|个)|换(?:到|成|个|一天|时间)|推迟|延后|延期|提前|调整|往后|往前)"
    rf"|(?:改|换|推迟|延后|提前|调整).{{0,8}}{_VISIT}.{{0,4}}(?:时间|日期|预约|到)?|改约|改期"
)
_NO_VISIT = re.compile(
    r"(?:取消|撤销|不用|不要|不需要|(?<!特)别(?=让|叫|派|来)).{0,6}(?:上门|维修|安装|师傅|报修|预约)"
    r"|(?:上门|维修|安装|师傅|报修|预约).{0,8}(?:取消|撤销|不用|不要|不需要)"
)
_NO_RETURN = re.compile(
    r"(?:撤销|撤回|取消).{0,6}(?:退货|退款|换货|退换|售后)|(?:退货|退款|换货|退换|售后)(?:申请)?.{0,4}(?:撤销|撤回|取消|不退了|不换了|不办了)"
    r"|^(?:我)?(?:又)?不(?:想|用|要)?(?:退|换)(?:货|款)?了"
)
_BY_PERSON = re.compile(
    r"颜色|数量|型号|规格|款式|尺码|套餐|配置|黑色|白色|多[买要加]|少[买要]|合并|拆单|备注|赠品|优惠券|支付方式|改成?[一二两三四五\d]+[台件个]"
)
#: 我昨天买的炸锅不想要了可以退吗 tells of a purchase, not of rules.
_OWN_RETURN = re.compile(
    r"我.{0,12}(?:买|收到|拿到).{0,16}(?:不想要|不要了|不喜欢|不合适|坏|质量|有问题).{0,10}(?:退|换)|(?:订单|[那这]一?单|[那这]个).{0,12}(?:不想要|不要了).{0,8}[退换]"
)
_HERE = re.compile(r"拆封|没拆|拆开|收到|签收|到货|到手")
_DELIVERY = re.compile(r"地址|收[件货]人|电话|手机|号码|送|收货|改期|时间|日期|周|天|上午|下午|晚上")
_OF_THE_CUSTOMER = re.compile(r"资料|个人|会员|账[号户]|默认|档案|我改名|生日|邮箱")
_ASKS_HOW = re.compile(
    r"怎么|如何|多久|多少|几天|哪里|哪儿|什么时候|为什么|为啥|要不要|需不需要|收费|费用|规则|流程|条件|能不能.{0,2}(?:改|换|重开)|(?:能|可以)(?:改|换|重开|开|补).{0,6}吗|(?:改|换|退|开)得?了吗"
)
_INVOICE_STATE = re.compile(
    r"(?:开|出|办|寄|发)(?:好|出|下)?(?:来)?了[吗没么]|开好|进度|到哪|发票呢|还没(?:开|收)"
)
_INVOICE_FIX = re.compile(r"(?:改|换|重)(?:成|为|开|一下|个)|更正|修改|换开|开错|写错|错了|不对|有误")
_INVOICE_ASK = re.compile(
    r"(?:帮|给|为)我?们?(?:补|也)?开|我们?[要想需].{0,4}(?:开|要|补).{0,10}票|(?:申请|需要|补开|要开|开具).{0,10}票|^(?:麻烦|请)?(?:补?开|要).{0,12}票|票.{0,6}(?:发到|发我|发给|寄)|开(?:一?[张个份]|具)?.{0,12}票(?:吧|了)?$"
)
_INSTALL = re.compile(
    r"预约|约(?:个|一下|在)|(?:安排|叫|派|找).{0,8}(?:师傅|人|安装|上门|装)|(?:给|帮)我.{0,8}装|来(?:安)?装|上门(?:安)?装|要(?:安)?装|申请安装"
)
_POINTS = re.compile(
    r"(?:我|查|看看?|账[号户]).{0,6}(?:积分|等级|级别|会员级)|(?:积分|等级).{0,4}(?:有?多少|有几|查|还有|还剩|剩|余额|是多少)|多少积分|(?:什么|哪个|啥)(?:会员|等级)"
)
_NO_POINTS = re.compile(r"怎么(?:用|攒|获|得|升|算|换)|如何|规则|兑换|能换|有什么用|权益|没到账|少了|清零|抵")
_EXPORT = re.compile(r"导出|复制|下载|拷贝|副本|打包|发我一份|给我一份|要一份")
_DELETE = re.compile(r"注销|删除?|删掉|清除|销户|抹掉|清空")
_PURPOSES = (
    r"(?:营销|广告|短信|推销|促销|推广|优惠|活动|回访|调查|问卷|同意|授权|通知|推送|第三方|共享|对外提供)"
)
_WITHDRAW = re.compile(
    rf"(?:撤回|撤销|取消|关闭|关掉|不同意|退订|不要|不想|别|停止|拒收|拒绝|不再).{{0,12}}{_PURPOSES}|{_PURPOSES}.{{0,8}}(?:撤回|撤销|取消|关闭|关掉|退订|别再?发|不要发)"
)
_GIVE = re.compile(rf"(?:同意|开启|打开|订阅|愿意|可以给我发|授权|恢复|想收).{{0,10}}{_PURPOSES}")
_CONSENTS = re.compile(
    r"同意了.{0,16}(?:什么|哪些)|(?:同意|授权)(?:了|过)?(?:哪些|什么)|(?:哪些|什么)(?:同意|授权)|我的(?:同意|授权)"
)
_KEPT = re.compile(
    r"(?:存|保存|收集|掌握|知道|记录|留|有).{0,6}(?:哪些|什么|多少|啥)|(?:哪些|什么|啥).{0,6}(?:信息|资料|数据)|(?:查看?|查询|看看?|了解).{0,8}(?:个人)?(?:信息|资料|数据)"
)  # fmt: skip

#: Topics under which something may be done; the questions among them stay questions.
CHANGE_TOPICS = (
    Topic.REQUEST_RETURN,
    Topic.REQUEST_REPAIR,
    Topic.CANCEL_ORDER,
    Topic.CHANGE_ORDER,
    Topic.UPDATE_PROFILE,
)


def wished(text: str, topic: Topic) -> str | None:
    """The name of the change, or `None` where the message only asks about such things."""
    match topic:
        case Topic.CANCEL_ORDER | Topic.REQUEST_RETURN | Topic.CHANGE_ORDER | Topic.REQUEST_REPAIR:
            return _of_an_order(text, topic)
        case Topic.UPDATE_PROFILE:
            return "invoice_fix" if re.search(r"发票|抬头|税号", text) else "profile"
        case Topic.INVOICE:
            return _of_an_invoice(text)
        case Topic.INSTALLATION:
            return _of_an_installation(text)
        case Topic.MEMBERSHIP:
            return "points" if _POINTS.search(text) and not _NO_POINTS.search(text) else None
        case Topic.PRIVACY:
            return _of_ones_data(text)
        case Topic.URGE_ORDER:
            return "urge"
        case Topic.RETURN_POLICY:
            return "return" if _OWN_RETURN.search(text) else None
    return None


def _of_an_order(text: str, topic: Topic) -> str:
    if _NO_RETURN.search(text):
        return "cancel_return"
    if topic is not Topic.REQUEST_RETURN and _NO_VISIT.search(text):
        return "cancel_visit"
    if topic in (Topic.CHANGE_ORDER, Topic.REQUEST_REPAIR) and _MOVE.search(text):
        return "move_visit"
    if topic is Topic.CHANGE_ORDER:
        return _of_a_delivery(text)
    if topic is Topic.CANCEL_ORDER:
        return "return" if _HERE.search(text) and "取消" not in text else "cancel"
    return "return" if topic is Topic.REQUEST_RETURN else "repair"


def _of_a_delivery(text: str) -> str:
    if re.search(r"发票|抬头|税号", text):
        return "invoice_fix"
    if _OF_THE_CUSTOMER.search(text) and not re.search(r"订单|[那这]一?单|收货", text):
        return "profile"
    return "by_person" if _BY_PERSON.search(text) and not _DELIVERY.search(text) else "delivery"


def _of_an_invoice(text: str) -> str | None:
    if _INVOICE_STATE.search(text) and not re.search(r"开错|写错", text):
        return "progress"
    if _ASKS_HOW.search(text):
        return None
    if _INVOICE_FIX.search(text):
        return "invoice_fix"
    return "invoice" if _INVOICE_ASK.search(text) else None


def _of_an_installation(text: str) -> str | None:
    if _NO_VISIT.search(text):
        return "cancel_visit"
    if _MOVE.search(text):
        return "move_visit"
    return "installation" if _INSTALL.search(text) and not _ASKS_HOW.search(text) else None


def _of_ones_data(text: str) -> str | None:
    if re.search(r"怎么|如何", text) and not _KEPT.search(text):
        return None
    for name, words in (
        ("consent_no", _WITHDRAW),
        ("consents", _CONSENTS),
        ("consent_yes", _GIVE),
        ("export", _EXPORT),
        ("deletion", _DELETE),
        ("kept", _KEPT),
    ):
        if words.search(text):
            return name
    return None


def wishes_beside(text: str, topics: Sequence[Topic]) -> list[Topic]:
    """Those of the further topics of a message under which something is to be done."""
    return [topic for topic in topics if topic is not Topic.URGE_ORDER and wished(text, topic)]
