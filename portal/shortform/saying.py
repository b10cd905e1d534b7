"""Results of the short test in words, in the reader's language. No number, no verdict, no comparison of two people."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from flask_babel import gettext as _

from portal.assessments.definition import Statement
from portal.assessments.drawing import band_word, zone_word
from portal.assessments.joint import Zone
from portal.assessments.map_view import Lane, MapView
from portal.assessments.readiness import Band
from portal.assessments.saying import answer_words, say
from portal.assessments.short_form import (
    NoSuchResult,
    OwnResult,
    ResultOfTwo,
    ShortForm,
    Told,
    told_from_text,
    unpacked,
)
from portal.assessments.wording import ZONE_WORDS, Words
from portal.shortform.rules import Place
from portal.shortform.service import Finished

_BANDS = list(Band)
_FURTHER = {Zone.SEEN_DIFFERENTLY, Zone.BOTH_SEE_ROOM}


@dataclass(frozen=True, slots=True)
class Named:
    """A statement, and what was answered to it."""

    text: str
    answer: str


@dataclass(frozen=True, slots=True)
class OwnWords:
    """One's own result. Without a `band` only `sentence` is shown. `steps`: the four bands, and which of them it is."""

    sentence: str
    band: str
    steps: tuple[tuple[str, bool], ...]
    held: tuple[Named, ...]
    open: tuple[Named, ...]
    theme: str
    question: str


@dataclass(frozen=True, slots=True)
class ThemeWords:
    """Where two people stand in one theme. `question`: something to begin with, where there is something to talk over."""

    title: str
    zone: str
    zone_word: str
    sentence: str
    question: str


@dataclass(frozen=True, slots=True)
class WordsForTwo:
    """The page for both. `map`: one line with the two bands of the whole."""

    map: MapView
    sentence: str
    themes: tuple[ThemeWords, ...]


def own_words(form: ShortForm, own: OwnResult) -> OwnWords:
    """Say one person's result to its author."""
    if own.band is None:
        return OwnWords(say(Words.OWN_STRAIGHT_LINE), "", (), (), (), "", "")
    return OwnWords(
        sentence=band_sentence(own.band),
        band=band_word(own.band),
        steps=tuple((band_word(band), band is own.band) for band in Band),
        held=_named(form, own.held),
        open=_named(form, own.open),
        theme=str(_(own.theme.title)) if own.theme else "",
        question=str(_(own.theme.question)) if own.theme else "",
    )


def band_sentence(band: Band) -> str:
    """Say the band of the whole in a sentence."""
    sentences = {
        Band.EARLY_CONVERSATIONS: _(
            "You describe the conversations about your life together as just beginning. That is a common starting point."
        ),
        Band.TAKING_SHAPE: _(
            "Some of what matters for your life together has been talked through, some is still open."
        ),
        Band.WELL_UNDER_WAY: _(
            "Much of what matters for your life together is already spoken about and lived."
        ),
        Band.FIRM_GROUND: _(
            "You describe your conversations as something you can lean on. Worth protecting: the moments in which you have them."
        ),
    }
    return str(sentences[band])


def words_for_two(result: ResultOfTwo, names: tuple[str, str]) -> WordsForTwo:
    """Say the page for both. `names`: who is meant by the first and by the second, as the reader would say."""
    lane = Lane(
        domain_id="whole",
        title=str(_("Altogether")),
        a_step=_BANDS.index(result.a),
        b_step=_BANDS.index(result.b),
        a_word=band_word(result.a),
        b_word=band_word(result.b),
        zone=result.zone.value,
        zone_word=zone_word(result.zone),
        sentence=f"{names[0]}: {band_word(result.a)}. {names[1]}: {band_word(result.b)}.",
    )
    return WordsForTwo(
        map=MapView(names[0], names[1], tuple(map(band_word, Band)), (lane,), ()),
        sentence=say(ZONE_WORDS[result.zone]),
        themes=tuple(
            ThemeWords(
                title=str(_(one.theme.title)),
                zone=one.zone.value,
                zone_word=zone_word(one.zone),
                sentence=say(ZONE_WORDS[one.zone]),
                question=str(_(one.theme.question)) if one.zone in _FURTHER else "",
            )
            for one in result.themes
        ),
    )


def names_for(place: Place) -> tuple[str, str]:
    """Name the two for one of them: the first person always has the circle, the second the diamond."""
    you, other = str(_("You")), str(_("Your partner"))
    return (you, other) if place is Place.FIRST else (other, you)


def read_finished(form: ShortForm, text: str) -> tuple[Finished, Told]:
    """Read what `Finished.as_text` made. Raises NoSuchResult for anything else, and for another version of the form."""
    try:
        data = json.loads(text)
        if data["version"] != form.version:
            raise NoSuchResult("another version")
        finished = Finished(unpacked(form, data["answers"]), data["seconds"])
        return finished, told_from_text(form, data["told"])
    except (ValueError, KeyError, TypeError) as wrong:
        raise NoSuchResult("not a finished test") from wrong


def _named(form: ShortForm, pairs: Sequence[tuple[Statement, int]]) -> tuple[Named, ...]:
    return tuple(Named(str(_(one.text)), answer_words(form.test, one, value)) for one, value in pairs)
