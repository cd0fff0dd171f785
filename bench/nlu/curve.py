"""``python -m bench.nlu.curve``: how much further lines by further people are still worth.

Rows are taken in whole blocks of neighbours, which is nearly by author. Writes the learning curve of
docs/understanding.md and the entry ``nlu_curve`` of ``bench/results.json``.
"""

from __future__ import annotations

import sys

from rich.console import Console
from rich.progress import track

from bench.nlu.candidates import Shipped
from bench.nlu.data import by_author, frozen_rows, training_rows
from bench.nlu.measures import measure
from bench.nlu.pages import replace_block
from bench.results import write_entry

SHARES = (1 / 16, 1 / 8, 1 / 4, 1 / 2, 3 / 4, 1.0)


def main() -> int:
    frozen = [row for messages in frozen_rows().values() for row in messages]
    lines, entry = [], {}
    for share in track(SHARES, description="学习曲线…", console=Console(stderr=True)):
        rows = by_author(training_rows(), share)
        candidate = Shipped()
        candidate.fit(rows)
        figures = measure(candidate, frozen)
        bar = "█" * round(figures.accuracy * 40)
        lines.append(
            f"| {len(rows):,} | {figures.accuracy:.3f} | {figures.complaint_recall_at_precision:.3f} | {bar} |"
        )
        entry[str(len(rows))] = {
            "accuracy": figures.accuracy,
            "complaint_recall_at_precision": figures.complaint_recall_at_precision,
        }
    head = "| rows | accuracy | complaint recall at precision .85 | |\n|---|---|---|---|"
    replace_block("curve", f"{head}\n" + "\n".join(lines))
    write_entry("nlu_curve", entry)
    return 0


if __name__ == "__main__":
    sys.exit(main())
