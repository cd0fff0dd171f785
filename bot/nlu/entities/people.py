"""Names and addresses, found by what stands around them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from bot.nlu.entities.found import Found
from bot.nlu.entities.numerals import DIGIT

NAME, ADDRESS = "name", "address"

_SURNAMES = (
    "欧阳|上官|司马|诸葛|司徒|东方|夏侯|皇甫|尉迟|公孙|"
    "[王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付傅方白邹孟熊秦邱江尹薛闫阎段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤温康施文牛樊葛邢安齐易乔伍庞颜倪庄聂章鲁岳翟殷詹申欧耿关兰焦俞左柳甘祝包宁尚符舒阮柯纪梅童凌毕单季裴霍涂成苗谷盛曲翁冉骆蓝路游辛靳管柴蒙鲍华喻祁蒲房滕屈饶解牟艾尤阳时穆农司卓古吉缪简车项连芦麦褚娄窦戚岑景党宫费卜冷晏席卫米柏宗瞿桂全佟应臧闵苟邬边卞姬师仇栾隋商刁沙荣巫寇桑郎甄丛仲虞敖巩明佘池查麻苑迟邝]"
)
_GIVEN = r"[\u4e00-\u9fff]{1,2}"
_STOP = r"(?![\u4e00-\u9fff])"
_NAME_PATTERNS = (
    re.compile(rf"(?:我叫|本人叫|他叫|她叫|叫|(?<!贵)姓名是?|名字(?:是|叫|改成|改为)|叫做|收件人(?:是|叫|改成|改为|写)?|收货人(?:是|叫|改成|改为|写)?|联系人(?:是|叫|改成|改为|改)?|户名是?|现在叫|改成|改为)[:: ]*((?:{_SURNAMES}){_GIVEN})(?=$|[吧啊呢的,。;、 \d(]|,)"),
    re.compile(rf"(?:^|[,。;、 :])((?:{_SURNAMES}){_GIVEN})(?=[,,、 ]*1[3-9]\d)"),
    re.compile(rf"1[3-9]\d{{9}}[,,、 ]*((?:{_SURNAMES}){_GIVEN}){_STOP}"),
    re.compile(rf"((?:{_SURNAMES})(?:师傅|经理|主管|先生|女士|小姐|阿姨|大哥|工(?!作|程|厂|资)))"),
    re.compile(rf"(?<![多大最缩太很更越减偏])([小老阿](?:{_SURNAMES}))(?=$|师傅|[,。的吧给]|客服|同学|同志|态度|服务|帮|特别|很|真|他|她|人)"),
)  # fmt: skip
_FAMILY = re.compile(rf"(?:我|免贵|他|她)姓({_SURNAMES})(?=$|[,。的 吧]|先生|女士)")
_NO_NAME = re.compile(
    r"^谢|单号|包裹|高兴|方便|安装|安排|马上|任何|何时|金额|成功|和平|时候|时间|向您|关于|于是|应该|查看|明天|单子|全部|连接|安全|管理|张图|万一|游戏"
)
_UNITS = "省|自治区|自治州|市|区|县|镇|乡|街道|村|州|旗"
_UNIT = re.compile(rf"(?:{_UNITS})(?!面|场|里|别|分|内|长|域|委|外|中心)")
_AREA = re.compile(r"[\u4e00-\u9fff]{1,5}?(?:自治区|市|区|县|镇|乡|街道|村)(?![面场里别分内长域委外])")
_STREET = re.compile(
    r"[\u4e00-\u9fff]{0,6}?(?:大道|大街|胡同|(?<!公|网|电|线|铁|一|高|思|半|套|门)路(?!由|上|过|程|线)|街(?!道)|巷|弄|小区|花园|公寓|大厦|广场|新村|佳苑|家园|花苑|园[一二三四五六七八九十]区)"
)
_DOOR = re.compile(
    rf"(?:[\d{DIGIT}十a-z]{{1,5}}(?:号楼|号院|号|栋|幢|座|单元|楼|层|室|户|#)|[-—]\d{{1,5}}|(?<=[单元层楼栋座幢])\d{{3,4}}室?|[\u4e00-\u9fff]{{1,5}}(?:[{DIGIT}十\d]{{1,3}}楼))"
)
_NOT_PART = re.compile(r"到|走|快递|寄|的|发|能|仓|送|那|去|给|我|你|收|转|分拨|地区|店")
_DOORS = re.compile(rf"\d{{1,3}}(?:号楼|栋|幢|座)(?:{_DOOR.pattern}|\d{{3,4}}室?)+|\d{{1,3}}单元\d{{3,4}}室?")


def find_names(text: str) -> Iterator[Found]:
    """Names that something beside them marks as a name; a bare word is never guessed to be one."""
    for pattern in (*_NAME_PATTERNS, _FAMILY):
        for match in pattern.finditer(text):
            name = match.group(1)
            if not _NO_NAME.search(name):
                yield Found(NAME, match.start(1), match.end(1), name, weight=5)


class AddressFinder:
    """Addresses grow from a known place (or a door number) over the street and door that follow it."""

    def __init__(self, places: Callable[[str], Iterator[re.Match[str]]]) -> None:
        self._places = places

    def __call__(self, text: str) -> Iterator[Found]:
        end = 0
        for place in self._places(text):
            if place.start() < end:
                continue
            end = self._end(text, place.end())
            yield Found(
                ADDRESS, place.start(), end, text[place.start() : end], weight=6 if end > place.end() else 4
            )
        for match in _DOORS.finditer(text):
            yield Found(ADDRESS, match.start(), match.end(), match.group(), weight=5)

    def _end(self, text: str, end: int) -> int:
        """The end of the units, known places, streets and doors directly after `end`."""
        while end < len(text):
            unit = _UNIT.match(text, end)
            if unit:
                end = unit.end()
                continue
            if _NOT_PART.match(text, end):
                break
            part = _AREA.match(text, end) or _STREET.match(text, end) or _DOOR.match(text, end)
            if part is None or _NOT_PART.search(part.group()[1:]):
                place = next(self._places(text[end : end + 4]), None)
                if place is None or place.start():
                    break
                end += place.end()
                continue
            end = part.end()
        return end
