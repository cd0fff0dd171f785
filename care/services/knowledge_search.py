"""Which wording stands nearest to a question, and how sure that is.

An entry is one document: its question, its variants and its answer. Terms are single characters
and character pairs (jieba's words beside them changed nothing measurable and took five times as long
to build), weighted by how rare they are among the wordings and among
ordinary customers' messages (TF-IDF in the saturating form of BM25, Robertson & Zaragoza 2009). A
score is the share of the question's weight that the entry covers.

How sure a best hit is, is learned from the entries themselves: each wording is asked once without
itself (its entry should win) and once without its entry (nobody should). A logistic regression on
coverage, lead over the second, and the amount said gives a probability; it fits itself to whatever
knowledge a shop has.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, vstack
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

#: BM25's saturation and length correction, as measured on the labelled questions of the tests.
_K1, _B = 0.8, 0.3
_SHORT_OF = 4  # fewer wordings than this teach nothing about being sure

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Document:
    """Texts of one entry; only `wordings` are what customers say."""

    wordings: tuple[str, ...]
    rest: tuple[str, ...] = ()


class SearchIndex:
    """Coverage of a question by every document, and the probability that the best one answers it."""

    def __init__(self, documents: Sequence[Document], background: Sequence[str] = ()) -> None:
        wordings = [(n, wording) for n, document in enumerate(documents) for wording in document.wordings]
        asked = [_terms_of(wording) for _, wording in wordings]
        usual = [_terms_of(line) for line in background]
        whole = [_terms_of("\n".join((*document.wordings, *document.rest))) for document in documents]
        self._terms = CountVectorizer(analyzer=list).fit([*whole, *usual])
        seen = self._terms.transform([*asked, *usual])
        self._unseen = float(np.log((seen.shape[0] + 1) / 0.5))
        frequency = np.asarray((seen > 0).sum(axis=0)).ravel()
        self._rarity = np.log((seen.shape[0] + 1) / (frequency + 0.5))
        counts = self._terms.transform(whole).astype(float).tocsr()
        self._mean_length = float(counts.sum(axis=1).mean()) or 1.0
        self._weights = self._weigh(counts)
        self._learn([n for n, _ in wordings], seen[: len(asked)].astype(float), counts)

    def coverage(self, text: str) -> Floats:
        """Per document, the share (0–1 and a little more for repetition) of the question's weight."""
        query, total = self._query(text)
        return np.asarray((query @ self._weights.T).todense()).ravel() / total

    def sureness(self, text: str, scores: Floats) -> float:
        """Probability that the document with the best of `scores` answers `text`; scores may bear a bonus."""
        _, total = self._query(text)
        features = _features(scores, total)
        if self._model is None:
            return float(scores.max(initial=0.0))
        return float(self._model.predict_proba(self._scale.transform([features]))[0, 1])

    def _query(self, text: str) -> tuple[csr_matrix, float]:
        """The question's known terms, once each, and the weight of all of them, unknown ones at their rarest."""
        terms = set(_terms_of(text))
        query = self._terms.transform([terms]).astype(float).tocsr()
        unknown = len(terms) - query.nnz
        return query, float((query @ self._rarity).sum() + unknown * self._unseen) or 1.0

    def _weigh(self, counts: csr_matrix) -> csr_matrix:
        rows = counts.tocoo()
        length = np.asarray(counts.sum(axis=1)).ravel()[rows.row] / self._mean_length
        saturated = rows.data * (_K1 + 1) / (rows.data + _K1 * (1 - _B + _B * length))
        return csr_matrix((saturated * self._rarity[rows.col], (rows.row, rows.col)), shape=counts.shape)

    def _learn(self, owners: Sequence[int], asked: csr_matrix, counts: csr_matrix) -> None:
        self._model: LogisticRegression | None = None
        self._scale = StandardScaler()
        once = asked.copy()
        once.data[:] = 1.0
        totals = np.maximum(np.asarray(once @ self._rarity).ravel(), 1e-9)
        scores = np.asarray((once @ self._weights.T).todense()) / totals[:, None]
        without_itself = vstack([counts[n] - asked[i] for i, n in enumerate(owners)]).tocsr()
        own = np.asarray(self._weigh(without_itself).multiply(once).sum(axis=1)).ravel() / totals
        features, answered = [], []
        for i, n in enumerate(owners):
            row = scores[i].copy()
            row[n] = own[i]
            features.append(_features(row, totals[i]))
            answered.append(bool(row.argmax() == n))
            row[n] = -1.0
            features.append(_features(row, totals[i]))
            answered.append(False)
        if sum(answered) < _SHORT_OF:
            return
        self._model = LogisticRegression(max_iter=500).fit(self._scale.fit_transform(features), answered)


def _features(scores: Floats, total: float) -> list[float]:
    """Coverage by the best, its lead, the lead in absolute weight, how much was said."""
    best, second = np.sort(scores)[-1], np.sort(scores)[-2] if len(scores) > 1 else 0.0
    lead = float(best - max(second, 0.0))
    return [float(best), lead, lead * total, float(np.log(total))]


_SPLIT: Callable[[str], list[str]] = re.compile(r"[\W_]+").split


def _terms_of(text: str) -> list[str]:
    """Characters, and pairs within a piece of text."""
    terms: list[str] = []
    for piece in _SPLIT(text):
        terms += piece
        terms += (piece[i : i + 2] for i in range(len(piece) - 1))
    return terms
