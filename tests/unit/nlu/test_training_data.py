"""What the training data must be, because the model is no better than it."""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter, defaultdict

import pytest

from bot.nlu.reading import LONG_NUMBER, reading_form
from care.rules.vocabulary import FINER_INTENTS, Kind, Topic, kind_of_topic, topic_of_intent
from tests.unit.nlu.training_data import FOLDER, examples

EXAMPLES = examples()
BY_INTENT: dict[str, list[str]] = defaultdict(list)
for _text, _intent, _ in EXAMPLES:
    BY_INTENT[_intent].append(_text)

TRAINED = {topic.value for topic in Topic} | (set(FINER_INTENTS) - {"nlu_fallback"})


def bare(text: str) -> str:
    """Only what a reader of topics can tell apart."""
    kept = (char for char in reading_form(text) if unicodedata.category(char)[0] not in "PZ")
    return "".join(kept) or text


def test_every_topic_has_its_file_and_nothing_else_does() -> None:
    assert set(BY_INTENT) == TRAINED
    assert {(intent, file) for _, intent, file in EXAMPLES} == {
        (intent, f"{intent}.yml") for intent in TRAINED
    }


@pytest.mark.parametrize("intent", sorted(TRAINED))
def test_a_topic_has_at_least_sixty_different_examples(intent: str) -> None:
    assert len({bare(text) for text in BY_INTENT[intent]}) >= 60


def test_no_example_stands_twice_or_in_two_topics() -> None:
    where: dict[str, list[str]] = defaultdict(list)
    for text, intent, _ in EXAMPLES:
        where[bare(text)].append(f"{intent}: {text}")
    del where[LONG_NUMBER]  # each kind of number once, though they read alike
    assert [lines for lines in where.values() if len(lines) > 1] == []


def test_no_line_carries_markup_or_looks_like_a_typed_intent() -> None:
    assert [text for text, _, _ in EXAMPLES if re.search(r"[\[\]{}]|^/", text)] == []


@pytest.mark.parametrize("intent", sorted(i for i in TRAINED if len(BY_INTENT[i]) > 100))
def test_one_way_to_begin_is_a_small_part_of_a_topic(intent: str) -> None:
    """A template leaves many lines that begin alike; control words are few and short by nature."""
    if kind_of_topic(topic_of_intent(intent)) is Kind.CONTROL:
        return
    beginning, count = Counter(text[:3] for text in BY_INTENT[intent] if len(text) > 5).most_common(1)[0]
    assert count <= max(6, 0.04 * len(BY_INTENT[intent])), beginning


@pytest.mark.parametrize("intent", sorted(i for i in TRAINED if len(BY_INTENT[i]) > 100))
def test_short_and_long_messages_are_both_there(intent: str) -> None:
    lengths = [len(text) for text in BY_INTENT[intent]]
    assert sum(length <= 6 for length in lengths) >= 0.07 * len(lengths)
    if kind_of_topic(topic_of_intent(intent)) not in (Kind.CONTROL, Kind.OTHER):
        assert sum(length >= 16 for length in lengths) >= 0.14 * len(lengths)


def test_nothing_of_the_frozen_sets_is_learned() -> None:
    frozen = FOLDER.parents[1] / "tests" / "dialogue" / "frozen"
    held_out = {
        bare(json.loads(line)["text"]): json.loads(line)["text"]
        for path in sorted(frozen.glob("*.jsonl"))
        for line in path.read_text(encoding="utf-8").splitlines()
        if line.strip()
    }
    # Everybody says 你好 and 谢谢 in the same words: only messages that carry something count.
    shared = [text for text, _, _ in EXAMPLES if len(bare(text)) > 8 and bare(text) in held_out]
    assert shared == []
