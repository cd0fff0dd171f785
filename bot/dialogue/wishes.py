"""Several wishes in one message: which part of it holds which, so that each is answered in its own words.

耳机坏了我要投诉,另外手机那单到哪了: the phone is no part of the complaint, and the headphones are none of the
question. Understanding says which topics are there; here the message is cut and every part is read by itself.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from care.rules.vocabulary import Kind, Topic, kind_of_topic

Parse = dict[str, Any]
Read = Callable[[str], Awaitable[Parse]]

#: A part read this surely holds a wish; one that is plainly a question needs less.
_SURE, _LIKELY = 0.85, 0.55
_MOST_PARTS = 8
_SHORTEST = 3
_PIECE = re.compile(r"[^,。!?;…~\n]+[?!]?")
_JOINT = re.compile(
    r"(?=另外|还有|顺便|顺道|然后还?想?问|再问|再一个|再帮|对了|以及|同时|并且|还想问|也想问|帮我也)|(?<=[\u4e00-\u9fff]) (?=[\u4e00-\u9fff])"
)
_OPENS = re.compile(
    r"^[ ,]*(?:另外|还有|顺便|顺道|然后还?想?问|再问|再一个|再帮|对了|以及|同时|还想问|也想问)"
)
_ASKS = re.compile(
    r"[?吗嘛呢没不]$|怎么|咋|多少|多久|几[天点个号时]|哪|什么时候|啥时候|能不能|可不可以|能否|有没有|是不是"
)
_WISHES = (Kind.INQUIRY, Kind.RECORD_CHANGE, Kind.RIGHTS_REQUEST, Kind.SUGGESTION, Kind.PRAISE)
_REMEDIES = (Topic.REQUEST_RETURN.value, Topic.REQUEST_REPAIR.value, Topic.CANCEL_ORDER.value)


@dataclass(frozen=True)
class _Part:
    text: str
    start: int
    #: Said as something further: 另外…, 顺便问下…
    opens: bool


async def with_parts(parse: Parse, read: Read, *, in_form: bool = False) -> Parse:
    """`parse` with ``parts`` (topic, text, entities of each further wish) and ``rest`` (what is left of the message).

    Topics of parts are added to ``also``. A message of one wish comes back as it was.

    Args:
        read: what understanding says of a text by itself.
        in_form: a question of a form was asked: 对,另外手机到哪了 is its answer first of all.
    """
    parts = _cut(parse.get("text") or "")
    if len(parts) < 2 or (parse["intent"].get("name") == "nlu_fallback" and not in_form):
        return parse
    readings = [await read(part.text) for part in parts]
    if (matter := _matter(parse, readings)) is not None:
        parse = {**parse, "matter": matter}
    wishes = [
        (part, reading)
        for part, reading in zip(parts, readings, strict=True)
        if (part.opens if in_form else reading["topic"] != parse["topic"]) and _is_wish(part, reading, parse)
    ]
    if not wishes or len(wishes) == len(parts):
        return parse
    kept = [part.text for part in parts if all(part is not wish for wish, _ in wishes)]
    rest = await read(",".join(kept))
    if in_form and any(reading["topic"] == parse["topic"] for _, reading in wishes):
        parse = {**parse, **{key: rest[key] for key in ("intent", "topic", "kind", "intent_ranking")}}
    return {
        **parse,
        "also": list(dict.fromkeys([*(parse.get("also") or []), *(r["topic"] for _, r in wishes)])),
        "parts": [
            {"topic": reading["topic"], "text": part.text, "entities": reading.get("entities") or []}
            for part, reading in wishes
        ],
        "rest": {"text": rest["text"], "entities": rest.get("entities") or []},
    }


def _matter(parse: Parse, readings: list[Parse]) -> str | None:
    """What a complaint is about, when the whole of it says only that it is one: 我要投诉!洗衣机漏水."""
    if parse["topic"] != Topic.COMPLAINT_OTHER.value:
        return None
    finer = [
        reading
        for reading in readings
        if kind_of_topic(Topic(reading["topic"])) is Kind.COMPLAINT
        and reading["topic"] != Topic.COMPLAINT_OTHER.value
    ]
    likeliest = max(finer, key=lambda reading: float(reading["intent"].get("confidence") or 0), default=None)
    return str(likeliest["topic"]) if likeliest else None


def _cut(text: str) -> list[_Part]:
    """Pieces long enough to carry a wish; 你好, goes with what follows it."""
    pieces: list[tuple[int, str]] = []
    for piece in _PIECE.finditer(text):
        at = piece.start()
        for inner in _JOINT.split(piece[0]):
            if inner and inner.strip():
                pieces.append((at, inner.strip()))
            at += len(inner or "")
    parts: list[_Part] = []
    held, start = "", 0
    for at, words in pieces:
        if held and _OPENS.match(words):
            parts.append(_Part(held, start, False))
            held = ""
        start = start if held else at
        held = f"{held},{words}" if held else words
        if len(words) > _SHORTEST:
            parts.append(_Part(held, start, bool(_OPENS.match(words))))
            held = ""
    if held and parts:
        last = parts.pop()
        parts.append(_Part(f"{last.text},{held}", last.start, last.opens))
    return parts[:_MOST_PARTS]


def _is_wish(part: _Part, reading: Parse, whole: Parse) -> bool:
    if reading["intent"].get("name") == "nlu_fallback":
        return False
    kind, topic = kind_of_topic(Topic(reading["topic"])), reading["topic"]
    if kind not in _WISHES:
        return False
    confidence = float(reading["intent"].get("confidence") or 0.0)
    asks = bool(_ASKS.search(part.text))
    # What is said to a proposal is no wish of its own either: 不接受，能不能退一半.
    is_complaint = kind_of_topic(Topic(whole["topic"])) is Kind.COMPLAINT or bool(whole.get("case_act"))
    if is_complaint and topic in _REMEDIES and not part.opens:
        return False  # 要求换一台新的 is what the complaint asks for
    if topic in (whole.get("also") or []) and confidence >= _SURE:
        return True
    if is_complaint:
        # Questions inside a complaint are mostly reproaches: 到底什么时候发货. A further matter says that it is one.
        return part.opens and confidence >= _LIKELY and (asks or confidence >= _SURE)
    return (asks and confidence >= _LIKELY) or (part.opens and confidence >= _SURE)
