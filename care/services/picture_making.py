"""A picture as it was sent → the picture that is kept: decoded and made anew, so that nothing hidden comes along.

Position, camera, comments, other pictures and anything appended to the file are gone; which way is up stays.
"""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass

from PIL import Image, ImageOps
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

from care.rules.pictures import (
    PREVIEW,
    BadPicture,
    PictureKind,
    check_pixels,
    check_size,
    kind_of,
)

_READERS: dict[PictureKind, type[ImageFile]] = {
    PictureKind.JPEG: JpegImageFile,
    PictureKind.PNG: PngImageFile,
    PictureKind.WEBP: WebPImageFile,
}
_ORIENTATION = 0x0112
_QUALITY = 90


@dataclass(frozen=True)
class Made:
    """The kept picture and its preview (JPEG); `sha256` is that of `data`."""

    kind: PictureKind
    data: bytes
    preview: bytes
    sha256: str
    width: int
    height: int


def make(sent: bytes) -> Made:
    """Blocks for as long as decoding takes: call it in a thread.

    Raises:
        BadPicture: no picture of a kind that is taken, damaged, or one that moves.
        PictureTooLarge: too many bytes, or too many pixels once unpacked.
    """
    check_size(len(sent))
    kind = kind_of(sent[:32])
    try:
        # The reader of this very kind: what only looks like it meets no other decoder.
        with _READERS[kind](io.BytesIO(sent)) as opened:
            check_pixels(*opened.size)
            if getattr(opened, "is_animated", False):
                raise BadPicture("暂时不收动图，请截图后发送。")
            clean = _clean(opened, kind)
    except (OSError, SyntaxError, ValueError, EOFError, MemoryError, OverflowError) as damage:
        raise BadPicture from damage
    data = _saved(clean, kind)
    preview = clean.copy()
    preview.thumbnail((PREVIEW, PREVIEW))
    return Made(
        kind=kind,
        data=data,
        preview=_saved(_on_white(preview), PictureKind.JPEG),
        sha256=hashlib.sha256(data).hexdigest(),
        width=clean.width,
        height=clean.height,
    )


def _clean(opened: ImageFile, kind: PictureKind) -> Image.Image:
    """Upright pixels without any of the file's notes."""
    orientation = opened.getexif().get(_ORIENTATION, 1)
    opened.load()
    if kind is PictureKind.JPEG:
        pixels: Image.Image = opened if opened.mode in ("L", "RGB") else opened.convert("RGB")
    else:
        has_alpha = opened.mode in ("LA", "RGBA", "PA") or "transparency" in opened.info
        plain = "L" if opened.mode in ("1", "L") and not has_alpha else "RGB"
        pixels = opened.convert("RGBA" if has_alpha else plain)
    pixels = pixels.copy()
    pixels.info = {}
    pixels.getexif().clear()
    if orientation != 1:
        pixels.getexif()[_ORIENTATION] = orientation
        pixels = ImageOps.exif_transpose(pixels)
        pixels.info = {}
        pixels.getexif().clear()
    return pixels


def _saved(picture: Image.Image, kind: PictureKind) -> bytes:
    out = io.BytesIO()
    if kind is PictureKind.PNG:
        picture.save(out, "PNG")
    elif kind is PictureKind.WEBP:
        picture.save(out, "WEBP", quality=_QUALITY, method=2)
    else:
        picture.save(out, "JPEG", quality=_QUALITY)
    return out.getvalue()


def _on_white(picture: Image.Image) -> Image.Image:
    if picture.mode != "RGBA":
        return picture
    ground = Image.new("RGB", picture.size, "white")
    ground.paste(picture, mask=picture.getchannel("A"))
    return ground
