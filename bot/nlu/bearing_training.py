"""Fits the bearing model on the labelled messages, and on the topics' examples for what people want."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, hstack, vstack
from sklearn.linear_model import LogisticRegression

from bot.nlu.bearing_data import CueLine, EmotionLine
from bot.nlu.bearing_fitting import Floats, Kinds, Terms, fitted_threshold, stacked
from bot.nlu.bearing_model import CUES, DOUBT, EMOTIONS, BearingModel, mood_values
from bot.nlu.reading import reading_form
from care.rules.cues import denied_cues, find_cues, find_emotion
from care.rules.vocabulary import Cue, Emotion, Kind, kind_of_topic, topic_of_intent

#: `(text, intent)` of the topics' training data.
Examples = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class BearingChoices:
    """What `config.yml` may choose; the defaults are the measured ones."""

    cue_strength: float = 30.0
    emotion_strength: float = 3.0
    kind_strength: float = 10.0
    folds: int = 3
    seed: int = 7
    #: A missed cue against a false one: beta of van Rijsbergen's F, which sets the thresholds.
    recall_weight: float = 1.5
    #: No threshold is below this; with few labelled lines more is needed.
    lowest_threshold: float = 0.15
    #: How much an unlabelled example counts that is taken to state nothing severe.
    unlabelled_weight: float = 0.5
    #: How many unlabelled examples are taken for calm.
    unlabelled_calm: int = 6000
    #: The share of stated cues that are learned with another message before or behind them too.
    joined_share: float = 0.4


def train_bearing_model(
    cues: Sequence[CueLine],
    emotions: Sequence[EmotionLine],
    examples: Examples,
    choices: BearingChoices = BearingChoices(),
) -> BearingModel:
    """A calibrated model; equal inputs give equal models."""
    texts = [line.text for line in cues] + [line.text for line in emotions] + [text for text, _ in examples]
    terms = Terms(reading_form(text) for text in texts)
    kinds = Kinds(
        [(reading_form(text), intent) for text, intent in examples],
        terms,
        strength=choices.kind_strength,
        folds=choices.folds,
        seed=choices.seed,
    )
    cue_weights, thresholds = _fit_cues(cues, examples, terms, choices)
    emotion_weights, mood_weights = _fit_emotions(emotions, examples, terms, kinds, choices)
    tables = (kinds.weights, cue_weights, emotion_weights)
    return BearingModel(
        vocabulary=terms.vocabulary,
        idf=terms.idf.astype(np.float32),
        weights=np.ascontiguousarray(np.hstack([table[:-1] for table in tables]), dtype=np.float32),
        bias=np.hstack([table[-1] for table in tables]).astype(np.float32),
        kinds=kinds.weights.shape[1],
        mood_weights=mood_weights.astype(np.float32),
        thresholds=thresholds.astype(np.float32),
    )


def _fit_cues(
    lines: Sequence[CueLine], examples: Examples, terms: Terms, choices: BearingChoices
) -> tuple[Floats, Floats]:
    """Weights of each cue, shape (terms + 1, cues), and its threshold, shape (cues,)."""
    labelled = {reading_form(line.text) for line in lines}
    # A complaint that nobody labelled may state anything: it teaches no silence.
    others = [
        text
        for text, intent in examples
        if kind_of_topic(topic_of_intent(intent)) is not Kind.COMPLAINT
        and reading_form(text) not in labelled
        and not find_cues(text)
    ]
    rows = [(line.text, line.cues, line.block) for line in lines]
    rows += [(text, frozenset(), str(index % choices.folds)) for index, text in enumerate(others)]
    texts = [text for text, _, _ in rows]
    truth = _cue_table([cues for _, cues, _ in rows])
    weights = np.array([1.0] * len(lines) + [choices.unlabelled_weight] * len(others))
    features = terms.features([reading_form(text) for text in texts])
    stated = _cue_table([find_cues(text) for text in texts])
    denied = np.zeros_like(truth)
    denied[: len(lines)] = _cue_table([denied_cues(line.text, frozenset()) for line in lines])
    denied &= ~stated

    blocks = sorted({block for _, _, block in rows})
    places = np.array([blocks.index(block) % choices.folds for _, _, block in rows])
    chances = np.zeros(truth.shape)
    for fold in range(choices.folds):
        seen = np.flatnonzero(places != fold)
        joined, joined_truth = _joined([(texts[row], rows[row][1]) for row in seen], choices)
        table = _cue_weights(
            vstack([features[seen], terms.features(joined)]),
            np.vstack([truth[seen], joined_truth]),
            np.concatenate([weights[seen], np.full(len(joined), _JOINED_WEIGHT)]),
            choices,
        )
        unseen = places == fold
        chances[unseen] = 1 / (1 + np.exp(-(features[unseen] @ table[:-1] + table[-1])))
    possible = np.where(denied, 0.0, np.where(stated & (chances >= DOUBT), 1.0, chances))
    thresholds = [
        fitted_threshold(
            possible[:, column],
            truth[:, column],
            weights,
            recall_weight=choices.recall_weight,
            lowest=choices.lowest_threshold,
        )
        for column in range(len(CUES))
    ]
    joined, joined_truth = _joined([(text, cues) for text, cues, _ in rows], choices)
    table = _cue_weights(
        vstack([features, terms.features(joined)]),
        np.vstack([truth, joined_truth]),
        np.concatenate([weights, np.full(len(joined), _JOINED_WEIGHT)]),
        choices,
    )
    return table, np.array(thresholds)


#: A made-up pair of messages counts for less than one that somebody wrote.
_JOINED_WEIGHT = 0.7


#: The log odds of a chance between `DOUBT` and any threshold.
_UNDECIDED = float(np.log(0.1 / 0.9))


def _cue_table(cues: Sequence[frozenset[Cue]]) -> NDArray[np.bool_]:
    return np.array([[cue in of for cue in CUES] for of in cues], dtype=bool).reshape(-1, len(CUES))


def _cue_weights(
    features: csr_matrix, truth: NDArray[np.bool_], weights: Floats, choices: BearingChoices
) -> Floats:
    """Shape (terms + 1, cues). A cue that no line states is left to the rules: neither likely nor doubted."""
    columns = []
    for column in truth.T:
        if column.any() and not column.all():
            model = LogisticRegression(
                C=choices.cue_strength, solver="liblinear", random_state=choices.seed
            ).fit(features, column, sample_weight=weights)
            columns.append(np.append(model.coef_[0], model.intercept_[0]))
        else:
            columns.append(np.append(np.zeros(features.shape[1]), _UNDECIDED))
    return np.stack(columns, axis=1)


def _joined(
    rows: Sequence[tuple[str, frozenset[Cue]]], choices: BearingChoices
) -> tuple[list[str], NDArray[np.bool_]]:
    """Reading forms of stated cues with another message before or behind, and of two stated cues together.

    People tell a danger in the middle of a long message, and the lines that were written down are short.
    """
    dice = random.Random(choices.seed)  # noqa: S311 - repeatable training, not a secret
    stating = [row for row in rows if row[1]]
    silent = [row for row in rows if not row[1] and len(row[0]) > 6]
    pairs = []
    for row in stating:
        if silent and dice.random() < choices.joined_share:
            pair = [row, dice.choice(silent)]
            dice.shuffle(pair)
            pairs.append(pair)
    if len(stating) > 1:
        pairs += [dice.sample(stating, 2) for _ in range(len(stating) // 10)]
    readings = [reading_form(f"{one[0]},{other[0]}") for one, other in pairs]
    return readings, _cue_table([one[1] | other[1] for one, other in pairs])


def _fit_emotions(
    lines: Sequence[EmotionLine], examples: Examples, terms: Terms, kinds: Kinds, choices: BearingChoices
) -> tuple[Floats, Floats]:
    """Weights of the terms, shape (terms + 1, emotions), and of `mood_values`, shape (values, emotions)."""
    labelled = {reading_form(line.text) for line in lines}
    calm = [text for text, intent in examples if _is_calm(intent) and reading_form(text) not in labelled]
    random.Random(choices.seed).shuffle(calm)  # noqa: S311 - repeatable training, not a secret
    calm = [text for text in calm if find_emotion(text) is Emotion.CALM][: choices.unlabelled_calm]
    texts = [line.text for line in lines] + calm
    truth = [line.emotion for line in lines] + [Emotion.CALM] * len(calm)
    readings = [reading_form(text) for text in texts]
    found = [find_cues(text) for text in texts]
    moods = [
        mood_values(scores.astype(np.float32), find_emotion(text, cues), cues)
        for scores, text, cues in zip(kinds.scores(readings), texts, found, strict=True)
    ]
    features = hstack([terms.features(readings), csr_matrix(np.array(moods))]).tocsr()
    model = LogisticRegression(C=choices.emotion_strength, max_iter=300, random_state=choices.seed)
    table = stacked(model.fit(features, [EMOTIONS.index(emotion) for emotion in truth]))
    every = np.zeros((len(table), len(EMOTIONS)))
    every[-1] = -20.0  # an emotion that nobody showed stays out of reach
    every[:, model.classes_] = table
    split = len(terms.vocabulary)
    return np.vstack([every[:split], every[-1:]]), every[split:-1]


def _is_calm(intent: str) -> bool:
    return kind_of_topic(topic_of_intent(intent)) is not Kind.COMPLAINT and intent not in _OFTEN_MOVED


#: Wishes that many have because something went wrong; all others but complaints are calm but for a few.
_OFTEN_MOVED = frozenset(
    {"urge_order", "case_progress", "usage", "account", "privacy", "request_return", "request_repair"}
    | {"request_human", "bot_challenge", "deny", "stop", "chitchat"}
)
