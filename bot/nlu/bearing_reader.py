"""How a message is borne: the severe things it states and the emotion it shows, by rules and model together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bot.nlu.bearing_model import CUES, DOUBT, EMOTIONS, BearingModel
from bot.nlu.reading import reading_form
from care.rules.cues import denied_cues, find_cues, find_emotion
from care.rules.vocabulary import Cue, Emotion


@dataclass(frozen=True)
class Bearing:
    """What is read of one message beside its topic."""

    emotion: Emotion
    cues: frozenset[Cue]


class BearingReader:
    """Reads cues and emotion with one trained model and the rules of `care.rules.cues`.

    A severe cue that is missed is the worst error, so one voice is enough. But what the rules saw denied or only
    asked about (没有着火, 会漏电吗) the model cannot state, for it does not see far; and what the rules saw in a
    look-alike (给电视台采购) does not count when the model is all but sure of nothing. Self-harm always counts.
    """

    def __init__(self, model: BearingModel) -> None:
        self._model = model

    def read(self, text: str) -> Bearing:
        stated = find_cues(text)
        said = find_emotion(text, stated)
        chances, moods = self._model.read(reading_form(text), emotion=said, cues=stated)
        heard = {
            cue
            for cue, chance, enough in zip(CUES, chances, self._model.thresholds, strict=True)
            if chance >= enough and cue not in stated
        }
        doubted = {cue for cue, chance in zip(CUES, chances, strict=True) if chance < DOUBT} - {Cue.SELF_HARM}
        cues = (stated - doubted) | (heard - denied_cues(text, stated) if heard else heard)
        emotion = EMOTIONS[int(np.argmax(moods))]
        return Bearing(Emotion.DISTRESSED if Cue.SELF_HARM in cues else emotion, frozenset(cues))
