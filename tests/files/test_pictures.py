"""Pictures from outside: only pixels get in, whatever the file was called or carried."""

import random
import struct
import time
import zlib
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from PIL import Image, ImageFile, PngImagePlugin
from sqlalchemy.orm import Session

from portal.files.pictures import MOST_BYTES, Flaw, PictureRefused, Pixels, add_picture, reencode
from portal.files.store import read_blob
from portal.security.crypto import Owner, OwnerKind

SECRET = b"Qanarplace 51.4545N"
SIZES = [("JPEG", "RGB"), ("JPEG", "L"), ("JPEG", "CMYK"), ("PNG", "RGB"), ("PNG", "P"), ("PNG", "I;16"), ("WEBP", "RGB")]  # fmt: skip


def picture(kind: str, mode: str = "RGB", size: tuple[int, int] = (60, 40), **how: Any) -> bytes:
    out = BytesIO()
    Image.new(mode, size).save(out, kind, **how)
    return out.getvalue()


def chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def huge_png(width: int, height: int) -> bytes:
    """Claims millions of pixels in a few hundred bytes."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"\0" * 4096)) + chunk(b"IEND", b"")


def shown(pixels: Pixels) -> Image.Image:
    return Image.open(BytesIO(pixels.content))


@pytest.mark.parametrize(("kind", "mode"), SIZES)
def test_what_cameras_and_programs_make_gets_in(kind: str, mode: str) -> None:
    made = reencode(picture(kind, mode))
    assert (made.media_type, made.width, made.height) == ("image/jpeg", 60, 40)
    assert shown(made).format == "JPEG"


def test_what_is_clear_stays_clear() -> None:
    made = reencode(picture("PNG", "RGBA"))
    assert made.media_type == "image/webp" and shown(made).mode == "RGBA"


def test_a_large_one_becomes_small_enough_and_keeps_its_shape() -> None:
    made = reencode(picture("JPEG", size=(5000, 2500)))
    assert (made.width, made.height) == (2000, 1000)


def test_a_camera_held_upright_makes_an_upright_picture() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    made = reencode(picture("JPEG", size=(60, 40), exif=exif))
    assert (made.width, made.height) == (40, 60)


def test_nothing_but_pixels_is_kept() -> None:
    exif = Image.Exif()
    exif[0x010E], exif[0x9286] = SECRET.decode(), "<script>Qanar</script>"
    exif.get_ifd(0x8825)[2] = (51.0, 27.0, 16.0)
    notes = PngImagePlugin.PngInfo()
    notes.add_text("Comment", SECRET.decode())
    files = (
        picture("JPEG", exif=exif, icc_profile=SECRET * 100, comment=SECRET),
        picture("PNG", exif=exif, icc_profile=SECRET * 100, pnginfo=notes),
        picture("WEBP", exif=exif, icc_profile=SECRET * 100, xmp=SECRET),
        picture("JPEG") + b"<script>Qanar</script>" + SECRET,
        picture("PNG") + b"PK\x03\x04" + SECRET,
    )
    for content in files:
        made = reencode(content)
        assert b"Qanar" in content or b"\0\0\0" in content
        assert b"Qanar" not in made.content and b"Exif" not in made.content
        assert not shown(made).getexif() and "icc_profile" not in shown(made).info


def test_what_ends_too_soon_is_refused_also_where_pdfs_are_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        ImageFile, "LOAD_TRUNCATED_IMAGES", True
    )  # as WeasyPrint leaves it for its whole process
    with pytest.raises(PictureRefused):
        reencode(picture("JPEG", size=(400, 400))[:-300])
    assert ImageFile.LOAD_TRUNCATED_IMAGES


def test_of_moving_pictures_the_first_frame_is_taken() -> None:
    frames = [Image.new("RGB", (20, 20), (n, 0, 0)) for n in (255, 0, 0)]
    for kind in ("PNG", "WEBP"):
        out = BytesIO()
        frames[0].save(out, kind, save_all=True, append_images=frames[1:], lossless=True)
        red: Any = shown(reencode(out.getvalue())).getpixel((5, 5))
        assert red[0] > 240


@pytest.mark.parametrize(
    ("content", "flaw"),
    [
        (b"", Flaw.EMPTY),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>", Flaw.DRAWING),
        (b"<?xml version='1.0'?>\n<SVG onload='x'/>", Flaw.DRAWING),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", Flaw.PHONE_FORMAT),
        (b"<!doctype html><title>a.png</title>", Flaw.NO_PICTURE),
        (b"GIF89a/*" + b"\0" * 40 + b"*/=1;alert(1)", Flaw.NO_PICTURE),
        (b"II*\0" + b"\0" * 64, Flaw.NO_PICTURE),
        (b"BM" + b"\0" * 64, Flaw.NO_PICTURE),
        (b"RIFF\x10\0\0\0WEBP", Flaw.BROKEN),
        (b"\xff\xd8\xff\xe0", Flaw.BROKEN),
        (picture("JPEG", size=(400, 400))[:-300], Flaw.BROKEN),
        (picture("PNG", size=(400, 400))[:-200], Flaw.BROKEN),
        (huge_png(50_000, 50_000), Flaw.TOO_MANY_PIXELS),
        (huge_png(8_000, 8_000), Flaw.TOO_MANY_PIXELS),
        (huge_png(6_000, 6_000), Flaw.BROKEN),
        (b"\xff\xd8\xff" + b"\0" * MOST_BYTES, Flaw.TOO_LARGE),
    ],
    ids=lambda value: str(value)[:24],
)
@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_what_is_no_picture_is_refused_with_its_reason(content: bytes, flaw: Flaw) -> None:
    with pytest.raises(PictureRefused) as refusal:
        reencode(content)
    assert refusal.value.flaw is flaw


def test_damaged_files_are_refused_or_harmless_and_quick() -> None:
    dice = random.Random(7)  # noqa: S311 - no secret
    started = time.perf_counter()
    for kind in ("JPEG", "PNG", "WEBP"):
        whole = picture(kind, size=(64, 64))
        for _ in range(60):
            damaged = bytearray(whole)
            for _ in range(dice.randint(1, 12)):
                damaged[dice.randrange(len(damaged))] = dice.randrange(256)
            try:
                reencode(bytes(damaged))
            except PictureRefused:
                continue
    assert time.perf_counter() - started < 20


def test_a_picture_is_stored_sealed(session: Session, tmp_path: Path) -> None:
    made = reencode(picture("PNG"))
    stored = add_picture(session, Owner(OwnerKind.PRACTICE, uuid4()), made)
    assert read_blob(session, stored.blob) == made.content
    files = [path.read_bytes() for path in (tmp_path / "files").rglob("*") if path.is_file()]
    assert files and not any(b"JFIF" in content for content in files)
