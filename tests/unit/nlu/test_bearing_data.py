"""What the labelled messages of data/bearing must be, because cues and emotion are read no better than they."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from bot.nlu.bearing_data import (
    BearingDataError,
    CueLine,
    EmotionLine,
    bearing_fingerprint,
    cue_lines,
    emotion_lines,
)
from care.rules.vocabulary import Cue, Emotion
from tests.unit.nlu.test_training_data import bare

ROOT = Path(__file__).resolve().parents[3]
FOLDER = ROOT / "data" / "bearing"
CUE_LINES = cue_lines(FOLDER)
EMOTION_LINES = emotion_lines(FOLDER)


def test_every_cue_and_emotion_has_many_lines_and_so_has_their_absence() -> None:
    cues = Counter(cue for line in CUE_LINES for cue in line.cues)
    assert len(CUE_LINES) >= 2500
    assert {cue: count for cue in Cue if (count := cues[cue]) < 100} == {}
    assert sum(not line.cues for line in CUE_LINES) >= len(CUE_LINES) / 3
    emotions = Counter(line.emotion for line in EMOTION_LINES)
    assert len(EMOTION_LINES) >= 3000
    assert {emotion: count for emotion in Emotion if (count := emotions[emotion]) < 120} == {}


@pytest.mark.parametrize("lines", [CUE_LINES, EMOTION_LINES], ids=["cues", "emotion"])
def test_no_message_stands_twice_in_a_file(lines: list[CueLine] | list[EmotionLine]) -> None:
    where: dict[str, list[str]] = defaultdict(list)
    for line in lines:
        where[bare(line.text)].append(line.text)
    assert [texts for texts in where.values() if len(texts) > 1] == []


@pytest.mark.parametrize("lines", [CUE_LINES, EMOTION_LINES], ids=["cues", "emotion"])
def test_every_line_stands_in_a_named_block(lines: list[CueLine] | list[EmotionLine]) -> None:
    assert [line.text for line in lines if not line.block] == []
    assert len({line.block for line in lines}) >= 10


@pytest.mark.parametrize("lines", [CUE_LINES, EMOTION_LINES], ids=["cues", "emotion"])
def test_nothing_of_the_frozen_sets_is_learned(lines: list[CueLine] | list[EmotionLine]) -> None:
    held_out = {
        bare(json.loads(line)["text"])
        for path in (ROOT / "tests" / "dialogue" / "frozen").glob("*.jsonl")
        for line in path.read_text(encoding="utf-8").splitlines()
        if line.strip()
    }
    # Everybody says 转人工 in the same word: only messages that carry something count.
    assert [x.text for x in lines if len(bare(x.text)) > 8 and bare(x.text) in held_out] == []


def write(folder: Path, cues: str = "冒烟了\tfire\n", emotion: str = "滚\tangry\n") -> Path:
    (folder / "cues.tsv").write_text(cues, encoding="utf-8")
    (folder / "emotion.tsv").write_text(emotion, encoding="utf-8")
    return folder


def test_a_line_is_read_with_its_labels_and_its_block(tmp_path: Path) -> None:
    write(tmp_path, "# comment\n\n## a\n娃被烫了\tinjury,minor\n## b\n没事\t\n", "## c\n急死了\tworried\n")
    assert cue_lines(tmp_path) == [
        CueLine("娃被烫了", frozenset({Cue.INJURY, Cue.MINOR}), "a"),
        CueLine("没事", frozenset(), "b"),
    ]
    assert emotion_lines(tmp_path) == [EmotionLine("急死了", Emotion.WORRIED, "c")]


@pytest.mark.parametrize(
    ("cues", "said"), [("冒烟了\tflame\n", "第 1 行的标签“flame”不存在"), ("## a\n冒烟了\n", "第 2 行")]
)
def test_a_broken_line_is_named(tmp_path: Path, cues: str, said: str) -> None:
    with pytest.raises(BearingDataError, match=said):
        cue_lines(write(tmp_path, cues))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BearingDataError, match="找不到"):
        emotion_lines(tmp_path)


def test_a_changed_label_changes_the_fingerprint_and_a_readme_does_not(tmp_path: Path) -> None:
    before = bearing_fingerprint(write(tmp_path))
    (tmp_path / "README.md").write_text("x", encoding="utf-8")
    assert bearing_fingerprint(tmp_path) == before
    assert bearing_fingerprint(write(tmp_path, emotion="滚\tannoyed\n")) != before
