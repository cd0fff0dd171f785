"""``python -m bench.nlu.compare``: every candidate on the frozen messages, for accuracy and for speed.

All learn from the same rows. Those that take minutes learn from a part of them (`--rows` of whole authors'
blocks), and the product's own model is shown on that part too. Writes the tables of docs/understanding.md
and the entry ``nlu_compare`` of ``bench/results.json``.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict

from rich.console import Console

from bench.nlu.candidates import (
    Candidate,
    Linear,
    Mean,
    Shipped,
    SpacyTextcat,
    chars,
    chars_and_pinyin,
    chars_and_words,
    logistic,
    svm,
    words,
)
from bench.nlu.data import Row, by_author, frozen_rows, training_rows
from bench.nlu.measures import Figures, measure
from bench.nlu.pages import replace_block
from bench.nlu.rasa_candidates import LOGISTIC, RasaPipeline, diet
from bench.results import write_entry

Make = Callable[[], Candidate]

QUICK: dict[str, Make] = {
    "shipped: SVM, characters 1–2 of both forms": Shipped,
    "SVM, characters 1–2": lambda: Linear(chars(2), svm()),
    "SVM, characters 1–2, nothing wrapped": lambda: Linear(chars(2), svm(), wrapped=0.0),
    "SVM, characters 1–3": lambda: Linear(chars(3), svm()),
    "SVM, characters 1–2 + jieba words": lambda: Linear(chars_and_words, svm()),
    "SVM, characters 1–2 + pinyin 1–2": lambda: Linear(chars_and_pinyin, svm()),
    "SVM, jieba words": lambda: Linear(words, svm()),
    "logistic regression, characters 1–2": lambda: Linear(chars(2), logistic()),
}
SLOW: dict[str, Make] = {
    "shipped, on these rows": Shipped,
    "spaCy textcat ensemble, characters": lambda: SpacyTextcat(words=False),
    "mean of shipped and spaCy on characters": lambda: Mean(Shipped(), SpacyTextcat(words=False)),
    "Rasa LogisticRegressionClassifier, words + char_wb": lambda: RasaPipeline(LOGISTIC),
    "DIET, 30 epochs, words + char_wb": lambda: RasaPipeline(diet(30)),
    "spaCy textcat ensemble, jieba words": lambda: SpacyTextcat(words=True),
}
HEAD = (
    "| model | strict | with fair alternatives | top two | complaint recall | at precision .85 "
    "| ms a message | trained in s |\n|---|---|---|---|---|---|---|---|"
)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=float, default=0.125, help="share of the rows for the slow ones")
    parser.add_argument("--only", choices=["quick", "slow"], help="one of the two tables")
    chosen = parser.parse_args(arguments)
    console = Console(stderr=True)
    everything = list(training_rows())
    if chosen.only != "slow":
        _table("quick", QUICK, everything, console)
    if chosen.only != "quick":
        _table("slow", SLOW, by_author(everything, chosen.rows), console)
    return 0


def _table(name: str, candidates: dict[str, Make], rows: Sequence[Row], console: Console) -> None:
    frozen = [row for messages in frozen_rows().values() for row in messages]
    lines, entry = [], {}
    for title, make in candidates.items():
        with console.status(f"{title} …"):
            candidate, start = make(), time.perf_counter()
            candidate.fit(rows)
            trained = time.perf_counter() - start
            figures = measure(candidate, frozen)
        lines.append(_line(title, figures, trained))
        console.print(lines[-1], markup=False, soft_wrap=True)
        entry[title] = {**asdict(figures), "trained_s": round(trained, 1)}
        # After each: a run of an hour that is broken off keeps what it measured.
        text = f"{len(rows):,} training rows, {len(frozen):,} frozen messages.\n\n{HEAD}\n" + "\n".join(lines)
        replace_block(f"compare-{name}", text)
        write_entry(f"nlu_compare_{name}", {"rows": len(rows), "frozen": len(frozen), "candidates": entry})


def _line(title: str, figures: Figures, trained: float) -> str:
    shares = (
        figures.strict,
        figures.accuracy,
        figures.top_two,
        figures.complaint_recall,
        figures.complaint_recall_at_precision,
    )
    return (
        f"| {title} | {' | '.join(f'{share:.3f}' for share in shares)} | {figures.ms:.2f} | {trained:.0f} |"
    )


if __name__ == "__main__":
    sys.exit(main())
