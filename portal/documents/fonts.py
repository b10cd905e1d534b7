"""The fonts that go into a PDF: which files there are, what they can draw, and plain files made of them.

The shipped files are variable and compressed for browsers. On paper each weight is cut out once a process and kept,
because the renderer would do it again for each document (a third of its time), and by the system's own rules, so that
weights would differ between machines.
"""

import io
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from fontTools.ttLib import TTFont  # type: ignore[import-untyped]
from fontTools.varLib.instancer import instantiateVariableFont  # type: ignore[import-untyped]

FOLDER = Path(__file__).resolve().parents[2] / "static" / "fonts"


@dataclass(frozen=True, slots=True)
class Face:
    """One family in one weight and one part of the alphabet; `name` is the address under which it is served."""

    family: str
    part: str
    weight: int

    @property
    def stem(self) -> str:
        """Return the shipped file's name without its ending."""
        return f"{self.family.lower().replace(' ', '-')}-{self.part}-wght-normal"

    @property
    def css_family(self) -> str:
        """Return the family's name in the stylesheet, one a part: the renderer mixes up files of one family and weight."""
        return self.family if self.part == "latin" else f"{self.family} {self.part}"

    @property
    def name(self) -> str:
        """Return the name under which the stylesheet asks for this face."""
        return f"{self.stem}-{self.weight}.ttf"


def _faces(family: str, weights: tuple[int, ...], parts: tuple[str, ...]) -> tuple[Face, ...]:
    return tuple(Face(family, part, weight) for part in parts for weight in weights)


# Hanken Grotesk has no Cyrillic letters but a few rare ones: the stylesheet names Brygada next, which has them all.
FACES = (
    *_faces("Brygada 1918", (400, 600), ("latin", "latin-ext", "cyrillic", "cyrillic-ext")),
    *_faces("Hanken Grotesk", (400, 700), ("latin", "latin-ext", "cyrillic-ext")),
)
NAMED_FACES = {face.name: face for face in FACES}
INVISIBLE = frozenset(map(ord, "\t\n\r\u200c\u200d\u200e\u200f\ufe0e\ufe0f"))


@cache
def code_points(stem: str) -> frozenset[int]:
    """Return what a shipped file can draw, so that only the files which a text needs are opened. Read once a process."""
    with TTFont(FOLDER / f"{stem}.woff2", lazy=True) as font:
        return frozenset(font.getBestCmap())


@cache
def font_file(name: str) -> bytes:
    """Return a face as a plain TrueType file for the renderer. Takes 0.1 to 0.5 s the first time in a process.

    Raises KeyError for any name that is not one of the shipped faces.
    """
    face = NAMED_FACES[name]
    with TTFont(FOLDER / f"{face.stem}.woff2", recalcTimestamp=False) as variable:
        font = instantiateVariableFont(variable, {"wght": face.weight}, static=True)
        font.flavor = None
        out = io.BytesIO()
        font.save(out)
    return out.getvalue()


def faces_for(text: str) -> tuple[Face, ...]:
    """Choose the faces that can draw a text: always the Latin ones, the others only where a character asks for them."""
    characters = set(map(ord, text))
    latin = {face.family: code_points(face.stem) for face in FACES if face.part == "latin"}
    return tuple(
        face
        for face in FACES
        if face.part == "latin" or (characters - latin[face.family]) & code_points(face.stem)
    )


def font_face_rules(text: str) -> str:
    """Write the `@font-face` rules for a text, addressed as `asset:<name>`."""
    return "".join(
        f'@font-face{{font-family:"{face.css_family}";font-weight:{face.weight};src:url("asset:{face.name}")}}'
        for face in faces_for(text)
    )


def missing_glyphs(text: str) -> set[str]:
    """Return the characters no shipped font can draw, so that a preview can name them before anyone prints a blank box.

    On paper they come from whatever fonts the machine has, and are empty boxes where it has none.
    """
    drawable = frozenset[int]().union(*(code_points(face.stem) for face in FACES))
    return {character for character in text if ord(character) not in drawable | INVISIBLE}
