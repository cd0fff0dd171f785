"""A case's document as PDF, with the Chinese font that every reader has: no font file is needed."""

from __future__ import annotations

import io
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import cm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.platypus import (
    Flowable,
    Image,
    KeepTogether,
    LongTable,
    Paragraph,
    SimpleDocTemplate,
    Spacer,
    TableStyle,
)

from care.services.case_page import WIDTHS, Page
from care.services.case_wording import LABEL, Block

_FONT = "STSong-Light"
_MARGIN = 1.8 * cm
#: A frame keeps six points of its own on each side.
_WIDTH = A4[0] - 2 * _MARGIN - 12
_GREY, _LINE, _HEAD = colors.HexColor("#556068"), colors.HexColor("#c6d0d8"), colors.HexColor("#eef2f4")
_LONGEST_CELL = 1_200


def make(page: Page) -> bytes:
    """Blocks for as long as it takes: call it in a thread."""
    pdfmetrics.registerFont(UnicodeCIDFont(_FONT))
    out = io.BytesIO()
    document = SimpleDocTemplate(
        out,
        pagesize=A4,
        leftMargin=_MARGIN,
        rightMargin=_MARGIN,
        topMargin=2 * cm,
        bottomMargin=1.8 * cm,
        title=page.title,
        author=page.by,
        subject=LABEL,
        keywords=page.hidden_label,
        lang="zh-CN",
    )

    def frame(canvas: Any, _: Any) -> None:
        canvas.saveState()
        canvas.setFont(_FONT, 8)
        canvas.setFillColor(_GREY)
        canvas.drawString(_MARGIN, A4[1] - 1.2 * cm, f"{LABEL}　{page.title}")
        canvas.drawRightString(A4[0] - _MARGIN, A4[1] - 1.2 * cm, page.by)
        canvas.drawString(_MARGIN, 1.0 * cm, f"校验值 {page.file.digest}")
        canvas.drawRightString(A4[0] - _MARGIN, 1.0 * cm, f"第 {canvas.getPageNumber()} 页")
        canvas.restoreState()

    document.build(_story(page), onFirstPage=frame, onLaterPages=frame)
    return out.getvalue()


def _story(page: Page) -> list[Flowable]:
    story: list[Flowable] = [
        _words(page.title, size=18, after=8),
        _words(f"【{LABEL}】", size=11, after=4),
        *(_words(notice, size=8.5, colour=_GREY) for notice in page.notices),
        Spacer(1, 8),
        _table((), page.head),
    ]
    for block in page.file.blocks:
        story += _block(block)
    for caption, preview in page.captions():
        if preview is None:
            story.append(_words(f"{caption}（文件已删除）", size=8.5, colour=_GREY))
            continue
        picture = Image(io.BytesIO(preview))
        picture._restrictSize(7 * cm, 7 * cm)
        picture.hAlign = "LEFT"
        story.append(KeepTogether([Spacer(1, 6), picture, _words(caption, size=8.5, colour=_GREY, after=4)]))
    return story


def _block(block: Block) -> list[Flowable]:
    parts: list[Flowable] = [_words(block.title, size=13, before=14, after=6, keep=True)]
    if block.words:
        parts += [_words(line, size=10) for line in block.words.split("\n")]
    if block.rows:
        parts.append(_table(block.head, block.rows))
    parts += [_words(note, size=8.5, colour=_GREY, before=4) for note in block.notes]
    return parts


def _table(head: tuple[str, ...], rows: tuple[tuple[str, ...], ...]) -> LongTable:
    cells = [_row(head)] if head else []
    for row in rows:
        # A cell cannot go over the end of a page: a long one goes on in the next row.
        for part in _parts(row):
            cells.append(_row(part))
    table = LongTable(
        cells, colWidths=[_WIDTH * share for share in WIDTHS[len(rows[0])]], repeatRows=int(bool(head))
    )
    look: list[tuple[Any, ...]] = [
        ("GRID", (0, 0), (-1, -1), 0.4, _LINE),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("TOPPADDING", (0, 0), (-1, -1), 3),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 3),
        ("BACKGROUND", (0, 0), (-1, 0) if head else (0, -1), _HEAD),
    ]
    table.setStyle(TableStyle(look))
    return table


def _parts(row: tuple[str, ...]) -> list[tuple[str, ...]]:
    longest = max(len(cell) for cell in row)
    return [
        tuple(cell[start : start + _LONGEST_CELL] for cell in row)
        for start in range(0, max(1, longest), _LONGEST_CELL)
    ]


def _row(cells: tuple[str, ...]) -> list[Paragraph]:
    return [_words(cell, size=8.5) for cell in cells]


def _words(
    text: str,
    *,
    size: float,
    colour: Any = colors.black,
    before: float = 0,
    after: float = 0,
    keep: bool = False,
) -> Paragraph:
    style = ParagraphStyle(
        "words",
        fontName=_FONT,
        fontSize=size,
        leading=size * 1.45,
        textColor=colour,
        spaceBefore=before,
        spaceAfter=after,
        keepWithNext=int(keep),
        wordWrap="CJK",
    )
    return Paragraph(escape(_drawable(text)).replace("\n", "<br/>"), style)


def _drawable(text: str) -> str:
    """The font's encoding has 16 bits: rarer signs (emoji) become a box."""
    return "".join(
        sign if ord(sign) < 0x10000 else "□" for sign in text if sign in "\n\u3000" or sign.isprintable()
    )
