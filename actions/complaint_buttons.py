"""Buttons that answer a form."""

from __future__ import annotations

import json

from actions.turn import Button


def answer_button(title: str, **entities: str) -> Button:
    """A button that stands for an answer of the form, with what the answer means as entities."""
    return {
        "title": title,
        "payload": f"/inform{json.dumps({'answer': title, **entities}, ensure_ascii=False)}",
    }
