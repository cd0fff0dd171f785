"""The spaCy pipeline that finds entities: one component per kind of thing, then one that settles overlaps.

The tokens are single characters, so that every span lies on token borders; words (jieba's) matter where a
dictionary word must not be cut out of a longer one (手机 in 手机号).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime
from typing import Any

import jieba
import spacy
from spacy.language import Language
from spacy.tokens import Doc, Span
from spacy.vocab import Vocab

from bot.nlu.dictionary import Dictionary
from bot.nlu.entities.dates import DateFinder
from bot.nlu.entities.found import Found
from bot.nlu.entities.goods import ProductFinder, cuts_latin
from bot.nlu.entities.models import ModelFinder
from bot.nlu.entities.money import find_amounts
from bot.nlu.entities.numbers import NumberFinder
from bot.nlu.entities.people import find_names
from bot.nlu.entities.phrases import PhraseBook
from bot.nlu.entities.places import AddressFinder
from bot.nlu.entities.remedies import find_remedies
from bot.nlu.entities.things import QuantityFinder, find_scores
from bot.nlu.entities.words import WordCutter
from bot.nlu.reading import fluent_form
from care.rules.times import SHANGHAI

CANDIDATES, ENTITIES = "candidates", "entities"
CARRIER = "carrier"

#: The demo shop's order numbers; `config.yml` says the shop's own.
DEFAULT_ORDER_NUMBER_PATTERN = r"881\d{8}"

Finder = Callable[[str], Iterable[Found]]


class CharacterTokenizer:
    """A token per character."""

    def __init__(self, vocab: Vocab) -> None:
        self._vocab = vocab

    def __call__(self, text: str) -> Doc:
        return Doc(self._vocab, words=list(text), spaces=[False] * len(text))


class FinderComponent:
    """Adds what one finder finds to the document's candidates."""

    def __init__(self) -> None:
        self.find: Finder = lambda text: ()

    def __call__(self, doc: Doc) -> Doc:
        doc.user_data[CANDIDATES].extend(self.find(doc.user_data["text"]))
        return doc


@Language.factory("zhike_finder")
def _finder_component(nlp, name):  # spaCy cannot read postponed annotations
    return FinderComponent()


@Language.component("zhike_settle")
def settle(doc: Doc) -> Doc:
    """Keeps the heaviest, then longest, then earliest of overlapping candidates as spans `entities`."""
    taken = [False] * len(doc)
    kept: list[Found] = []
    for found in sorted(doc.user_data[CANDIDATES], key=lambda f: (-f.weight, f.start - f.end, f.start)):
        if found.end <= found.start or any(taken[found.start : found.end]):
            continue
        taken[found.start : found.end] = [True] * (found.end - found.start)
        kept.append(found)
    kept.sort(key=lambda found: found.start)
    doc.spans[ENTITIES] = [Span(doc, f.start, f.end, label=f.entity) for f in kept]
    doc.user_data[ENTITIES] = kept
    return doc


class EntityReader:
    """Entities of a message, as Rasa writes them."""

    def __init__(
        self,
        dictionary: Dictionary,
        segmenter: jieba.Tokenizer,
        *,
        order_number_pattern: str,
        today: Callable[[], date] = lambda: datetime.now(SHANGHAI).date(),
    ) -> None:
        self.order_number_pattern = order_number_pattern
        self._nlp = _pipeline(dictionary, segmenter, order_number_pattern, today)

    def read(self, text: str) -> list[dict[str, Any]]:
        """`entity, value, text, start, end` in the order of the text; positions are those of `text`."""
        fluent, places = fluent_form(text)
        doc = self._nlp.make_doc(fluent)
        doc.user_data.update({"text": fluent, CANDIDATES: []})
        for _, component in self._nlp.pipeline:
            doc = component(doc)
        read: list[dict[str, Any]] = []
        for found in doc.user_data[ENTITIES]:
            start, end = places[found.start], places[found.end - 1] + 1
            read.append(
                {
                    "entity": found.entity,
                    "value": found.value,
                    "text": text[start:end],
                    "start": start,
                    "end": end,
                }
            )
        return read


def _pipeline(
    dictionary: Dictionary, segmenter: jieba.Tokenizer, order_number_pattern: str, today: Callable[[], date]
) -> Language:
    nlp = spacy.blank("zh")
    nlp.tokenizer = CharacterTokenizer(nlp.vocab)
    cut = WordCutter(segmenter)
    finders: dict[str, Finder] = {
        "numbers": NumberFinder(order_number_pattern, dictionary.words.get("carriers", ())),
        "dates": _dates_of(today),
        "amounts": find_amounts,
        "products": ProductFinder(dictionary, cut),
        "carriers": _whole_words(CARRIER, dictionary, "carriers", cut, weight=6),
        "models": ModelFinder(dictionary.words.get("brands", ())),
        "quantities": QuantityFinder(
            (*dictionary.words.get("products", ()), *dictionary.words.get("short_products", ()))
        ),
        "scores": find_scores,
        "remedies": find_remedies,
        "names": find_names,
        "addresses": AddressFinder(dictionary.words.get("places", ()), cut),
    }
    for name, finder in finders.items():
        component = nlp.add_pipe("zhike_finder", name=name)
        assert isinstance(component, FinderComponent)
        component.find = finder
    nlp.add_pipe("zhike_settle")
    return nlp


def _dates_of(today: Callable[[], date]) -> Finder:
    """A finder of dates that notices when the day changes."""
    finder = DateFinder(today())

    def find(text: str) -> Iterable[Found]:
        nonlocal finder
        if finder.today != today():
            finder = DateFinder(today())
        return finder(text)

    return find


def _whole_words(entity: str, dictionary: Dictionary, file: str, cut: WordCutter, *, weight: int) -> Finder:
    book = PhraseBook(dictionary.words.get(file, ()))

    def find(text: str) -> Iterator[Found]:
        spans = [span for span in book.spans(text) if not cuts_latin(text, *span)]
        words = cut(text) if spans else None
        for start, end in spans:
            if words and words.are_whole(start, end):
                yield Found(entity, start, end, dictionary.proper_name(text[start:end]), weight)

    return find
