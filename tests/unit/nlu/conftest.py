"""The plain readers on the project's own data; Rasa and TensorFlow are never imported here."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bot.nlu.dictionary import load_dictionary
from bot.nlu.quiet_spacy import without_tensorflow
from bot.nlu.segmenter import shared_segmenter

if TYPE_CHECKING:
    from bot.nlu.entities.pipeline import EntityReader

ROOT = Path(__file__).resolve().parents[3]
#: Wednesday.
TODAY = date(2026, 11, 25)


@pytest.fixture(scope="session")
def entity_reader(tmp_path_factory: pytest.TempPathFactory) -> EntityReader:
    with without_tensorflow():
        from bot.nlu.entities.pipeline import DEFAULT_ORDER_NUMBER_PATTERN, EntityReader

    folder = ROOT / "data" / "dict"
    return EntityReader(
        load_dictionary(folder),
        shared_segmenter(folder, tmp_path_factory.mktemp("jieba")),
        order_number_pattern=DEFAULT_ORDER_NUMBER_PATTERN,
        today=lambda: TODAY,
    )
