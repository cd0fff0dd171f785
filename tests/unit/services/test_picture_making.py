"""What is kept of a picture: its pixels, upright, and nothing else."""

from __future__ import annotations

import io
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from care.rules.errors import InvalidInput
from care.rules.pictures import PREVIEW, PictureKind
from care.services.picture_making import make


def packed(picture: Image.Image, kind: str, **more: Any) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **more)
    return out.getvalue()


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_every_orientation_stands_upright_afterwards(orientation: int, kind: str) -> None:
    upright = Image.new("RGB", (80, 40), "white")
    upright.paste("red", (0, 0, 20, 20))  # top left as people see it
    turned = {
        1: (), 2: (Image.Transpose.FLIP_LEFT_RIGHT,), 3: (Image.Transpose.ROTATE_180,),
        4: (Image.Transpose.FLIP_TOP_BOTTOM,), 5: (Image.Transpose.TRANSPOSE,), 6: (Image.Transpose.ROTATE_90,),
        7: (Image.Transpose.TRANSVERSE,), 8: (Image.Transpose.ROTATE_270,),
    }[orientation]  # fmt: skip
    sent = upright
    for step in turned:
        sent = sent.transpose(step)
    notes = Image.Exif()
    notes[0x0112] = orientation
    made = make(packed(sent, kind, exif=notes))
    assert (made.width, made.height) == (80, 40)
    red, green, _ = opened(made.data).convert("RGB").getpixel((8, 8))
    assert red > 200 > 80 > green


@pytest.mark.parametrize(
    ("mode", "kind"),
    [
        (mode, kind)
        for kind, modes in {
            "JPEG": ("1", "L", "RGB", "CMYK"),
            "PNG": ("1", "L", "LA", "P", "RGB", "RGBA", "I;16"),
            "WEBP": ("L", "RGB", "RGBA"),
        }.items()
        for mode in modes
    ],
)
def test_every_way_of_holding_colours_is_taken(mode: str, kind: str) -> None:
    made = make(packed(Image.new(mode, (500, 300)), kind))
    assert opened(made.data).format == kind
    assert opened(made.preview).format == "JPEG"
    assert max(opened(made.preview).size) == PREVIEW


def test_what_shows_through_stays_see_through_and_is_white_in_the_preview() -> None:
    made = make(packed(Image.new("RGBA", (40, 40), (0, 0, 0, 0)), "PNG"))
    assert opened(made.data).getpixel((1, 1))[3] == 0
    assert min(opened(made.preview).getpixel((1, 1))) > 250


def test_notes_profiles_and_tails_are_gone() -> None:
    picture = Image.new("RGB", (40, 40), "green")
    words = PngInfo()
    words.add_text("Comment", "SECRET")
    words.add_itxt("XML:com.adobe.xmp", "SECRET")
    notes = Image.Exif()
    notes[0x010E] = "SECRET"
    for kind, more in (
        ("PNG", {"pnginfo": words, "exif": notes, "icc_profile": b"SECRET"}),
        ("JPEG", {"comment": b"SECRET", "exif": notes, "icc_profile": b"SECRET"}),
        ("WEBP", {"exif": notes, "xmp": b"SECRET", "icc_profile": b"SECRET"}),
    ):
        sent = packed(picture, kind, **more) + b"<?php SECRET ?>"
        made = make(sent)
        assert b"SECRET" in sent, kind
        assert b"SECRET" not in made.data + made.preview, kind


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300), st.sampled_from(list(PictureKind)), st.integers(0, 400))
def test_damaged_files_are_refused_and_never_crash(noise: bytes, kind: PictureKind, at: int) -> None:
    good = packed(Image.new("RGB", (30, 30), "blue"), kind.value)
    damaged = good[:at] + noise + good[at + len(noise) :]
    try:
        made = make(damaged)
    except InvalidInput:
        return
    assert opened(made.data).size == (made.width, made.height)
