from __future__ import annotations

import pytest

from care.rules.pictures import (
    MAX_BYTES,
    MAX_PIXELS,
    BadPicture,
    PictureKind,
    PictureTooLarge,
    check_pixels,
    check_size,
    kind_of,
    shown_name,
)


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"\xff\xd8\xff\xe0", PictureKind.JPEG),
        (b"\x89PNG\r\n\x1a\n", PictureKind.PNG),
        (b"RIFF\0\0\0\0WEBPVP8 ", PictureKind.WEBP),
    ],
)
def test_the_first_bytes_tell_the_kind(head: bytes, kind: PictureKind) -> None:
    assert kind_of(head) is kind


@pytest.mark.parametrize(
    ("head", "advice"),
    [
        (b"\0\0\0\x18ftypheic", "HEIC"),
        (b"\0\0\0\x18ftypmif1", "HEIC"),
        (b"GIF89a", "截图"),
        (b"RIFF\0\0\0\0AVI ", "JPEG、PNG 或 WebP"),
        (b"MZ\x90\0", "JPEG、PNG 或 WebP"),
        (b"", "JPEG、PNG 或 WebP"),
    ],
)
def test_another_kind_is_refused_with_what_to_do(head: bytes, advice: str) -> None:
    with pytest.raises(BadPicture, match=advice):
        kind_of(head)


def test_sizes_at_the_border() -> None:
    check_size(MAX_BYTES)
    check_pixels(MAX_PIXELS, 1)
    with pytest.raises(PictureTooLarge):
        check_size(MAX_BYTES + 1)
    with pytest.raises(PictureTooLarge):
        check_pixels(MAX_PIXELS + 1, 1)
    with pytest.raises(BadPicture):
        check_size(0)


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("IMG_0001.HEIC.jpg", "IMG_0001.HEIC.jpg"),
        ("../../etc/passwd", "passwd.jpg"),
        (r"C:\Users\张三\破损.png", "破损.jpg"),
        ('a"<b>|?*:c;.jpeg', "abc.jpg"),
        ("\u202egnp.exe", "gnp.jpg"),
        (".jpg", "图片.jpg"),
        ("   ", "图片.jpg"),
        ("", "图片.jpg"),
        ("长" * 300 + ".jpg", "长" * 60 + ".jpg"),
    ],
)
def test_a_name_is_only_a_name(given: str, shown: str) -> None:
    assert shown_name(given, PictureKind.JPEG) == shown
