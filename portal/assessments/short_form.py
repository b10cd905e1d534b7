"""The short form of the Readiness Test for visitors (RRT-16): its definition, one person's result, and two people's. Pure.

One band in words for the whole; no score of a part (clinical rules 2.2). Where two people stand to each other is told by
theme as a zone, never by statement, and it is made of two persons' bands alone. Whoever knows the own answers and sees the
other's band and all zones is left with at least two numbers for each answer of the other (CPL-05; the tests try them all).
"""

import json
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from portal.assessments.definition import DefinitionBroken, Questionnaire, Statement, readiness_test
from portal.assessments.joint import Zone, zone_of
from portal.assessments.readiness import (
    FEWEST_SECONDS_PER_ITEM,
    STRAIGHT_LINE_SHARE,
    Band,
    band_of,
    score_short_form,
)
from portal.errors import Invalid
from portal.psychometrics.items import Absent, Answer, Answers, keyed_number_of, number_of, round_half_up
from portal.psychometrics.scoring import Provenance, percent_of_range, tally

SHORT_FORM_FILE = Path(__file__).with_name("instruments") / "short_form.toml"
MOST_NAMED = 3  # statements named on each side of a result: enough to begin with
HELD_FROM, OPEN_TO = 4, 2  # keyed answers that speak for firm ground, and for a talk
LEFT_OUT = "0"


class TooFewAnswers(Invalid):
    """Too little was answered to say anything; `theme_ids` are the themes with more than one statement left out."""

    def __init__(self, theme_ids: tuple[str, ...]) -> None:
        self.theme_ids = theme_ids
        super().__init__("too few answers")


class NoSuchResult(ValueError):
    """A stored or signed text is no result of this form."""


@dataclass(frozen=True, slots=True)
class Theme:
    """Four statements that belong together on the page. `question`: something to ask each other, for a beginning."""

    id: str
    title: str
    question: str
    statements: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class ShortForm:
    """The short form as printed. `fewest_answers_of_theme`: of four, so that no zone ever tells what was left out."""

    id: str
    version: str
    title: str
    test: Questionnaire
    provenance: Provenance
    citation: str
    fewest_answers: int
    fewest_answers_of_theme: int
    themes: tuple[Theme, ...]

    @property
    def statements(self) -> tuple[Statement, ...]:
        """All statements in the order of the page."""
        return tuple(one for theme in self.themes for one in theme.statements)

    def theme(self, theme_id: str) -> Theme:
        """Give one theme. KeyError if there is none."""
        return {one.id: one for one in self.themes}[theme_id]


@dataclass(frozen=True, slots=True)
class Told:
    """What the other person's page may be made of: the band of the whole, and of each theme to find its zone."""

    band: Band
    themes: Mapping[str, Band]


@dataclass(frozen=True, slots=True)
class OwnResult:
    """What the author sees. After straight-line answers `band` is None and nothing is named."""

    band: Band | None
    held: tuple[tuple[Statement, int], ...]
    open: tuple[tuple[Statement, int], ...]
    theme: Theme | None
    answered: int

    @property
    def has_straight_line(self) -> bool:
        """Tell whether a summary would mean nothing."""
        return self.band is None


@dataclass(frozen=True, slots=True)
class ThemeOfTwo:
    """Where two people stand in one theme."""

    theme: Theme
    zone: Zone


@dataclass(frozen=True, slots=True)
class ResultOfTwo:
    """The page for both: the band of each, in the order they were given, and the zone of each theme."""

    a: Band
    b: Band
    zone: Zone
    themes: tuple[ThemeOfTwo, ...]


@cache
def short_form() -> ShortForm:
    """The short form of this version. Reads its file once a process."""
    return load_short_form(SHORT_FORM_FILE.read_text(encoding="utf-8"), readiness_test())


def load_short_form(text: str, test: Questionnaire) -> ShortForm:
    """Make the short form from TOML and the long one. Raises DefinitionBroken."""
    try:
        data = tomllib.loads(text)
        form = _form(data["short_form"], data["themes"], test)
    except tomllib.TOMLDecodeError as broken:
        raise DefinitionBroken(f"not TOML: {broken}") from broken
    except KeyError as missing:
        raise DefinitionBroken(f"missing: {missing.args[0]}") from missing
    except (TypeError, ValueError) as wrong:
        raise DefinitionBroken(str(wrong)) from wrong
    problems = list(_problems(form))
    if problems:
        raise DefinitionBroken("; ".join(problems))
    return form


def told_of(form: ShortForm, answers: Answers) -> Told:
    """Make what the page for both may use of one person's answers. Raises TooFewAnswers."""
    whole = score_short_form(form.test, answers).band
    bands = {theme.id: _band(form, theme, answers) for theme in form.themes}
    short = tuple(theme_id for theme_id, band in bands.items() if band is None)
    if whole is None or short:
        raise TooFewAnswers(short)
    return Told(whole, {theme_id: band for theme_id, band in bands.items() if band is not None})


def own_result(form: ShortForm, answers: Answers, *, seconds: float | None) -> OwnResult:
    """Make the author's own result: a band in words, and at most three statements on either side, the clearest first.

    `seconds`: from the page to its answers, None if unknown. Raises TooFewAnswers.
    """
    told = told_of(form, answers)
    keyed = [(one, value) for one in form.statements if (value := keyed_number_of(answers, one)) is not None]
    if _has_straight_line(form, answers, seconds=seconds):
        return OwnResult(None, (), (), None, len(keyed))
    held = sorted((pair for pair in keyed if pair[1] >= HELD_FROM), key=lambda pair: -pair[1])[:MOST_NAMED]
    still_open = sorted((pair for pair in keyed if pair[1] <= OPEN_TO), key=lambda pair: pair[1])[:MOST_NAMED]
    return OwnResult(
        band=told.band,
        held=_as_given(held, answers),
        open=_as_given(still_open, answers),
        theme=min(form.themes, key=lambda theme: list(Band).index(told.themes[theme.id])),
        answered=len(keyed),
    )


def result_of_two(form: ShortForm, a: Told, b: Told) -> ResultOfTwo:
    """Make the page for both, from what each has shown and nothing else."""
    return ResultOfTwo(
        a=a.band,
        b=b.band,
        zone=zone_of(a.band, b.band),
        themes=tuple(
            ThemeOfTwo(theme, zone_of(a.themes[theme.id], b.themes[theme.id])) for theme in form.themes
        ),
    )


def packed(form: ShortForm, answers: Answers) -> str:
    """Put answers into one sign for each statement, in the order of the page."""
    numbers = (number_of(answers, one) for one in form.statements)
    return "".join(LEFT_OUT if value is None else str(value) for value in numbers)


def unpacked(form: ShortForm, text: str) -> dict[str, Answer]:
    """Read answers from such a text. Raises NoSuchResult for anything that `packed` does not make."""
    if len(text) != len(form.statements):
        raise NoSuchResult("another number of answers")
    allowed = {str(value): value for value in range(1, len(form.test.anchors) + 1)}
    if not set(text) <= {LEFT_OUT, *allowed}:
        raise NoSuchResult("not an answer")
    return {
        one.id: allowed.get(sign, Absent.NOT_ANSWERED)
        for one, sign in zip(form.statements, text, strict=True)
    }


def told_as_text(told: Told) -> str:
    """Put into JSON what is kept for the other person's page."""
    return json.dumps(
        {"band": told.band.value, "themes": {key: one.value for key, one in told.themes.items()}}
    )


def told_from_text(form: ShortForm, text: str) -> Told:
    """Read it back. Raises NoSuchResult for anything else."""
    try:
        data = json.loads(text)
        told = Told(Band(data["band"]), {key: Band(value) for key, value in data["themes"].items()})
    except (ValueError, KeyError, TypeError, AttributeError) as wrong:
        raise NoSuchResult("not what a result tells") from wrong
    if set(told.themes) != {theme.id for theme in form.themes}:
        raise NoSuchResult("other themes")
    return told


def _band(form: ShortForm, theme: Theme, answers: Answers) -> Band | None:
    summed = tally(theme.statements, answers, least=form.fewest_answers_of_theme)
    if summed.total is None:
        return None
    return band_of(form.test, round_half_up(percent_of_range(theme.statements, summed.total)))


def _has_straight_line(form: ShortForm, answers: Answers, *, seconds: float | None) -> bool:
    """As in the long form: nine of ten answers the same, or under two seconds for each (clinical rules 2.3)."""
    given = Counter(value for one in form.statements if (value := number_of(answers, one)) is not None)
    if seconds is not None and seconds < FEWEST_SECONDS_PER_ITEM * given.total():
        return True
    return max(given.values(), default=0) >= STRAIGHT_LINE_SHARE * given.total()


def _as_given(pairs: Iterable[tuple[Statement, int]], answers: Answers) -> tuple[tuple[Statement, int], ...]:
    given = ((one, number_of(answers, one)) for one, _keyed in pairs)
    return tuple((one, value) for one, value in given if value is not None)


def _form(head: Mapping[str, Any], themes: Sequence[Mapping[str, Any]], test: Questionnaire) -> ShortForm:
    by_id = {one.id: one for one in test.short_form}
    return ShortForm(
        id=head["id"],
        version=head["version"],
        title=head["title"],
        test=test,
        provenance=Provenance(head["provenance"]),
        citation=head["citation"],
        fewest_answers=head["fewest_answers"],
        fewest_answers_of_theme=head["fewest_answers_of_theme"],
        themes=tuple(
            Theme(one["id"], one["title"], one["question"], tuple(by_id[item] for item in one["statements"]))
            for one in themes
        ),
    )


def _problems(form: ShortForm) -> Iterator[str]:
    ids = [one.id for one in form.statements]
    if sorted(ids) != sorted(one.id for one in form.test.short_form):
        yield "themes: not every statement of the short form exactly once"
    yield from (f"{one.id}: protected" for one in form.statements if one.is_protected)
    for theme in form.themes:
        if not theme.title or not theme.question:
            yield f"{theme.id}: no words"
        if len(theme.statements) <= form.fewest_answers_of_theme:
            yield f"{theme.id}: nothing of it may be left out"
