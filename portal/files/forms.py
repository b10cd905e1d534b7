"""How forms talk about files that are sent along."""

from flask_babel import lazy_gettext as _l

from portal.files.pictures import Flaw

FORM_BYTES = 64 * 1024  # what stands around a file in a form (security.md INP-02)
FLAWS = {
    Flaw.EMPTY: _l("Please choose a file."),
    Flaw.TOO_LARGE: _l("This file is larger than 10 MB. Please make it smaller first."),
    Flaw.DRAWING: _l("Drawings (SVG) can carry programs and are not taken. Please save it as PNG first."),
    Flaw.PHONE_FORMAT: _l("This is a phone’s own format (HEIC or AVIF). Please save or send it as JPEG first."),
    Flaw.NO_PICTURE: _l("This is no picture that can be shown here. JPEG, PNG and WebP are."),
    Flaw.TOO_MANY_PIXELS: _l("This picture has more than 40 million pixels. Please make it smaller first."),
    Flaw.BROKEN: _l("This picture is damaged or not whole. Please save it once more, or choose another one."),
}  # fmt: skip
