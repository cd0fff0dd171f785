"""What a customer's words hold of a change: text in, values out. Pure.

A field reads strictly in passing, so that a story changes nothing, and widely where it was asked for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from care.rules.order_terms import DaySlot, InvoiceKind, ReturnKind


@dataclass(frozen=True)
class Heard:
    """A message. `asked` is the question that it answers, `answer` the code of a pressed button."""

    text: str
    entities: tuple[tuple[str, str], ...]
    asked: str | None
    answer: str | None
    today: date
    message_id: int = 0

    def entity(self, name: str) -> str | None:
        values = [value for found, value in self.entities if found == name]
        return values[-1] if values else None


@dataclass(frozen=True)
class Field:
    """How a value is read, and whether it tells something of a person (then no slot holds it)."""

    read: Callable[[Heard], str | None]
    is_personal: bool = False


_EMAIL = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
_PHONE = re.compile(r"(?<!\d)(?:\+?86[ -]?)?(1[3-9]\d)[ -]?(\d{4})[ -]?(\d{4})(?!\d)")
_SAME_ADDRESS = re.compile(
    r"(?:上次|上回|之前|以前|原来|老|默认|登记|留)的?(?:那个|这个)?(?:收货)?地址|(?:地址)(?:跟|和)?(?:上次|之前|以前)一样"
)
_AFTER_ADDRESS = re.compile(
    r"(?:地址(?:是|为|写错了|错了)?|[寄送改换][到成为在]|改为)[:,, ]*(?:改成|改为|换成|是|到)?[:, ]*(?P<v>[^,。;!?]{4,80})"
)
_TO = re.compile(r"^.{0,6}?(?:改成|改为|改到|换成|换到|寄到|送到|应该是|[,:])(?=[\u4e00-\u9fff])")
_PLACE = re.compile(r"省|市|区|县|镇|乡|村|路|街|巷|弄|号|栋|幢|单元|室|大厦|广场|小区|花园|苑|园")
_NAME_SAID = re.compile(
    r"(?:收[件货]人|联系人|姓名|名字|我?改名了?,?叫?|我叫|叫)(?:是|叫|改成|改为|换成|改到|为)*[:: ]*(?P<v>[\u4e00-\u9fff·]{2,10}?|[A-Za-z][A-Za-z .'-]{1,30})(?=$|[,。;!? 了吧的]|电话|手机|\d)"
)
_BARE_NAME = re.compile(
    r"(?:就?(?:是|叫|改成|写)?)?(?P<v>[\u4e00-\u9fff·]{2,8}|[A-Za-z][A-Za-z .'-]{1,30})(?:吧|收|就行)?[。. ]*"
)
_NAME_INSTEAD = re.compile(
    r"(?:应该是|应为|改成|改为|换成|是|叫)(?P<v>[\u4e00-\u9fff·]{2,6}?|[A-Za-z][A-Za-z .'-]{1,30})(?=$|[,。;!? 了吧])"
)
_WHOSE = re.compile(
    r"^我?(?:老婆|老公|爱人|爸爸?|妈妈?|父亲|母亲|儿子|女儿|朋友|同事|哥哥?|姐姐?|弟弟?|妹妹?|家人)(?=[\u4e00-\u9fff]{2})"
)
_OF_A_NAME = re.compile(r"收[件货]人|联系人|姓名|名字|改名")
_NO_NAME = re.compile(r"写|错|对|不|没|地址|电话|手机|订单|知道|怎么|什么|改|换|算了|等|好|行|吗|呢")
_FULL_DATE = re.compile(r"((?:19|20)\d\d)\s*[-年/.]?\s*(\d{1,2})\s*[-月/.]?\s*(\d{1,2})\s*[日号]?")
_SLOTS = (
    (DaySlot.MORNING, re.compile(r"上午|早上|早晨|一早|中午前|\b(?:9|10|11)点")),
    (DaySlot.AFTERNOON, re.compile(r"下午|中午|午后|[1-5一二两三四五]点")),
    (DaySlot.EVENING, re.compile(r"晚上|傍晚|下班后|夜里|[6-8六七八]点")),
)
_TAX = re.compile(r"(?<![0-9A-Za-z])(?=[0-9A-Za-z]*\d)[0-9A-Za-z]{15,20}(?![0-9A-Za-z])")
_COMPANY = re.compile(
    r"[\u4e00-\u9fffA-Za-z0-9()（）·&]{2,50}(?:公司|事务所|商行|经营部|工作室|合作社|医院|学校|大学|学院|研究院|研究所|协会|基金会|委员会|中心|厂|集团|银行|分行|支行|店|局|处)"
)
_BEFORE_COMPANY = re.compile(
    r"^.*(?:抬头|名称|单位名?|公司名)(?:是|写|开|为|改成|改为|换成|应该是|叫|[:: ])*|^.*?(?:开一?[张个份]|开给|开成|改成|改为|换成|写成|应该是|应为|就是|叫)|^(?:是|叫|写)"
)
_NO_COMPANY = re.compile(
    r"^(?:我们?|你们?|贵|本|这个|一家)?(?:的)?公司$|发票|开票|抬头|一张|那单|这单|订单|^(?:我|要|开|帮|请|给|想|能|可以|麻烦)"
)
_QUALITY = re.compile(
    r"质量|坏|故障|不转|不制冷|不出|没声|不响|开不了|打不开|黑屏|死机|漏|裂|破损|瑕疵|有问题|不好使|不能用|用不了|划痕|异响|噪音|太吵|发热|发烫|充不[进了]电|不通电|失灵|脱胶|掉漆|卡顿"
)
_WRONG = re.compile(
    r"发错|错发|送错|漏发|少发|少了|不是我(?:买|要|订)的|颜色不对|型号不对|规格不对|描述不符|和描述|跟描述|货不对板|假货"
)
_NO_REASON = re.compile(
    r"不想要|不喜欢|不合适|不需要|用不上|买多|买错|拍错|下错|买重|后悔|没看清|大了|小了|尺寸|不太满意|无理由|降价|便宜|重复|别家|太大|太小|不好看"
)
_UNOPENED = re.compile(r"(?:没|未|没有|还没)(?:有)?(?:拆|开封|打开|动)|全新|原封|封着|没拆封")
_USED = re.compile(
    r"用了|用过|使用过|有(?:点|些)?(?:划痕|磨损|磕|使用痕迹|痕迹)|摔|少(?:了)?(?:配件|零件)|包装(?:扔|丢|坏)|配件(?:不全|丢|没了)|损坏|弄脏"
)
_OPENED = re.compile(r"拆|开封|打开|开箱|试了|看了|没(?:怎么)?用|完好|齐全|都在|还是好的")
_UNUSED = re.compile(r"(?:没|未|没有|没怎么)用过?|完好|齐全|都在|试了一下")
_SAME_AGAIN = re.compile(
    r"(?:一?[台个件部副只双])?(?:同款)?(?:全?新|好)?(?:的|货|品|机)*(?:一?[台个件部副])?"
)
_EXCHANGE_FOR = re.compile(r"换(?:成|个|一个|一台|一件|一部|一副|为)(?P<v>[^,。;!?]{1,30})")


def _phone(heard: Heard) -> str | None:
    found = _PHONE.search(heard.text)
    return "".join(found.groups()) if found else None


def _email(heard: Heard) -> str | None:
    found = _EMAIL.search(heard.text)
    return found[0] if found else None


def _address(heard: Heard) -> str | None:
    """The longest place that the words name, from its first part to the end of its clause."""
    text = heard.text
    place = heard.entity("address")
    if place and place in text:
        rest = text[text.index(place) :]
        clause = re.split(r"[,。;!?]|(?:电话|手机|收[件货]人|联系人)", rest, maxsplit=1)[0]
        value = _TO.sub("", re.sub(r"(?:吧|可以吗|行吗|好吗|谢谢|了|就行)+$", "", clause.strip()))
        return value if len(value) >= 5 else None
    found = _AFTER_ADDRESS.search(text)
    if found and len(_PLACE.findall(found["v"])) >= 2:
        return _TO.sub("", found["v"]).strip()
    if heard.asked == "address" and len(text) >= 5 and _PLACE.search(text):
        return re.split(r"[。;!?]", text, maxsplit=1)[0].strip()
    return None


def same_address(text: str) -> bool:
    """还是上次那个地址"""
    return bool(_SAME_ADDRESS.search(text))


def _name(heard: Heard) -> str | None:
    if (
        heard.asked == "name"
        and (bare := _BARE_NAME.fullmatch(heard.text))
        and not _NO_NAME.search(bare["v"])
    ):
        return bare["v"]
    if _OF_A_NAME.search(heard.text) or heard.asked == "name":
        for pattern in (_NAME_SAID, _NAME_INSTEAD):
            found = pattern.search(heard.text)
            if found and not _NO_NAME.search(found["v"]):
                return _WHOSE.sub("", found["v"])
        return heard.entity("name")
    return None


def _birthday(heard: Heard) -> str | None:
    if heard.asked != "birthday" and not re.search(r"生日|出生", heard.text):
        return None
    found = _FULL_DATE.search(heard.text)
    return f"{found[1]}-{int(found[2]):02d}-{int(found[3]):02d}" if found else None


def _day(heard: Heard) -> str | None:
    """A day to come as ISO 8601; a weekday that is past means the next one."""
    if heard.answer and (found := re.match(r"(\d{4}-\d\d-\d\d)", heard.answer)):
        return found[1]
    for value in [value for name, value in heard.entities if name == "date"]:
        first = re.match(r"(\d{4}-\d\d-\d\d)", value)
        if first is None:
            continue
        day = date.fromisoformat(first[1])
        if day < heard.today and re.search(r"周|星期|礼拜", heard.text):
            day += timedelta(days=7)
        return day.isoformat()
    return None


def _slot(heard: Heard) -> str | None:
    if heard.answer and (found := re.search(r"(morning|afternoon|evening)$", heard.answer)):
        return found[1]
    if heard.asked not in ("slot", "day") and heard.entity("date") is None:
        return None
    return next((slot.value for slot, words in _SLOTS if words.search(heard.text)), None)


def _return_kind(heard: Heard) -> str | None:
    if heard.answer in {kind.value for kind in ReturnKind}:
        return heard.answer
    text = heard.text
    if re.search(r"仅退款|只退款|(?:不退货|东西不退).{0,4}退款|退款不退货", text):
        return ReturnKind.REFUND.value
    if re.search(r"换(?!货?还是|个?(?:订单|单))", text) and not re.search(r"退(?!换)", text):
        return ReturnKind.EXCHANGE.value
    if re.search(r"退(?!换|货?还是)", text) and not re.search(r"退货政策|能不能退", text):
        return ReturnKind.RETURN.value
    return None


def _reason(heard: Heard) -> str | None:
    """``quality``, ``wrong``, ``no_reason``, or ``other`` where the reason was asked for."""
    if heard.answer in ("quality", "wrong", "no_reason", "other"):
        return heard.answer
    for code, words in (("wrong", _WRONG), ("no_reason", _NO_REASON), ("quality", _QUALITY)):
        if words.search(heard.text):
            return code
    return "other" if heard.asked == "reason" and len(heard.text) >= 4 else None


def _condition(heard: Heard) -> str | None:
    """``unopened``, ``opened`` (to inspect) or ``used``."""
    if heard.answer in ("unopened", "opened", "used"):
        return heard.answer
    if _UNOPENED.search(heard.text):
        return "unopened"
    if _USED.search(heard.text) and not _UNUSED.search(heard.text):
        return "used"
    if _OPENED.search(heard.text) and (heard.asked == "condition" or re.search(r"拆|开封|开箱", heard.text)):
        return "opened"
    return None


def _exchange_for(heard: Heard) -> str | None:
    if heard.answer == "same":
        return "同款新品"
    found = _EXCHANGE_FOR.search(heard.text)
    wanted = found["v"].strip("吧了。 ") if found else None
    if wanted is None and heard.asked == "exchange_for" and heard.answer is None:
        wanted = re.sub(r"^(?:我?[想要]+)?换?(?:成|个)?", "", heard.text).strip("吧了。 ") or heard.text
    if wanted is None:
        return None
    return "同款新品" if _SAME_AGAIN.fullmatch(wanted) else wanted


def _invoice_kind(heard: Heard) -> str | None:
    if heard.answer in {kind.value for kind in InvoiceKind}:
        return heard.answer
    text = heard.text
    if re.search(r"专票|专用", text):
        return InvoiceKind.SPECIAL.value
    if re.search(r"(?<![限任份技贸商团])公司|企业|单位|对公|税号", text):
        return InvoiceKind.COMPANY.value
    if re.search(r"个人|私人", text) or (
        heard.asked == "invoice_kind" and re.fullmatch(r"普通?票?(?:发票)?", text)
    ):
        return InvoiceKind.PERSONAL.value
    return None


def _title(heard: Heard) -> str | None:
    """A company's whole name wherever it is said; other names only where they are called the title."""
    text = _TAX.sub(" ", heard.text)
    text = re.sub(r"(?:纳税人识别号|税号|信用代码)[:: 是为]*", " ", text)
    for clause in re.split(r"[,。;!?\s]+", text):
        for part in (_BEFORE_COMPANY.sub("", clause), clause):
            found = _COMPANY.match(part)
            if found and not _NO_COMPANY.search(found[0]):
                return found[0].replace("(", "（").replace(")", "）")
    if heard.asked == "title" and heard.answer is None and not re.search(r"[?吗]|不知道", text):
        bare = (
            re.sub(r"^(?:抬头)?(?:就?(?:是|写|开|叫|改成|改为))?[:: ]*", "", text).rstrip("吧").strip(" 。,")
        )
        return bare if len(bare) >= 2 else None
    named = re.search(r"抬头(?:是|写|改成|改为|换成|开成?|应该是)[:: ]*([\u4e00-\u9fffA-Za-z·]{2,40})", text)
    return named[1].removesuffix("吧") if named else None


def _tax_number(heard: Heard) -> str | None:
    found = _TAX.search(heard.text)
    if found:
        return found[0].upper()
    spoken = re.sub(r"[\s-]", "", heard.text)
    return (
        spoken.upper() if heard.asked == "tax_number" and re.fullmatch(r"[0-9A-Za-z]{6,24}", spoken) else None
    )


def _code(heard: Heard) -> str | None:
    found = re.search(r"(?<!\d)\d{6}(?!\d)", heard.text.replace(" ", ""))
    return found[0] if found and heard.asked == "new_code" else None


#: Every value that a change may hear.
FIELDS: Mapping[str, Field] = {
    "address": Field(_address, is_personal=True),
    "phone": Field(_phone, is_personal=True),
    "name": Field(_name, is_personal=True),
    "email": Field(_email, is_personal=True),
    "birthday": Field(_birthday, is_personal=True),
    "title": Field(_title, is_personal=True),
    "tax_number": Field(_tax_number, is_personal=True),
    "new_code": Field(_code, is_personal=True),
    "exchange_for": Field(_exchange_for, is_personal=True),
    "day": Field(_day),
    "slot": Field(_slot),
    "return_kind": Field(_return_kind),
    "reason": Field(_reason),
    "condition": Field(_condition),
    "invoice_kind": Field(_invoice_kind),
}
