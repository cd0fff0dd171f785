"""docs/talk.md shows the twelve difficult visits, each with all that the customer does in it."""

from __future__ import annotations

import re

import pytest

from tests.dialogue.transcripts import PAGE, transcript_visits

VISITS = transcript_visits()


def test_there_are_twelve_and_all_are_long() -> None:
    assert len(VISITS) == 12
    assert all(len(visit["turns"]) >= 7 for visit in VISITS)


@pytest.mark.parametrize("visit", VISITS, ids=lambda visit: str(visit["visit"]))
def test_the_page_shows_the_visit_as_it_is_played(visit: dict[str, object]) -> None:
    sections = dict(re.findall(r"^## (.+)\n\n((?:(?!## ).*\n)+)", PAGE.read_text("utf-8"), re.M))
    shown = re.findall(r"^- \*\*客户\*\*　(.+)$", sections[str(visit["visit"])], re.M)
    turns: list[dict[str, str]] = visit["turns"]  # type: ignore[assignment]
    done = [turn for turn in turns if "say" in turn or "press" in turn]
    assert len(shown) == len(done), "stale: run `python -m tests.dialogue.transcripts`"
    for line, turn in zip(shown, done, strict=True):
        said = turn["say"] if "say" in turn else f"[{turn['press']}]"
        pattern = r"\S+".join(re.escape(piece) for piece in re.split(r"{\w+(?::\w+)?}", said))
        assert re.fullmatch(pattern, line.replace("\\*", "*")), line
