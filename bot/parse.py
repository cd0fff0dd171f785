"""`zhike parse`: lines in, a JSON line out for each; needs a trained model and no server."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any, TextIO

from bot.nlu.understanding import ModelMissing, Understanding, models_newest_first
from care.rules.masking import mask_cards
from care.rules.vocabulary import Cue

__all__ = ["ModelMissing", "load_understanding", "parse_lines", "parsed"]

ROOT = Path(__file__).resolve().parent.parent


def parse_lines(stream_in: TextIO, stream_out: TextIO, *, root: Path = ROOT) -> None:
    """Writes one JSON object for every line read, in order and as soon as it is read.

    Raises:
        ModelMissing: no model is trained yet, or it is one of another pipeline.
    """
    understanding = load_understanding(root)
    for line in stream_in:
        text = line.rstrip("\r\n").encode("utf-8", "replace").decode("utf-8")
        stream_out.write(json.dumps(parsed(understanding, text), ensure_ascii=False) + "\n")
        stream_out.flush()


def load_understanding(root: Path = ROOT) -> Understanding:
    """The understanding of the newest usable model in `root`/models: one may be in the making.

    Raises:
        ModelMissing: see `parse_lines`; the reason is that of the newest model.
    """
    reasons: list[ModelMissing] = []
    for archive in models_newest_first(root / "models"):
        with tempfile.TemporaryDirectory(prefix="zhike-model-") as scratch:
            try:
                return Understanding(archive, scratch=Path(scratch), cache_dir=root / "var" / "jieba")
            except ModelMissing as problem:
                reasons.append(problem)
    raise reasons[0]


def parsed(understanding: Understanding, text: str) -> dict[str, Any]:
    """What the channel would see of this message; card numbers are masked first, as they are there."""
    text = mask_cards(text, order_number_pattern=understanding.order_number_pattern)
    reading = understanding.read(text)
    understood = reading.understood
    return {
        "text": text,
        "topic": understood.topic.value,
        "also": [topic.value for topic in understood.also],
        "kind": understood.kind.value,
        "intent": reading.intent,
        "confidence": round(understood.confidence, 4),
        "entities": reading.entities,
        "emotion": reading.emotion.value,
        "cues": [cue.value for cue in Cue if cue in reading.cues],
        "mood": reading.mood.value,
    }
