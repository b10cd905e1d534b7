"""Pictures from outside: decoded to their pixels and written anew, so that nothing else of the file is left (FIL-01).

What a camera or a hostile hand put beside the pixels (place, comments, profiles, a second file behind the first) is not
copied. One picture is decoded at a time in each process, so that a hundred uploads at once cost time and not memory.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from io import BytesIO
from threading import Lock

from PIL import Image, ImageFile, ImageOps, UnidentifiedImageError
from sqlalchemy.orm import Session

from portal.errors import Conflict, Invalid
from portal.files.models import Picture
from portal.files.store import put_blob
from portal.security.crypto import Owner

MOST_BYTES = 10 * 1024 * 1024  # security.md INP-02
MOST_PIXELS = 40_000_000  # security.md FIL-01
LONGEST_EDGE = 2000  # our choice: sharp across 72 rem on a screen of twice the density, about 400 KB
JPEG_QUALITY = 84
WEBP_QUALITY = 86
WAIT_SECONDS = 20
FORMATS = ("JPEG", "PNG", "WEBP")
HEIC_BRANDS = (b"heic", b"heix", b"hevc", b"mif1", b"msf1", b"avif", b"avis")
Image.MAX_IMAGE_PIXELS = MOST_PIXELS
_one_at_a_time = Lock()


class Flaw(StrEnum):
    """What is wrong with a file that should be a picture."""

    EMPTY = "empty"
    TOO_LARGE = "too_large"
    DRAWING = "drawing"
    PHONE_FORMAT = "phone_format"
    NO_PICTURE = "no_picture"
    TOO_MANY_PIXELS = "too_many_pixels"
    BROKEN = "broken"


class PictureRefused(Invalid):
    """The file cannot become a picture here; `flaw` says why."""

    def __init__(self, flaw: Flaw) -> None:
        super().__init__(flaw)
        self.flaw = flaw


class PicturesBusy(Conflict):
    """Other pictures are being read, for longer than anybody should wait."""


@dataclass(frozen=True, slots=True)
class Pixels:
    """A picture written anew. Sizes in pixels."""

    content: bytes
    media_type: str
    width: int
    height: int


def reencode(content: bytes) -> Pixels:
    """Decode a JPEG, PNG or WebP and write it anew: upright, at most 2000 pixels a side, the first frame, nothing else.

    Transparent ones become WebP, all others JPEG, which every reader of links can show.
    Cost: at most about two seconds and 350 MB, one at a time in each process.
    Raises PictureRefused, PicturesBusy.
    """
    _look(content)
    if not _one_at_a_time.acquire(timeout=WAIT_SECONDS):
        raise PicturesBusy
    try:
        with _nothing_made_up(), _opened(content) as image:
            return _written(_upright(image))
    except (OSError, SyntaxError, ValueError, MemoryError, EOFError) as error:
        raise PictureRefused(Flaw.BROKEN) from error
    finally:
        _one_at_a_time.release()


def add_picture(session: Session, owner: Owner, pixels: Pixels) -> Picture:
    """Store a picture that `reencode` made, encrypted with the owner's key. Two inserts."""
    blob = put_blob(session, owner, pixels.content)
    picture = Picture(
        blob_id=blob.id, media_type=pixels.media_type, width=pixels.width, height=pixels.height, blob=blob
    )
    session.add(picture)
    session.flush()
    return picture


def _look(content: bytes) -> None:
    """Refuse by the first bytes what is no picture of ours, with a word for what it seems to be."""
    if not content:
        raise PictureRefused(Flaw.EMPTY)
    if len(content) > MOST_BYTES:
        raise PictureRefused(Flaw.TOO_LARGE)
    head = content[:512]
    is_ours = head.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")) or (
        head.startswith(b"RIFF") and head[8:12] == b"WEBP"
    )
    if is_ours:
        return
    if b"<svg" in head.lower():
        raise PictureRefused(Flaw.DRAWING)
    is_heic = head[4:8] == b"ftyp" and any(brand in head[8:32] for brand in HEIC_BRANDS)
    raise PictureRefused(Flaw.PHONE_FORMAT if is_heic else Flaw.NO_PICTURE)


@contextmanager
def _nothing_made_up() -> Iterator[None]:
    """Refuse what ends too soon: WeasyPrint, once imported, lets its whole process fill the rest with grey."""
    before = ImageFile.LOAD_TRUNCATED_IMAGES
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    try:
        yield
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = before


def _opened(content: bytes) -> Image.Image:
    try:
        image = Image.open(BytesIO(content), formats=FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise PictureRefused(Flaw.TOO_MANY_PIXELS) from error
    except UnidentifiedImageError as error:
        raise PictureRefused(Flaw.BROKEN) from error
    if image.width * image.height > MOST_PIXELS:
        image.close()
        raise PictureRefused(Flaw.TOO_MANY_PIXELS)
    return image


def _upright(image: Image.Image) -> Image.Image:
    """Decode the first frame as small as it may be, turned as the camera was held."""
    if image.format in {"JPEG", "MPO"}:
        image.draft("RGB", (LONGEST_EDGE, LONGEST_EDGE))
    image.load()
    is_clear = image.has_transparency_data
    turned = ImageOps.exif_transpose(image)
    plain = turned.convert("RGBA" if is_clear else "RGB")
    plain.thumbnail((LONGEST_EDGE, LONGEST_EDGE), Image.Resampling.LANCZOS)
    return plain


def _written(image: Image.Image) -> Pixels:
    """Write pixels only: a new image has no place for what the old one carried along."""
    bare = Image.frombytes(image.mode, image.size, image.tobytes())
    out = BytesIO()
    if image.mode == "RGBA":
        bare.save(out, "WEBP", quality=WEBP_QUALITY)
        return Pixels(out.getvalue(), "image/webp", *image.size)
    bare.save(out, "JPEG", quality=JPEG_QUALITY, optimize=True, progressive=True)
    return Pixels(out.getvalue(), "image/jpeg", *image.size)
