"""Results of one questionnaire over time: for its author in words, for the therapist with figures and a drawing."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from portal.couples.models import Couple, Partner
from portal.measures.definition import keys
from portal.measures.models import MeasureFigures
from portal.measures.queries import Sat, with_figures
from portal.measures.saying import (
    band_words,
    figure,
    own_band_words,
    own_change_words,
    scale_words,
    status_words,
)
from portal.psychometrics.instrument import Instrument
from portal.psychometrics.results import Judgement, ScaleScore, first_and_previous, judge
from portal.psychometrics.trend import FEWEST_FOR_WORDS, Line, tendency, theil_sen

WIDTH, HEIGHT = 640, 200
LEFT, RIGHT, TOP, BOTTOM = 44, 16, 16, 28
SECONDS_A_DAY = 86_400


@dataclass(frozen=True, slots=True)
class OwnLine:
    """One scale on its author's own page."""

    title: str
    figure: str
    words: str
    answered: str
    has_figure: bool


@dataclass(frozen=True, slots=True)
class OwnStory:
    """What a sitting says to its author. `change`: since the start; `started_at`: when that was."""

    lines: tuple[OwnLine, ...]
    change: str
    started_at: datetime | None
    needs_help: bool


@dataclass(frozen=True, slots=True)
class Point:
    """One sitting in a drawing; `y` is None where there is no figure, so that the line breaks."""

    x: float
    y: float | None
    is_provisional: bool


@dataclass(frozen=True, slots=True)
class Level:
    """A horizontal mark in a drawing: where a band begins, or the end of the scale."""

    y: float
    label: str
    is_band: bool


@dataclass(frozen=True, slots=True)
class Drawing:
    """A line over time. `runs`: unbroken stretches as the points of an SVG line; `said`: all figures as words."""

    points: tuple[Point, ...]
    runs: tuple[str, ...]
    levels: tuple[Level, ...]
    first_at: datetime
    last_at: datetime
    said: str


@dataclass(frozen=True, slots=True)
class Row:
    """One sitting of one scale in the table beside the drawing."""

    scored_at: datetime
    figure: str
    band: str
    answered: str
    is_provisional: bool
    response_id: UUID


@dataclass(frozen=True, slots=True)
class Course:
    """One scale of one questionnaire of one person, over time. Partners are judged each alone."""

    key: Instrument
    scale_id: str
    title: str
    rows: tuple[Row, ...]
    drawing: Drawing | None
    since_first: Judgement | None
    since_previous: Judgement | None
    line: Line | None
    tendency: int | None


@dataclass(frozen=True, slots=True)
class PersonHistory:
    """Everything of one person."""

    partner: Partner
    courses: tuple[Course, ...]
    watched: tuple[Sat, ...]


def own_story(key: Instrument, sats: Sequence[Sat]) -> OwnStory:
    """Say what the last of one's own sittings comes to."""
    now = sats[-1]
    lines = tuple(
        OwnLine(
            scale_words(one.scale_id),
            figure(key, one),
            own_band_words(one.band),
            status_words(one),
            one.headline is not None,
        )
        for one in now.result.scales
    )
    first = next((sat for sat in sats[:-1] if judge(key, sat.result.main, now.result.main)), None)
    judged = judge(key, first.result.main, now.result.main) if first else None
    words = own_change_words(key, judged.direction) if judged else ""
    started_at = first.score.scored_at if first and words else None
    return OwnStory(lines, words, started_at, now.result.has_watched_answer)


def histories(
    couple: Couple, sats: Iterable[Sat], figures: dict[str, MeasureFigures]
) -> tuple[PersonHistory, ...]:
    """Put a couple's results in order, by person and questionnaire. `sats`: the oldest first."""
    by_key: dict[tuple[UUID, str], list[Sat]] = {}
    for sat in sats:
        by_key.setdefault((sat.score.person_id, sat.score.key_id), []).append(sat)
    found = []
    for partner in couple.partners:
        mine = [
            (with_figures(key, figures), by_key[partner.person_id, key.id])
            for key in keys().values()
            if (partner.person_id, key.id) in by_key
        ]
        courses = tuple(
            course_of(key, scale.id, own)
            for key, own in mine
            for scale in key.scales
        )  # fmt: skip
        watched = tuple(sat for key, own in mine if key.watched for sat in reversed(own))
        found.append(PersonHistory(partner, courses, watched))
    return tuple(found)


def course_of(key: Instrument, scale_id: str, sats: Sequence[Sat]) -> Course:
    """Follow one scale over one person's sittings, the oldest first."""
    scores = [next(one for one in sat.result.scales if one.scale_id == scale_id) for sat in sats]
    first, previous = first_and_previous(scores)
    points = [
        ((sat.score.scored_at - sats[0].score.scored_at).total_seconds() / SECONDS_A_DAY, one.headline)
        for sat, one in zip(sats, scores, strict=True)
        if one.headline is not None
    ]
    return Course(
        key=key,
        scale_id=scale_id,
        title=scale_words(scale_id) if len(key.scales) > 1 else "",
        rows=tuple(_row(key, sat, one) for sat, one in zip(sats, scores, strict=True))[::-1],
        drawing=_drawing(key, sats, scores) if len(points) > 1 else None,
        since_first=judge(key, first, scores[-1]),
        since_previous=judge(key, previous, scores[-1]) if previous is not first else None,
        line=theil_sen(points) if len(points) >= FEWEST_FOR_WORDS else None,
        tendency=tendency(points),
    )


def _row(key: Instrument, sat: Sat, one: ScaleScore) -> Row:
    return Row(
        sat.score.scored_at, figure(key, one), band_words(one.band), status_words(one), bool(one.flags), sat.score.response_id
    )  # fmt: skip


def _drawing(key: Instrument, sats: Sequence[Sat], scores: Sequence[ScaleScore]) -> Drawing:
    """Draw on fixed axes: the whole scale from bottom to top, more always higher; a gap stays a gap."""
    low, high = key.span
    first_at, last_at = sats[0].score.scored_at, sats[-1].score.scored_at
    whole = max((last_at - first_at).total_seconds(), 1)

    def y_of(value: float) -> float:
        return round(HEIGHT - BOTTOM - (value - low) / (high - low) * (HEIGHT - TOP - BOTTOM), 1)

    points = tuple(
        Point(
            round(LEFT + (sat.score.scored_at - first_at).total_seconds() / whole * (WIDTH - LEFT - RIGHT), 1),
            None if one.headline is None else y_of(one.headline),
            bool(one.flags),
        )
        for sat, one in zip(sats, scores, strict=True)
    )  # fmt: skip
    ends = [Level(y_of(value), f"{value:g}", is_band=False) for value in (low, high)]
    bands = [Level(y_of(one.value), f"{one.value:g}", is_band=True) for one in key.bands[1:]]
    said = ", ".join(figure(key, one) for one in scores)
    return Drawing(points, _runs(points), tuple(ends + bands), first_at, last_at, said)


def _runs(points: Iterable[Point]) -> tuple[str, ...]:
    runs: list[list[str]] = [[]]
    for one in points:
        if one.y is None:
            runs.append([])
        else:
            runs[-1].append(f"{one.x},{one.y}")
    return tuple(" ".join(run) for run in runs if len(run) > 1)
