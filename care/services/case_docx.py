"""A case's document as DOCX."""

from __future__ import annotations

import io
from typing import Any

from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn
from docx.oxml.shared import OxmlElement
from docx.shared import Cm, Pt, RGBColor

from care.services.case_page import WIDTHS, Page
from care.services.case_wording import LABEL, Block

_FONT = "Microsoft YaHei"
_WIDTH_CM = 17.0
_GREY = RGBColor(0x55, 0x60, 0x68)


def make(page: Page) -> bytes:
    """Blocks for as long as it takes: call it in a thread."""
    document = Document()
    _styles(document)
    section = document.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.left_margin = section.right_margin = Cm(2)
    section.top_margin = section.bottom_margin = Cm(2)
    _small(section.header.paragraphs[0], f"{LABEL}　{page.title}").alignment = WD_ALIGN_PARAGRAPH.RIGHT
    _small(section.footer.paragraphs[0], f"校验值 {page.file.digest}")
    document.add_heading(page.title, 0)
    document.add_paragraph(f"【{LABEL}】").runs[0].bold = True
    for notice in page.notices:
        _small(document.add_paragraph(), notice)
    _table(document, (), page.head)
    for block in page.file.blocks:
        _block(document, block)
    for caption, preview in page.captions():
        if preview is not None:
            document.add_picture(io.BytesIO(preview), width=Cm(7))
        _small(document.add_paragraph(), caption if preview is not None else f"{caption}（文件已删除）")
    properties = document.core_properties
    properties.title, properties.author, properties.keywords = page.title, page.by, page.hidden_label
    properties.created = properties.modified = page.at.replace(tzinfo=None)
    properties.comments = LABEL
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def _styles(document: Any) -> None:
    for name, size in (("Normal", 10), ("Heading 1", 14), ("Title", 20)):
        style = document.styles[name]
        style.font.name, style.font.size = _FONT, Pt(size)
        fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
        for kind in ("w:eastAsia", "w:ascii", "w:hAnsi"):
            fonts.set(qn(kind), _FONT)
        for theme in ("w:asciiTheme", "w:eastAsiaTheme", "w:hAnsiTheme", "w:cstheme"):
            fonts.attrib.pop(qn(theme), None)


def _block(document: Any, block: Block) -> None:
    document.add_heading(block.title, 1)
    if block.words:
        document.add_paragraph(_plain(block.words))
    if block.rows:
        _table(document, block.head, block.rows)
    for note in block.notes:
        _small(document.add_paragraph(), note)


def _table(document: Any, head: tuple[str, ...], rows: tuple[tuple[str, ...], ...]) -> None:
    columns = len(rows[0])
    table = document.add_table(rows=0, cols=columns)
    table.style = "Table Grid"
    table.autofit = False
    widths = [Cm(_WIDTH_CM * share) for share in WIDTHS[columns]]
    for index, row in enumerate([head, *rows] if head else rows):
        cells = table.add_row().cells
        for place, (cell, text) in enumerate(zip(cells, row, strict=True)):
            cell.width = widths[place]
            run = cell.paragraphs[0].add_run(_plain(text))
            run.font.size = Pt(9)
            run.bold = bool(head and index == 0) or (not head and place == 0)
    if head:
        # The head comes again on every page.
        again = OxmlElement("w:tblHeader")
        again.set(qn("w:val"), "true")
        table.rows[0]._tr.get_or_add_trPr().append(again)


def _small(paragraph: Any, text: str) -> Any:
    run = paragraph.add_run(_plain(text))
    run.font.size, run.font.color.rgb = Pt(8.5), _GREY
    return paragraph


def _plain(text: str) -> str:
    """XML has no place for control characters."""
    return "".join(sign for sign in text if sign in "\n\t" or sign.isprintable() or sign == "\u3000")
