"""Words in a stranger's text that a therapist should not overlook. Pure: a list, no judgement, no score.

Only the therapist's page marks them. The visitor sees the standing notice about help, whatever was written.
"""

import re
from typing import NamedTuple

# Our own list, from the themes of common screening questions: suicide, self-harm, violence, coercion, children at risk.
# Stems: whatever letters follow belong to the word. It is meant to catch too much rather than too little.
STEMS = (
    "suicid", "kill my", "kill him", "kill her", "kill them", "killing my", "end my life", "end it all", "take my own life",
    "want to die", "wish i was dead", "wish i were dead", "better off dead", "better off without me", "no reason to live",
    "self-harm", "self harm", "selfharm", "hurt myself", "hurting myself", "harm myself", "harming myself", "cut myself",
    "cutting myself", "overdose", "hits me", "hit me", "hitting me", "beats me", "beat me", "beating me", "chokes me",
    "choked me", "strangle", "strangling", "strangled", "threaten", "afraid of him", "afraid of her", "afraid of them",
    "afraid of my", "scared of him", "scared of her", "scared of my", "frightened of", "abus", "violen", "assault", "rape",
    "forced me", "forces me", "weapon", "gun", "knife", "stalk", "not safe", "unsafe", "hurt the child", "hurts the child",
    "hit the child", "hits the child",
)  # fmt: skip
_PATTERN = "|".join(r"\s+".join(map(re.escape, stem.split(" "))) for stem in STEMS)
_FOUND = re.compile(rf"(?<!\w)(?:{_PATTERN})\w*", re.IGNORECASE)


class Piece(NamedTuple):
    """A stretch of the text, and whether it is one of the words."""

    text: str
    is_marked: bool


def mark_words(text: str) -> list[Piece]:
    """Cut a text into pieces that together are the text again. Linear in its length."""
    pieces, last = [], 0
    for found in _FOUND.finditer(text):
        pieces += [Piece(text[last : found.start()], False), Piece(found.group(), True)]
        last = found.end()
    pieces.append(Piece(text[last:], False))
    return [piece for piece in pieces if piece.text]


def has_marked(text: str) -> bool:
    """Tell whether one of the words is there."""
    return _FOUND.search(text) is not None
