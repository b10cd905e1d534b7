"""Read the scoring keys of published questionnaires from their data files; a file that contradicts itself stops the start. Pure.

Every problem of every file is named at once, with file and place.
"""

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from enum import StrEnum
from functools import cache
from math import isfinite
from pathlib import Path
from typing import Any, TypeVar

from portal.psychometrics.instrument import (
    ClientWords,
    Headline,
    Instrument,
    KeyItem,
    Layout,
    Licence,
    Method,
    Precisions,
    Scale,
    Source,
    ThresholdRule,
)
from portal.psychometrics.scoring import Parameter, Provenance

FOLDER = Path(__file__).with_name("keys")
MOST_ITEMS = 60
Word = TypeVar("Word", bound=StrEnum)
HEAD = {
    "id", "version", "params_version", "title", "measures", "minutes", "is_individual", "is_higher_better", "headline",
    "percent_factor", "rounds", "client_words", "licence", "sources", "items", "scales", "bands", "precisions", "cut_off",
    "threshold",
}  # fmt: skip
ITEMS = {"count", "lowest", "highest", "layout", "is_order_free", "source", "ranges", "layouts", "descending", "reversed", "watched"}  # fmt: skip


class KeysBroken(ValueError):
    """Data files are no scoring keys. The text names each file, place and reason."""


@cache
def keys() -> Mapping[str, Instrument]:
    """Read every key that ships, by id: those for both persons first, the shorter ones first. Reads the files once a process.

    Raises KeysBroken.
    """
    found = load_keys({path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.toml")})
    ordered = sorted(found.values(), key=lambda key: (key.is_individual, len(key.items), key.id))
    return {key.id: key for key in ordered}


def load_keys(texts: Mapping[str, str]) -> Mapping[str, Instrument]:
    """Make keys from TOML texts by file name. Raises KeysBroken with everything that is wrong."""
    problems: list[str] = []
    found: dict[str, Instrument] = {}
    for name, text in texts.items():
        reader = _Reader(name, problems)
        key = _load(reader, text)
        if key is None:
            continue
        if f"{key.id}.toml" != name:
            reader.complain("id", f"{key.id} is not the name of the file")
        found[key.id] = key
    if problems:
        raise KeysBroken("\n".join(problems))
    return found


class _Reader:
    """Takes values out of one file and notes what is wrong with them, by place."""

    def __init__(self, name: str, problems: list[str]) -> None:
        self.name, self.problems = name, problems

    def complain(self, place: str, reason: str) -> None:
        self.problems.append(f"{self.name}: {place}: {reason}")

    def table(self, data: Any, place: str, allowed: set[str]) -> Mapping[str, Any]:
        if not isinstance(data, dict):
            self.complain(place, "a table is missing")
            return {}
        for name in sorted(set(data) - allowed):
            self.complain(f"{place}.{name}".strip("."), "unknown")
        return data

    def tables(self, data: Mapping[str, Any], name: str, allowed: set[str]) -> Iterator[tuple[str, Any]]:
        rows = data.get(name, [])
        if not isinstance(rows, list):
            self.complain(name, "a list of tables is missing")
            return
        for number, row in enumerate(rows, start=1):
            place = f"{name}[{number}]"
            yield place, self.table(row, place, allowed)

    def text(self, data: Mapping[str, Any], name: str, place: str) -> str:
        value = data.get(name)
        if not isinstance(value, str) or not value.strip():
            self.complain(f"{place}.{name}".strip("."), "words are missing")
            return ""
        return value

    def whole(self, data: Mapping[str, Any], name: str, place: str, default: int | None = None) -> int:
        value = data.get(name, default)
        if type(value) is not int:
            self.complain(f"{place}.{name}".strip("."), "a whole number is missing")
            return 0
        return value

    def number(self, data: Mapping[str, Any], name: str, place: str) -> float:
        value: Any = data.get(name)
        if type(value) not in {int, float} or not isfinite(value):
            self.complain(f"{place}.{name}".strip("."), "a number is missing")
            return 0.0
        return float(value)

    def truth(self, data: Mapping[str, Any], name: str, place: str, *, default: bool | None = None) -> bool:
        value = data.get(name, default)
        if type(value) is not bool:
            self.complain(f"{place}.{name}".strip("."), "true or false is missing")
        return value is True

    def word(self, data: Mapping[str, Any], name: str, place: str, words: type[Word]) -> Word:
        value = data.get(name)
        if value not in set(words):
            self.complain(f"{place}.{name}".strip("."), f"none of {', '.join(words)}")
            return next(iter(words))
        return words(value)

    def source(self, data: Mapping[str, Any], place: str, sources: Mapping[str, Source]) -> str:
        name = data.get("source")
        if name not in sources:
            self.complain(f"{place}.source", "a number without a source that the file names")
            return ""
        return str(name)

    def numbers(self, data: Mapping[str, Any], place: str, count: int) -> list[int]:
        """Read which items are meant: "1-18", "9, 11" or both."""
        text = data.get("numbers")
        if not isinstance(text, str) or not re.fullmatch(
            r"\s*\d{1,2}(-\d{1,2})?(\s*,\s*\d{1,2}(-\d{1,2})?)*\s*", text
        ):
            self.complain(f"{place}.numbers", 'items are named as in "1-18, 20"')
            return []
        found: list[int] = []
        for part in text.split(","):
            first, _, last = part.strip().partition("-")
            found += range(int(first), int(last or first) + 1)
        if len(set(found)) != len(found):
            self.complain(f"{place}.numbers", "an item is named twice")
        outside = [one for one in found if not 1 <= one <= count]
        if outside:
            self.complain(f"{place}.numbers", f"there is no item {outside[0]}")
        return [one for one in found if 1 <= one <= count]


def _load(reader: _Reader, text: str) -> Instrument | None:
    try:
        data = reader.table(tomllib.loads(text), "", HEAD)
    except (tomllib.TOMLDecodeError, ValueError) as broken:
        reader.complain("file", f"not TOML: {broken}")
        return None
    before = len(reader.problems)
    sources = _sources(reader, data)
    items, watched = _items(reader, data, sources)
    key = Instrument(
        id=reader.text(data, "id", ""),
        version=reader.text(data, "version", ""),
        params_version=reader.text(data, "params_version", ""),
        title=reader.text(data, "title", ""),
        measures=reader.text(data, "measures", ""),
        minutes=reader.whole(data, "minutes", ""),
        is_individual=reader.truth(data, "is_individual", ""),
        is_higher_better=reader.truth(data, "is_higher_better", ""),
        headline=reader.word(data, "headline", "", Headline),
        percent_factor=reader.whole(data, "percent_factor", "", 1),
        rounds=reader.truth(data, "rounds", ""),
        client_words=reader.word(data, "client_words", "", ClientWords),
        items=items,
        is_order_free=reader.truth(reader.table(data.get("items", {}), "items", ITEMS), "is_order_free", "items", default=False),
        scales=_scales(reader, data, items, sources),
        bands=_bands(reader, data, sources),
        cut_off=_cut_off(reader, data, sources),
        precisions=_precisions(reader, data, sources),
        threshold=_threshold(reader, data, sources),
        watched=watched,
        licence=_licence(reader, data),
        sources=sources,
    )  # fmt: skip
    if len(reader.problems) == before:
        _check_whole(reader, key)
    return key if len(reader.problems) == before else None


def _sources(reader: _Reader, data: Mapping[str, Any]) -> dict[str, Source]:
    found = data.get("sources")
    if not isinstance(found, dict) or not found:
        reader.complain("sources", "a table is missing")
        return {}
    made = {}
    for name, row in found.items():
        place = f"sources.{name}"
        row = reader.table(row, place, {"provenance", "citation"})  # noqa: PLW2901 - the same row, checked
        made[name] = Source(
            reader.word(row, "provenance", place, Provenance), reader.text(row, "citation", place)
        )
    return made


def _items(
    reader: _Reader, data: Mapping[str, Any], sources: Mapping[str, Source]
) -> tuple[tuple[KeyItem, ...], dict[str, int]]:
    table = reader.table(data.get("items"), "items", ITEMS)
    count = reader.whole(table, "count", "items")
    if not 1 <= count <= MOST_ITEMS:
        reader.complain("items.count", f"not between 1 and {MOST_ITEMS}")
        return (), {}
    reader.source(table, "items", sources)
    lowest, highest = reader.whole(table, "lowest", "items"), reader.whole(table, "highest", "items")
    layout = reader.word(table, "layout", "items", Layout)
    marks: dict[int, dict[str, Any]] = {number: {} for number in range(1, count + 1)}

    def mark(name: str, of: str, value_of: Callable[[str, Mapping[str, Any]], Any], extra: str = "") -> None:
        allowed = {"numbers", "source", *({extra} if extra else set())}
        for place, row in reader.tables(table, name, allowed):
            reader.source(row, f"items.{place}", sources)
            value = value_of(f"items.{place}", row)
            for number in reader.numbers(row, f"items.{place}", count):
                marks[number][of] = value

    mark("ranges", "highest", lambda place, row: reader.whole(row, "highest", place), "highest")
    mark("layouts", "layout", lambda place, row: reader.word(row, "layout", place, Layout), "layout")
    mark("descending", "is_descending", lambda _place, _row: True)
    mark("reversed", "is_reversed", lambda _place, _row: True)
    mark("watched", "watched_from", lambda place, row: reader.whole(row, "from", place), "from")
    watched = {str(number): marks[number].pop("watched_from") for number in marks if "watched_from" in marks[number]}  # fmt: skip
    items = tuple(
        KeyItem(
            **{"id": str(number), "lowest": lowest, "highest": highest, "layout": layout, **marks[number]}
        )
        for number in marks
    )
    for item in items:
        if item.lowest >= item.highest:
            reader.complain(f"item {item.id}", "its range is empty")
    return items, watched


def _scales(
    reader: _Reader, data: Mapping[str, Any], items: Sequence[KeyItem], sources: Mapping[str, Source]
) -> tuple[Scale, ...]:
    made = []
    for place, row in reader.tables(data, "scales", {"id", "numbers", "least", "method", "source"}):
        numbers = reader.numbers(row, place, len(items))
        scale = Scale(
            id=reader.text(row, "id", place),
            items=tuple(items[number - 1] for number in numbers),
            least=reader.whole(row, "least", place),
            method=reader.word(row, "method", place, Method),
            source=reader.source(row, place, sources),
        )
        if not 1 <= scale.least <= scale.asked:
            reader.complain(f"{place}.least", f"not between 1 and {scale.asked}")
        made.append(scale)
    if not made:
        reader.complain("scales", "there is none")
    return tuple(made)


def _parameter(
    reader: _Reader, row: Mapping[str, Any], place: str, name: str, sources: Mapping[str, Source], *, as_: str = ""
) -> Parameter:  # fmt: skip
    source = sources.get(str(row.get("source")), Source(Provenance.PUBLISHED_UNVERIFIED, ""))
    return Parameter(as_ or name, reader.number(row, name, place), source.provenance, source.citation)


def _bands(reader: _Reader, data: Mapping[str, Any], sources: Mapping[str, Source]) -> tuple[Parameter, ...]:
    made = []
    for place, row in reader.tables(data, "bands", {"id", "from", "source"}):
        reader.source(row, place, sources)
        made.append(_parameter(reader, row, place, "from", sources, as_=reader.text(row, "id", place)))
    floors = [one.value for one in made]
    if floors != sorted(set(floors)):
        reader.complain("bands", "their floors do not rise")
    return tuple(made)


def _cut_off(reader: _Reader, data: Mapping[str, Any], sources: Mapping[str, Source]) -> Parameter | None:
    if "cut_off" not in data:
        return None
    row = reader.table(data["cut_off"], "cut_off", {"value", "source"})
    reader.source(row, "cut_off", sources)
    return _parameter(reader, row, "cut_off", "value", sources, as_="cut_off")


def _precisions(
    reader: _Reader, data: Mapping[str, Any], sources: Mapping[str, Source]
) -> tuple[Precisions, ...]:
    made = []
    for place, row in reader.tables(data, "precisions", {"id", "deviation", "reliability", "source"}):
        reader.source(row, place, sources)
        one = Precisions(
            reader.text(row, "id", place),
            _parameter(reader, row, place, "deviation", sources),
            _parameter(reader, row, place, "reliability", sources),
        )
        if not one.deviation.value > 0 or not 0 <= one.reliability.value <= 1:
            reader.complain(place, "a deviation is above 0, and a reliability lies between 0 and 1")
        made.append(one)
    return tuple(made)


def _threshold(
    reader: _Reader, data: Mapping[str, Any], sources: Mapping[str, Source]
) -> ThresholdRule | None:
    if "threshold" not in data:
        return None
    row = reader.table(data["threshold"], "threshold", {"points", "caseness", "source"})
    reader.source(row, "threshold", sources)
    return ThresholdRule(
        _parameter(reader, row, "threshold", "points", sources),
        _parameter(reader, row, "threshold", "caseness", sources),
    )


def _licence(reader: _Reader, data: Mapping[str, Any]) -> Licence:
    row = reader.table(
        data.get("licence"), "licence", {"holder", "terms", "source", "checked_on", "checked_by"}
    )
    checked_on = row.get("checked_on")
    if type(checked_on) is not date:
        reader.complain("licence.checked_on", "a date is missing")
        checked_on = date.min
    return Licence(
        reader.text(row, "holder", "licence"), reader.text(row, "terms", "licence"), reader.text(row, "source", "licence"),
        checked_on, reader.text(row, "checked_by", "licence"),
    )  # fmt: skip


def _check_whole(reader: _Reader, key: Instrument) -> None:
    """Look for what each part alone cannot tell."""
    used = [item.id for scale in key.scales for item in scale.items]
    if sorted(used) != sorted(item.id for item in key.items):
        reader.complain("scales", "not each item belongs to exactly one scale")
    for scale in key.scales:
        if scale.method is Method.PAIRED_PRODUCTS and (
            len(scale.items) % 2 or any(one.is_reversed for one in scale.items)
        ):
            reader.complain(f"scale {scale.id}", "pairs need an even number of items, none of them reversed")
    for item_id, least in key.watched.items():
        item = key.items[int(item_id) - 1]
        if not item.lowest < least <= item.highest:
            reader.complain(
                f"item {item_id}", "watched from a score that it does not have, or from its lowest"
            )
    _check_results(reader, key)


def _check_results(reader: _Reader, key: Instrument) -> None:
    low, high = key.span
    if key.bands and key.bands[0].value > low:
        reader.complain("bands", "the lowest result belongs to none")
    if any(not low <= one.value <= high for one in key.bands):
        reader.complain("bands", "a floor that no result reaches")
    if key.cut_off is not None and not low < key.cut_off.value < high:
        reader.complain("cut_off", "outside what a result can be")
    if key.threshold is not None and (key.is_higher_better or key.precisions):
        reader.complain("threshold", "a fixed rule belongs to a symptom scale that has no other rule")
    if (key.headline is Headline.PERCENT) != (key.percent_factor != 1):
        reader.complain("percent_factor", "belongs to a percentage, and only there")
