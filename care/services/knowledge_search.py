"""Which entry stands nearest to a question, and how sure that is.

An entry is one document: its question, its variants and its answer. Terms are single characters
and character pairs (jieba's words, a linear classifier over entries, cosine to single wordings and
latent semantic analysis changed nothing measurable or did worse), weighted by how rare they are among
the wordings and among ordinary customers' messages (TF-IDF in the saturating form of BM25, Robertson &
Zaragoza 2009). A score is the share of the question's weight that the entry covers.

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
from scipy.sparse import csr_matrix
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


@dataclass(frozen=True)
class Bias:
    """What else than the words speaks for or against each document, for one question.

    Attributes:
        may: 1 for documents that may answer, 0 for others.
        extra: added to the coverage when documents are put in order; being sure does not count it.
    """

    may: Floats
    extra: Floats


class SearchIndex:
    """Coverage of a question by every document, and the probability that the best one answers it.

    Args:
        documents: the entries.
        background: what customers say otherwise; only how rare a term is comes from it.
        biases: one for each wording, in the documents' order, as a question of those words would have it.
    """

    def __init__(
        self, documents: Sequence[Document], background: Sequence[str] = (), biases: Sequence[Bias] = ()
    ) -> None:
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
        self._learn(np.array([n for n, _ in wordings]), seen[: len(asked)].astype(float), counts, biases)

    def coverage(self, text: str) -> Floats:
        """Per document, the share (0–1 and a little more for repetition) of the question's weight."""
        query, total = self._query(text)
        return np.asarray((query @ self._weights.T).todense()).ravel() / total

    def sureness(self, text: str, scores: Floats, best: int) -> float:
        """Probability that document `best` answers `text`, having these `scores`."""
        _, total = self._query(text)
        if self._model is None:
            return float(scores[best])
        features = _features(scores[None, :], np.array([best]), np.array([total]))
        return float(self._model.predict_proba(self._scale.transform(features))[0, 1])

    def matched(self, text: str, document: int) -> tuple[list[tuple[str, float]], list[tuple[str, float]]]:
        """The question's terms that a document has and those it lacks, each with its share, heaviest first."""
        _, total = self._query(text)
        row = self._weights[document]
        had: list[tuple[str, float]] = []
        lacked: list[tuple[str, float]] = []
        for term in set(_terms_of(text)):
            at = self._terms.vocabulary_.get(term)
            if at is None or not row[0, at]:
                lacked.append((term, float(self._unseen if at is None else self._rarity[at]) / total))
            else:
                had.append((term, float(row[0, at]) / total))
        return sorted(had, key=lambda t: -t[1]), sorted(lacked, key=lambda t: -t[1])

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

    def _learn(
        self, owners: NDArray[np.int64], asked: csr_matrix, counts: csr_matrix, biases: Sequence[Bias]
    ) -> None:
        self._model: LogisticRegression | None = None
        self._scale = StandardScaler()
        if len(owners) < _SHORT_OF or counts.shape[0] < 2:
            return
        once = asked.copy()
        once.data[:] = 1.0
        totals = np.maximum(np.asarray(once @ self._rarity).ravel(), 1e-9)
        scores = np.asarray((once @ self._weights.T).todense()) / totals[:, None]
        each = np.arange(len(owners))
        without_itself = self._weigh((counts[owners] - asked).tocsr())
        scores[each, owners] = np.asarray(without_itself.multiply(once).sum(axis=1)).ravel() / totals
        extra = np.zeros_like(scores)
        if biases:
            scores *= np.array([bias.may for bias in biases])
            extra = np.array([bias.extra for bias in biases])
        best = (scores + extra).argmax(axis=1)
        as_asked = _features(scores, best, totals)
        is_right = best == owners
        scores[each, owners] = extra[each, owners] = -1.0
        bereft = _features(scores, (scores + extra).argmax(axis=1), totals)
        if is_right.sum() < _SHORT_OF:
            return
        features = self._scale.fit_transform(np.concatenate([as_asked, bereft]))
        answered = np.concatenate([is_right, np.zeros(len(owners), dtype=bool)])
        self._model = LogisticRegression(max_iter=500).fit(features, answered)


def _features(scores: Floats, best: NDArray[np.int64], totals: Floats) -> Floats:
    """Per row: coverage by the best, its lead over any other, that lead in weight, how much was said."""
    each = np.arange(len(scores))
    first = scores[each, best]
    others = scores.copy()
    others[each, best] = 0.0
    lead = first - np.maximum(others.max(axis=1), 0.0)
    return np.column_stack([first, lead, lead * totals, np.log(totals)])


_SPLIT: Callable[[str], list[str]] = re.compile(r"[\W_]+").split


def _terms_of(text: str) -> list[str]:
    """Characters, and pairs within a piece of text."""
    terms: list[str] = []
    for piece in _SPLIT(text):
        terms += piece
        terms += (piece[i : i + 2] for i in range(len(piece) - 1))
    return terms
