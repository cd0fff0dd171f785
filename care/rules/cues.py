"""Severity cues and emotion in a customer's own Chinese words (care.md §2.11).

A severe cue that is missed is the worst error here, so the patterns are wide and what only looks
like a cue is taken out beforehand: compounds (灭火器, 儿童手表), negations (没有着火) and, for
dangers, mere possibilities (会漏电吗, 听说会爆炸). A threat under a condition (再不退就打12315) is one.
"""

from __future__ import annotations

import re

from care.rules.cue_grammar import CHILD, CueWords
from care.rules.danger_words import DANGER_WORDS, PROTECTIONS
from care.rules.emotion_words import EMOTION_WORDS, STRENGTHENED_BY
from care.rules.injury_words import BODY_COMPOUNDS, CAUSE, HOSPITAL_ONLY, PARCEL
from care.rules.text import normalise
from care.rules.threat_words import THREAT_WORDS
from care.rules.vocabulary import EMOTION_STRENGTH, Cue, Emotion

_GONE = "□"
_CLAUSE_END = re.compile(r"[,。!?;:~…\n、]+|\.{2,}|\s+")

#: Stands directly before what did not happen. 没想到, 没两天, 不小心 do not match: they need adjacency.
_NEGATED = re.compile(
    rf"(?:没有?|并没有?|并未|从未|未|不会|(?<!是)不是|不能|不曾|绝不|无|别|不用|不需要|不必|甭|木有|冇|勿)"
    rf"(?:再|真的?|出现|发生|见到?|看到|有|什么|啥|任何|过|被|造成|导致|引起|让|使|人员?|很|太|因此|因为|是|去|要|会|到|打|找|拨|告到|{_GONE}|或者?|和|与|及|跟|也|、|的|情况)*$"
)
_POSSIBLE = re.compile(
    r"(?:如果(?!不是)|假如(?!不是)|假设|要是(?!没|不是)|万一|倘若|会不会(?!是)|是否会?|容不容易|有没有(?:可能)?|能不能|可不可能|(?<!可)(?<!恐)(?<!哪)怕(?!是)|害怕|担心|担忧|生怕|避免|防止|以免|免得|以防|预防|杜绝|(?<!不)小心|"
    r"谨防|当心|听说|网上说|看新闻|新闻[里上]?[说看]|评论[区里]?|看评价|评价里?说|有人说|别人说|据说)[^,。!?;]{0,10}$"
)
_MAY = re.compile(
    r"(?<!怎么)(?<!咋)(?<!为什么)(?<!为啥)(?<!总)(?<!老)(?<!都)(?<!就)(?<!还)(?<!又)(?:会|能|可能|容易|易)[^,。!?;]{0,4}$"
)
_ASKS_AT_END = re.compile(r"(?:吗|嘛|么|不|没有|没|的可能|的风险)[?]?$")

_TRADITIONAL = str.maketrans(
    "煙電燙傷腫醫縫針燒滅殺輕絕訴師體觸騙話孩兒嬰幼寶著曬報警與為發現機動員頭臉腳聽說壞爆漏讓給銷擾冒碼號隱資訊賣買單處理經過還沒見誤電療費遞點關線離開門風險斷嗆噎嚇壓夾劃割紮撞"
    "氣憤煩惱擔憂聲嗎無語媽這個們來幾樣壓樓",
    "烟电烫伤肿医缝针烧灭杀轻绝诉师体触骗话孩儿婴幼宝着晒报警与为发现机动员头脸脚听说坏爆漏让给销扰冒码号隐资讯卖买单处理经过还没见误电疗费递点关线离开门风险断呛噎吓压夹划割扎撞"
    "气愤烦恼担忧声吗无语妈这个们来几样压楼",
)


def plain(text: str) -> str:
    """`text` as the patterns expect it: NFKC, lower case, simplified, no spaces beside Latin signs.

    A space between two Chinese signs stays, because people write it for a comma.
    """
    text = normalise(text, keep_lines=True).lower().translate(_TRADITIONAL)
    if len(text.split()) * 2 > len(re.sub(r"\s", "", text)):
        return "".join(text.split())  # 充 电 冒 烟: written sign by sign
    return re.sub(r" (?=[a-z0-9])|(?<=[a-z0-9]) ", "", text)


def find_cues(text: str) -> frozenset[Cue]:
    """Every severity cue that `text`, one customer message, states or threatens with."""
    cleaned = plain(text)
    dangers = _blank(PROTECTIONS, cleaned)
    bodies = _blank(BODY_COMPOUNDS, dangers)
    found = {cue for cue, words in THREAT_WORDS.items() if _states(words, cleaned)}
    found |= {
        cue
        for cue, words in DANGER_WORDS.items()
        if _states(words, bodies if cue in (Cue.INJURY, Cue.MINOR) else dangers)
    }
    if Cue.INJURY in found and _is_only_a_place(bodies):
        found.discard(Cue.INJURY)
    if (
        Cue.MINOR not in found
        and found & _TO_A_CHILD
        and CHILD.search(_blank(DANGER_WORDS[Cue.MINOR].harmless, cleaned))
    ):
        found.add(Cue.MINOR)
    return frozenset(found)


def denied_cues(text: str, stated: frozenset[Cue]) -> frozenset[Cue]:
    """The cues whose words stand in `text` only denied, asked about or in a harmless compound.

    Args:
        stated: what `find_cues` found in the same text.
    """
    cleaned = plain(text)
    absent = [pair for pair in (*THREAT_WORDS.items(), *DANGER_WORDS.items()) if pair[0] not in stated]
    return frozenset(
        cue for cue, words in absent if words.says.search(cleaned) and not _states(words, cleaned)
    )


def find_emotion(text: str, cues: frozenset[Cue] | None = None) -> Emotion:
    """The strongest emotion `text` shows; a danger to people is at least worrying, a threat angry.

    Args:
        cues: what `find_cues` found in the same text, where it is known already.
    """
    cleaned = plain(text)
    cues = find_cues(text) if cues is None else cues
    shown = [Emotion.CALM]
    shown += [emotion for emotion, words in EMOTION_WORDS.items() if _states(words, cleaned)]
    shown += [emotion for cue, emotion in STRENGTHENED_BY.items() if cue in cues]
    return max(shown, key=EMOTION_STRENGTH.__getitem__)


_TO_A_CHILD = frozenset({Cue.INJURY, Cue.FIRE, Cue.ELECTRICITY})


def _blank(words: re.Pattern[str], text: str) -> str:
    return words.sub(lambda m: _GONE * len(m.group()), text)


def _states(words: CueWords, text: str) -> bool:
    text = _blank(words.harmless, text)
    start = 0
    while found := words.says.search(text, start):
        clause_start = max((m.end() for m in _CLAUSE_END.finditer(text, 0, found.start())), default=0)
        clause_end = _CLAUSE_END.search(text, found.end())
        before = text[clause_start : found.start()]
        after = text[found.end() : clause_end.start() if clause_end else len(text)]
        is_denied = _NEGATED.search(before) or (words.is_danger and before.endswith("不"))
        if not is_denied and not (words.is_danger and _is_possibility(before, after)):
            return True
        text = text[: found.start()] + _GONE * len(found.group()) + text[found.end() :]
        start = found.end()
    return False


def _is_possibility(before: str, after: str) -> bool:
    if _POSSIBLE.search(before):
        return True
    if _MAY.search(before):
        return _ASKS_AT_END.search(after) is not None
    return re.match(r"(?:吗|嘛|么|不)(?:[?]|$)", after) is not None


def _is_only_a_place(text: str) -> bool:
    """A hospital is all there is of an injury, and it is where a parcel goes or the customer happens to be."""
    if _states(DANGER_WORDS[Cue.INJURY], _blank(HOSPITAL_ONLY, text)):
        return False
    return PARCEL.search(text) is not None or CAUSE.search(text) is None
