"""How customers write dates: the patterns of `bot.nlu.entities.dates`, each with a name and a weight."""

from __future__ import annotations

import re

from bot.nlu.entities.numerals import DIGIT, SPOKEN

NUMBER = rf"(?:\d{{1,4}}|[{DIGIT}十]{{1,3}})"
HALF_DAY = "(?:大?清早|一大早|早上|早晨|上午|中午|下午|傍晚|晚上|夜里|大?半夜|凌晨)"
FIXED_FESTIVALS = {
    "双十一": (11, 11), "双11": (11, 11), "11.11": (11, 11), "双十二": (12, 12), "双12": (12, 12), "12.12": (12, 12),
    "618": (6, 18), "6.18": (6, 18), "六一八": (6, 18), "元旦": (1, 1), "五一": (5, 1), "国庆": (10, 1),
    "圣诞": (12, 25), "情人节": (2, 14), "六一": (6, 1), "妇女节": (3, 8), "教师节": (9, 10),
}  # fmt: skip
_MOVING = "春节|过年|除夕|年三十|大年三十|大年初一|元宵|清明|端午|中秋|七夕|重阳|冬至|母亲节|父亲节|黑五|年货节|暑假|寒假|双休日?|小长假|过年期间"
_FESTIVAL = "|".join([*map(re.escape, sorted(FIXED_FESTIVALS, key=len, reverse=True)), _MOVING])
_WHICH = "上上|下下|上|这|本|下"
_DAY_WORD = "明后(?:天|两天)|今明(?:天|两天)|昨前天|大前天|大后天|(?:今|昨|前|明|后)(?:天|儿个|儿)(?!气)|今日|昨日|明日|今早|今晚|昨晚|昨夜|明早|明晚|前晚|次日(?!达)|隔天|第二天"
_SPAN_UNITS = (
    "天|日(?!期|常)|晚上|小时|钟头|钟|分钟|冬|个?钟头|周(?!年|[一二三四五六日末])|星期(?![一二三四五六日天])|礼拜(?![一二三四五六日天])"
    "|月(?!租|饼|底|初)|年(?!级|代|轻|货)"
)

#: name (a method of `DateFinder` computes its value) → pattern, weight. Heavier ones win overlaps.
PATTERNS: dict[str, tuple[re.Pattern[str], int]] = {
    name: (re.compile(pattern), weight)
    for name, pattern, weight in (
        ("ymd", rf"(?<!\d)(20\d\d|\d\d)(?:年|[-/.])({NUMBER})(?:月|[-/.])({NUMBER})(?:[号日](?!线)|(?!\d))", 8),
        ("ym", rf"(?<!\d)(20\d\d)年({NUMBER})月(?:份)?", 7),
        ("rel_md", rf"(去年|今年|明年|前年)({NUMBER})月(?:份)?(?:({NUMBER})[号日]?)?", 8),
        ("month_day", rf"((?:{_WHICH})个?月)({NUMBER})[号日]", 8),
        (
            "md",
            rf"(?<![\d{DIGIT}十个])({NUMBER})月(?:份(?!量))?(?:({NUMBER})(?:[号日](?!线)|(?![\d个台件点天月])))?",
            6,
        ),
        ("week_day", rf"({_WHICH})?个?(?:周|星期|礼拜)([一二三四五六日天末1-7])(?![\d年个])", 7),
        ("week", rf"({_WHICH})一?个?(周|星期|礼拜|月(?![初底末中])|季度)(?:[初底末])?", 6),
        ("day_word", _DAY_WORD, 7),
        ("year", r"去年|今年|明年|前年|大前年|(?<!\d)20[012]\d年", 5),
        ("short_year", rf"(?<!\d)(?:1\d|2\d)年(?=国庆|双|五一|春节|元旦|六一|买|的|{NUMBER}月|[初底末])", 6),
        ("edge", rf"({_WHICH})?个?月([初底末中])(?!间)|周末|年[初底末](?!终)|年前|年后", 5),
        ("nth", rf"第({NUMBER})个?(?:天|晚上|周|星期|礼拜|工作日|月|年)", 6),
        ("whole", r"一?整天|一整晚|一个?(?:上午|下午|晚上|早上)|一天一夜|大冬天|大夏天|大热天|(?:前|这|过)(?:几|两)天|每个?(?:月|周|年|天|星期|礼拜)(?!租)|(?:生日)?当月|头天|当天晚上", 7),
        (
            "span",
            rf"(?:不到)?((?<![同哪几])(?:大?半|好几|{SPOKEN}|\d{{1,4}})(?:多|来|几)?)(个)?(多|半)?(?:工作)?({_SPAN_UNITS})"
            rf"(?:多|半(?!夜|路))?",
            5,
        ),
        ("festival", rf"(?:{_FESTIVAL})节?(?!约)", 5),
        ("day", rf"(?<![\d{DIGIT}十几.第路街巷弄大小加])({NUMBER})号(?![楼线门店机码床栋院仓柜电铺客色])", 5),
        (
            "clock",
            rf"(?<!\d)({HALF_DAY})?((?:\d{{1,2}}|[{DIGIT}十]{{1,3}})点(?:半|一刻|钟|多|\d{{1,2}}分?)?|\d{{1,2}}:\d{{2}})(?![\d个儿])",
            5,
        ),
        ("half_day", rf"{HALF_DAY}(?!好)", 4),
    )
}  # fmt: skip

#: What may follow and changes the meaning: `三天前`, `24小时内`, `八点之前`.
SUFFIX = re.compile(r"前(?!天|台|面|后|置|女|任)|后(?!天|来|台|面|盖|续|壳|排)|内(?!存|胆|部|容|衣|裤|置)")
#: What joins two parts into one date (`去年国庆`, `周四的上午`) or one range (`九点到十二点`).
JOINTS = ("", " ", "的")
RANGE = re.compile(r"\s?(?:到|至|-|—|~)\s?")
