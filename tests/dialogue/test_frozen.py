"""Understanding of messages that nobody trained on, held to figures that may rise and never fall.

The sets were written by different hands and by neither who wrote the training data. A missed
complaint is the worst error, a question taken for a complaint the next.
"""

from __future__ import annotations

import re

import pytest

from tests.dialogue.frozen_measures import (
    FALLBACK_THRESHOLD,
    FROZEN,
    ROOT,
    measures,
    read_frozen,
    topic_recalls,
)

#: At least this (`wrong_and_confident` and `asked_back`: at most), just below what was measured.
GATES: dict[str, dict[str, float]] = {
    "messages_a.jsonl": {
        "accuracy_strict": 0.87,
        "accuracy": 0.89,
        "macro_f1": 0.88,
        "worst_recall": 0.7,
        "complaint_recall": 0.97,
        "complaint_precision": 0.875,
        "top_two": 0.96,
        "entity_f1": 0.935,
        "entity_f1_overlap": 0.945,
        "severe_cue_recall": 0.97,
        "cue_precision": 0.66,
        "emotion_accuracy": 0.82,
        "out_of_scope_rejected": 0.97,
        "accuracy_when_sure": 0.915,
        "wrong_and_confident": 0.028,
        "asked_back": 0.07,
    },
    "messages_b.jsonl": {
        "accuracy_strict": 0.865,
        "accuracy": 0.885,
        "macro_f1": 0.885,
        "worst_recall": 0.7,
        "complaint_recall": 0.945,
        "complaint_precision": 0.89,
        "top_two": 0.945,
        "entity_f1": 0.9,
        "entity_f1_overlap": 0.93,
        "severe_cue_recall": 0.955,
        "cue_precision": 0.65,
        "emotion_accuracy": 0.825,
        "out_of_scope_rejected": 0.97,
        "accuracy_when_sure": 0.9,
        "wrong_and_confident": 0.037,
        "asked_back": 0.07,
    },
    "messages_c.jsonl": {
        "accuracy_strict": 0.84,
        "accuracy": 0.875,
        "macro_f1": 0.858,
        "worst_recall": 0.7,
        "complaint_recall": 0.945,
        "complaint_precision": 0.86,
        "top_two": 0.95,
        "entity_f1": 0.81,
        "entity_f1_overlap": 0.825,
        "severe_cue_recall": 0.975,
        "cue_precision": 0.79,
        "emotion_accuracy": 0.82,
        "out_of_scope_rejected": 0.9,
        "accuracy_when_sure": 0.895,
        "wrong_and_confident": 0.032,
        "asked_back": 0.07,
    },
}
AT_MOST = {"wrong_and_confident", "asked_back"}


@pytest.fixture(scope="module", params=sorted(GATES))
def figures(request: pytest.FixtureRequest) -> tuple[str, dict[str, float], dict[str, float]]:
    reads = read_frozen(request.param)
    return request.param, measures(reads), topic_recalls(reads)


def test_every_frozen_set_has_its_gates() -> None:
    assert {path.name for path in FROZEN.glob("*.jsonl")} == set(GATES)


def test_understanding_keeps_its_level(figures: tuple[str, dict[str, float], dict[str, float]]) -> None:
    file, measured, recalls = figures
    missed = {
        name: round(measured[name], 3)
        for name, gate in GATES[file].items()
        if (measured[name] > gate if name in AT_MOST else measured[name] < gate)
    }
    worst = sorted(recalls.items(), key=lambda item: item[1])[:6]
    assert missed == {}, f"{file}: gates {GATES[file]}; lowest recalls {worst}"


def test_the_threshold_measured_here_is_the_one_in_use() -> None:
    config = (ROOT / "config.yml").read_text(encoding="utf-8")
    assert re.findall(r"threshold: ([\d.]+)", config)[0] == str(FALLBACK_THRESHOLD)
