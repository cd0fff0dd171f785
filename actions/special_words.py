"""What in a complaint's words asks for more care: said for somebody else, by a minor, of leaked data. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

_RELATIVES = (
    "妈妈|妈|爸爸|爸|母亲|父亲|爷爷|奶奶|外婆|外公|姥姥|姥爷|老人|老公|老婆|爱人|丈夫|妻子|朋友|同事|邻居|亲戚|儿子|女儿|"
    "孩子|哥哥|姐姐|弟弟|妹妹|哥|姐|同学|家人|长辈|阿姨|叔叔|舅舅|姑姑|婆婆|公公|岳父|岳母|公司|单位|客户|室友|老师"
)
_FOR = re.compile(
    rf"(?:替|帮|代表?|为)(?:我的?|我们?的?|一个|一位)?(?P<who>{_RELATIVES}).{{0,12}}?(?:投诉|反映|反馈|维权|举报|讨)"
    rf"|我是(?:他|她|TA|客户|买家|机主|收货人)?的?(?P<am>{_RELATIVES}).{{0,10}}(?:代|替|帮).{{0,6}}(?:投诉|反映|维权)|代(?:为|人|他人|别人)(?:投诉|反映)|(?:替|帮)(?:别人|人家|他人)(?:投诉|反映)"
)
_AGE = re.compile(
    r"(?:^|[,，。 ])(?:我|本人)(?:今年|才|只有|刚|现在|还|也)*(?:满|只)?(?P<age>\d{1,2}|十[一二三四五六七八九]?|[五六七八九])(?:周?岁|岁)"
)
_PUPIL = re.compile(
    r"(?:我|本人)(?:还|今年|现在|才)*(?:是(?:个|一个|一名)?)?(?:未成年|小学生|初中生|中学生|高中生|高[一二]|初[一二三])|我(?:还|在)*(?:读|上|念)(?:小学|初中|初[一二三]|高中|高[一二])|(?:我|本人)(?:还|也)*(?:没有?|未)(?:满|到)?(?:十八|18)|(?:我|本人)(?:还|也)*(?:没有?|未)成年"
)
_CHINESE = {c: n for n, c in enumerate("一二三四五六七八九", 1)}
_ADULT = 18
_UNWILLING = re.compile(r"不(?:提供|方便|想|愿意?|用|要|说|告诉)|没有|保密|算了|跳过")

_WHAT = re.compile(
    r"电话|手机号?|号码|地址|姓名|名字|身份证|订单|银行卡|卡号|住址|快递|购买记录|照片|密码|账号|邮箱"
)
_WHERE = re.compile(
    r"网上|网站|群|电话|短信|微信|QQ|骗子|诈骗|推销|广告|平台|快递|面单|论坛|贴吧|别人|陌生|客服", re.I
)
_WHEN = re.compile(
    r"今天|昨天|前天|刚|上午|下午|晚上|上周|上个?月|最近|这几天|周[一二三四五六日天]|\d+[月日号天点]|[一两二三几]天|下单后|之后"
)

_JOIN = re.compile(
    r"补充|加[到进在]|并[到在入]|合并|同一|一样的?(?:事|问题)|就是(?:那|这|它|上)|原来(?:的|那)|之前那|上次那|一起(?:处理|办)|那件(?:里|吧|就行)"
)
_ANEW = re.compile(
    r"另外|另(?:起|登|开)|新(?:的|登|开|建|投诉)|单独|分开|不(?:是|同)(?:一|同)|不一样|重新登记|再登记|两(?:件|码|回)"
)
_NUMBERS = re.compile(r"(?<!\d)\d[\d -]{3,}\d(?!\d)")


def on_behalf_of(text: str) -> str | None:
    """For whom somebody complains: ``妈妈``; ``他人`` when it is not said who."""
    found = _FOR.search(text)
    if found is None:
        return None
    return found["who"] or ("本人的家人" if found["am"] else "他人")


def is_minor(text: str) -> bool:
    """我今年15岁, 我是初中生: the one who complains is not of age. A child that is spoken of does not count."""
    found = _AGE.search(text)
    return bool(_PUPIL.search(text)) or (found is not None and _number(found["age"]) < _ADULT)


def tells_of_leak(text: str) -> bool:
    """Whether at least two of what was leaked, where it was found and when are said."""
    return sum(bool(words.search(text)) for words in (_WHAT, _WHERE, _WHEN)) >= 2


def is_unwilling(text: str) -> bool:
    """不方便, 没有: who was asked for somebody's name need not give it."""
    return bool(_UNWILLING.search(text))


def joins(text: str) -> bool | None:
    """Whether what is told belongs to the case that is open already; `None` when the words do not say."""
    if _ANEW.search(text):
        return False
    return True if _JOIN.search(text) else None


def without_data(text: str, found: Iterable[str] = ()) -> str:
    """`text` as it may be said back in a matter of leaked data: no numbers, no addresses, no names in `found`."""
    for value in sorted(found, key=len, reverse=True):
        if len(value) >= 2:
            text = text.replace(value, "（已隐去）")
    return _NUMBERS.sub("（已隐去）", text)


def _number(said: str) -> int:
    if said.isdigit():
        return int(said)
    if said.startswith("十"):
        return 10 + _CHINESE.get(said[1:], 0)
    return _CHINESE.get(said, _ADULT)
