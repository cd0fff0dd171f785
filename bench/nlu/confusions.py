"""``python -m bench.nlu.confusions [FILE]``: figures of each topic and what is taken for what.

Without a file it reads the frozen messages and writes the tables of docs/understanding.md. With one, JSON lines
of ``text`` and ``topic`` (a shop's own real messages), it prints them: what the model got wrong, for whom to mend it.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from bench.nlu.pages import replace_block
from tests.dialogue.frozen_measures import FROZEN, Read, read_frozen, read_messages

PAIRS = 25


def main(arguments: Sequence[str]) -> int:
    console = Console()
    if arguments:
        lines = Path(arguments[0]).read_text(encoding="utf-8").splitlines()
        reads = read_messages(json.loads(line) for line in lines if line.strip())
        console.print(f"{per_topic(reads)}\n\n{pairs(reads)}\n", markup=False, soft_wrap=True)
        for read in reads:
            if not read.is_right:
                understood = read.understood
                console.print(
                    f"{read.topic} → {understood.topic.value} {understood.confidence:.2f}  {read.gold['text']}",
                    markup=False,
                )
        return 0
    reads = [read for path in sorted(FROZEN.glob("*.jsonl")) for read in read_frozen(path.name)]
    replace_block("topics", per_topic(reads))
    replace_block("pairs", pairs(reads))
    return 0


def per_topic(reads: Sequence[Read]) -> str:
    """Recall and precision of each topic; a fair alternative counts as right."""
    asked = Counter(read.topic for read in reads)
    right = Counter(read.topic for read in reads if read.is_right)
    taken = Counter(read.understood.topic.value for read in reads)
    fairly = Counter(read.understood.topic.value for read in reads if read.is_right)
    lines = [
        f"| {topic} | {n} | {right[topic] / n:.2f} | {fairly[topic] / taken[topic] if taken[topic] else 0:.2f} |"
        for topic, n in sorted(asked.items(), key=lambda pair: right[pair[0]] / pair[1])
    ]
    return "| topic | messages | recall | precision |\n|---|---|---|---|\n" + "\n".join(lines)


def pairs(reads: Sequence[Read]) -> str:
    """The commonest mistakes with an example each."""
    wrong = Counter((read.topic, read.understood.topic.value) for read in reads if not read.is_right)
    example = {
        (read.topic, read.understood.topic.value): read.gold["text"] for read in reads if not read.is_right
    }
    lines = [
        f"| {meant} | {taken} | {n} | {example[meant, taken]} |"
        for (meant, taken), n in wrong.most_common(PAIRS)
    ]
    return "| meant | taken for | times | such as |\n|---|---|---|---|\n" + "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
