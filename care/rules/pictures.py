"""Which pictures are taken as evidence, and what is said about those that are not."""

from __future__ import annotations

from datetime import timedelta

from care.rules.errors import InvalidInput, TooManyRequests
from care.rules.labelled import Labelled
from care.rules.text import tidy

MAX_BYTES = 8 * 1024 * 1024
#: Decoded, a picture of this size takes some 160 MB for a moment.
MAX_PIXELS = 40_000_000
MAX_A_DAY = 9
DAY = timedelta(days=1)
#: The longer side of a preview.
PREVIEW = 320
LONGEST_NAME = 60

_HEIF_BRANDS = (b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1", b"avif", b"avis")


class PictureKind(Labelled):
    JPEG = "jpeg", "JPEG"
    PNG = "png", "PNG"
    WEBP = "webp", "WebP"

    @property
    def content_type(self) -> str:
        return f"image/{self.value}"

    @property
    def ending(self) -> str:
        return "jpg" if self is PictureKind.JPEG else self.value


class GivenBy(Labelled):
    CUSTOMER = "customer", "客户"
    AGENT = "agent", "坐席"


class BadPicture(InvalidInput):
    code, status, default = (
        "bad_picture",
        415,
        "这个文件打不开，可能已损坏。请换一张 JPEG、PNG 或 WebP 图片。",
    )


class PictureTooLarge(InvalidInput):
    code, status, default = "picture_too_large", 413, "图片超过 8 MB，请压缩后再发。"


class TooManyPictures(TooManyRequests):
    code, default = (
        "too_many_pictures",
        f"一天最多发 {MAX_A_DAY} 张图片。还有要补充的，可以用文字说明或转人工。",
    )


def kind_of(head: bytes) -> PictureKind:
    """The kind by the first bytes; what a file calls itself counts for nothing.

    Raises:
        BadPicture: of a kind that is not taken; the text says what to do.
    """
    if head.startswith(b"\xff\xd8\xff"):
        return PictureKind.JPEG
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return PictureKind.PNG
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return PictureKind.WEBP
    if head[4:8] == b"ftyp" and head[8:12] in _HEIF_BRANDS:
        raise BadPicture(
            "暂时不能识别 HEIC 照片。请截图后发送，或在手机“设置 - 相机 - 格式”里选“兼容性最佳”后重拍。"
        )
    if head.startswith(b"GIF8"):
        raise BadPicture("暂时不收动图（GIF），请截图后发送。")
    raise BadPicture("只能发送 JPEG、PNG 或 WebP 图片。")


def check_size(size: int) -> None:
    """Raises `PictureTooLarge`, or `BadPicture` for nothing at all."""
    if size > MAX_BYTES:
        raise PictureTooLarge
    if size == 0:
        raise BadPicture("这个文件是空的，请重新选择图片。")


def check_pixels(width: int, height: int) -> None:
    """Raises `PictureTooLarge`: unpacked it would be far larger than it looks."""
    if width * height > MAX_PIXELS:
        raise PictureTooLarge("图片的像素太多（超过 4000 万），请缩小后再发。")


def shown_name(given: str, kind: PictureKind) -> str:
    """The file's name without folders, control characters and its ending; the kept kind's own ending instead."""
    plain = tidy(given.replace("\\", "/").rsplit("/", 1)[-1][:400])
    stem = plain.rsplit(".", 1)[0] if "." in plain else plain
    stem = "".join(sign for sign in stem if sign.isprintable() and sign not in '"<>|:*?;').strip(" .")
    return f"{stem[:LONGEST_NAME].strip() or '图片'}.{kind.ending}"
