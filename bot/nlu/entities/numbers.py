"""Order, tracking and phone numbers: three kinds of long digit runs that only pattern and company tell apart."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from bot.nlu.entities.found import Found
from bot.nlu.entities.numerals import DIGIT, digits

ORDER, TRACKING, PHONE = "order_number", "tracking_number", "phone"

_PHONE = re.compile(r"1[3-9]\d{9}")
#: 010-62345678, 400-820-8820.
_LANDLINE = re.compile(r"0\d{2,3}[- ]\d{7,8}|[48]00[- ]?\d{3}[- ]?\d{4}")
_RUN = re.compile(
    rf"(?<![\da-z{DIGIT}.])(?:[a-z]{{2,4}}\d{{9,16}}(?:[a-z]{{2}}(?![a-z]))?|\d(?:[ -]?\d){{9,19}}|[{DIGIT}](?:[ ,、-]?[{DIGIT}]){{9,19}})(?![\d{DIGIT}])"
)
_ORDER_WORDS = re.compile(r"订单|定单|单子|那单|这单(?!号)|下单|订的")
_TRACKING_WORDS = re.compile(r"快递|运单|物流|查件|包裹|派送|签收|揽收|中转|寄件|取件")
_PHONE_WORDS = re.compile(r"手机|电话|联系|号码|打给|短信|绑定")
_NEAR = 12


class NumberFinder:
    """Finds long numbers; `shop_pattern` is the shop's own form of an order number."""

    def __init__(self, shop_pattern: str, carriers: Iterable[str] = ()) -> None:
        self._shop = re.compile(shop_pattern)
        literal = re.match(r"\d+", shop_pattern)
        self._prefix = literal.group() if literal else None
        self._carriers = re.compile("|".join(map(re.escape, carriers)) or r"(?!)")

    def __call__(self, text: str) -> Iterator[Found]:
        for match in _RUN.finditer(text):
            written = match.group()
            if written[0].isalpha() and written[0].isascii():
                yield Found(TRACKING, match.start(), match.end(), written.upper(), weight=9)
                continue
            if _LANDLINE.fullmatch(written):
                yield Found(PHONE, match.start(), match.end(), digits(written) or written, weight=9)
                continue
            plain = digits(written.replace(",", "").replace("、", ""))
            if plain and 10 <= len(plain) <= 20:
                kind = self._kind(plain, text, match.start(), match.end())
                yield Found(kind, match.start(), match.end(), plain, weight=9)

    def _kind(self, plain: str, text: str, start: int, end: int) -> str:
        if self._shop.fullmatch(plain):
            return ORDER
        before, after = text[max(0, start - _NEAR) : start], text[end : end + _NEAR]
        is_phone = bool(_PHONE.fullmatch(plain))
        if _ORDER_WORDS.search(before) and not (is_phone and _PHONE_WORDS.search(before)):
            return ORDER
        if is_phone:
            return PHONE
        if _ORDER_WORDS.search(after):
            return ORDER
        if _TRACKING_WORDS.search(before) or _TRACKING_WORDS.search(after) or self._carriers.search(before):
            return TRACKING
        if self._prefix and plain.startswith(self._prefix):
            return ORDER  # one with a slip in it
        # Nobody called it an order and it is not the shop's form: carriers number like this.
        return TRACKING if 12 <= len(plain) <= 15 else ORDER
