"""Read a file with the words of a questionnaire, and name everything that is wrong with it at once. Pure.

The file is somebody's: it may be huge, deep, in another encoding or full of control characters. Words are kept exactly as
they stand; pages show them as text.
"""

import json
import re
import tomllib
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from portal.psychometrics.instrument import Instrument, KeyItem, Layout, Method

FORMAT = 1
MOST_BYTES = 128 * 1024
MOST_DEPTH = 8  # of brackets; the format itself has four
MOST_PROBLEMS = 60
MOST_LETTERS, MOST_PLACE_LETTERS, MOST_INSTRUCTION_LETTERS = 600, 200, 3000
MOST_DETAIL = 60
HEAD = ("format", "questionnaire", "language", "title", "instructions", "answers", "items")
ITEM = ("number", "lead", "text", "answers", "left", "right")
DOTTED = re.compile(
    r"(?<![\w-])(?:[\w-]++[ \t]{0,3}\.[ \t]{0,3}){9}"
)  # a name of ten parts: nothing that the format knows


class Flaw(StrEnum):
    """What can be wrong with a file. `detail` of a problem fills in the one thing that the sentence needs."""

    ANSWERS_COUNT = "answers_count"
    ANSWERS_MISSING = "answers_missing"
    ANSWERS_SCORES = "answers_scores"
    ANSWER_WORDLESS = "answer_wordless"
    COUNT = "count"
    EMPTY = "empty"
    FORBIDDEN_LETTERS = "forbidden_letters"
    MISSING = "missing"
    NAME_TWICE = "name_twice"
    NOT_A_LIST = "not_a_list"
    NOT_READABLE = "not_readable"
    NOT_UTF8 = "not_utf8"
    NO_LANGUAGE = "no_language"
    NO_SUCH_ITEM = "no_such_item"
    NO_TEXT = "no_text"
    OTHER_FORMAT = "other_format"
    OTHER_QUESTIONNAIRE = "other_questionnaire"
    POLES_MISSING = "poles_missing"
    SAME_TEXT = "same_text"
    TOO_DEEP = "too_deep"
    TOO_LARGE = "too_large"
    TOO_LONG = "too_long"
    TWICE = "twice"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, with its line and its item as far as they are known."""

    flaw: Flaw
    line: int | None = None
    item: str = ""
    detail: str = ""


class FileRefused(ValueError):
    """The file is not taken. `problems`: everything that was found, in the order of the file, at most sixty."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems[:MOST_PROBLEMS]
        self.is_cut = len(problems) > MOST_PROBLEMS
        super().__init__(f"{len(problems)} problems")


@dataclass(frozen=True, slots=True)
class Place:
    """One place of an item as printed: its score, and its words (none between two poles)."""

    score: int
    words: str


@dataclass(frozen=True, slots=True)
class ItemWording:
    """The words of one item. `lead`: what is printed above it, where a new part begins."""

    item_id: str
    lead: str
    text: str
    left: str
    right: str
    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Wording:
    """The words of a whole questionnaire, in printed order."""

    title: str
    instructions: str
    language: str
    items: tuple[ItemWording, ...]

    def item(self, item_id: str) -> ItemWording:
        """Give the words of one item. KeyError: there is none."""
        return {one.item_id: one for one in self.items}[item_id]


def content_json(wording: Wording) -> str:
    """Write words for storing."""
    return json.dumps(asdict(wording), ensure_ascii=False, sort_keys=True)


def content_from_json(text: str) -> Wording:
    """Read stored words."""
    data = json.loads(text)
    items = tuple(
        ItemWording(**{**one, "places": tuple(Place(**place) for place in one["places"])})
        for one in data["items"]
    )
    return Wording(data["title"], data["instructions"], data["language"], items)


def read_file(key: Instrument, content: bytes) -> Wording:
    """Read the words of one questionnaire from a TOML or JSON file. Raises FileRefused with everything that is wrong."""
    text = _text_of(content)
    data, lines = _parsed(text)
    checker = _Checker(key, lines)
    wording = checker.read(data)
    if checker.problems:
        raise FileRefused(checker.problems)
    return wording


def skeleton(key: Instrument) -> str:
    """Write an empty file to be filled in, with the scores where they belong and no words at all."""
    lines = [
        f"# {key.title}",
        "# Fill in the words exactly as the form prints them, in printed order. Leave the scores as they are.",
        "",
        f"format = {FORMAT}",
        f'questionnaire = "{key.id}"',
        'language = "en"',
        'title = ""',
        'instructions = ""',
    ]
    shared = _shared_places(key)
    if shared:
        lines += ["", "# The same answers stand beside each item.", *_places(shared)]
    for item in key.items:
        lines += ["", "[[items]]", f"number = {item.id}", 'text = ""']
        if item.layout is Layout.POLES:
            lines += ['left = ""', 'right = ""']
        elif not shared:
            lines += _places(item.printed_scores)
    return "\n".join(lines) + "\n"


def _shared_places(key: Instrument) -> tuple[int, ...]:
    shapes = {(item.layout, item.printed_scores) for item in key.items}
    (_, scores), *others = shapes
    return () if others or key.items[0].layout is Layout.POLES else scores


def _places(scores: tuple[int, ...]) -> list[str]:
    return ["answers = [", *(f'  {{ score = {score}, text = "" }},' for score in scores), "]"]


def _text_of(content: bytes) -> str:
    if not content.strip():
        raise FileRefused([Problem(Flaw.EMPTY)])
    if len(content) > MOST_BYTES:
        raise FileRefused([Problem(Flaw.TOO_LARGE)])
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        line = content.count(b"\n", 0, wrong.start) + 1
        raise FileRefused([Problem(Flaw.NOT_UTF8, line)]) from None


def _parsed(text: str) -> tuple[Any, list[int]]:
    """Read the file, and find the line on which each item begins."""
    _check_shape(text)
    try:
        if text.lstrip().startswith("{"):
            return _json(text), _lines_of(text, r'"number"\s*:')
        return tomllib.loads(text.replace("\r\n", "\n")), _lines_of(text, r"(?m)^[ \t]*\[\[")
    except json.JSONDecodeError as wrong:
        raise FileRefused([Problem(Flaw.NOT_READABLE, wrong.lineno)]) from None
    except tomllib.TOMLDecodeError as wrong:
        found = re.search(r"line (\d+)", str(wrong))
        raise FileRefused([Problem(Flaw.NOT_READABLE, int(found[1]) if found else None)]) from None
    except RecursionError:
        raise FileRefused([Problem(Flaw.TOO_DEEP)]) from None
    except FileRefused:
        raise
    except ValueError:  # numbers of thousands of digits
        raise FileRefused([Problem(Flaw.NOT_READABLE)]) from None


def _check_shape(text: str) -> None:
    """Refuse what no parser should have to read: brackets in brackets in brackets, names of very many parts."""
    depth = 0
    for number, line in enumerate(text.split("\n"), start=1):
        if DOTTED.search(line):
            raise FileRefused([Problem(Flaw.TOO_DEEP, number)])
        for letter in line:
            depth += (letter in "[{") - (letter in "]}")
            if depth > MOST_DEPTH:
                raise FileRefused([Problem(Flaw.TOO_DEEP, number)])


def _json(text: str) -> Any:
    twice: list[str] = []
    data = json.loads(text, object_pairs_hook=lambda pairs: _without_twins(pairs, twice), parse_constant=str)
    if twice:
        raise FileRefused([Problem(Flaw.NAME_TWICE, detail=_short(name)) for name in twice])
    return data


def _lines_of(text: str, pattern: str) -> list[int]:
    return [text.count("\n", 0, found.start()) + 1 for found in re.finditer(pattern, text)]


def _without_twins(pairs: list[tuple[str, Any]], twice: list[str]) -> dict[str, Any]:
    twice += [name for name, count in Counter(name for name, _ in pairs).items() if count > 1]
    return dict(pairs)


def _short(value: object) -> str:
    """Say a small part of what stands in the file, as one line without control characters."""
    text = "".join(letter if letter.isprintable() else "·" for letter in str(value)[:MOST_DETAIL])
    return text + ("…" if len(str(value)) > MOST_DETAIL else "")


def _is_forbidden(letter: str, *, lines: bool) -> bool:
    """Control characters, halves of surrogate pairs, and marks that turn the direction of what follows."""
    if letter == "\n":
        return not lines
    return letter < " " or "\x7f" <= letter <= "\x9f" or "\ud800" <= letter <= "\udfff" or letter in "\u2028\u2029\u202a\u202b\u202d\u202e\u2066\u2067\u2068"  # fmt: skip


class _Checker:
    """Takes the words out of a file and notes what is wrong, with line and item."""

    def __init__(self, key: Instrument, lines: list[int]) -> None:
        self.key, self.lines = key, lines
        self.problems: list[Problem] = []
        self.line: int | None = None
        self.item = ""

    def note(self, flaw: Flaw, detail: object = "") -> None:
        self.problems.append(Problem(flaw, self.line, self.item, _short(detail)))

    def read(self, data: Any) -> Wording:
        if not isinstance(data, dict):
            raise FileRefused([Problem(Flaw.NOT_READABLE, 1)])
        for name in sorted(set(data) - set(HEAD)):
            self.note(Flaw.UNKNOWN, name)
        if data.get("format") != FORMAT or type(data.get("format")) is not int:
            self.note(Flaw.OTHER_FORMAT, data.get("format", "–"))
        if data.get("questionnaire") != self.key.id:
            self.note(Flaw.OTHER_QUESTIONNAIRE, data.get("questionnaire", "–"))
        language = data.get("language")
        if not isinstance(language, str) or not re.fullmatch(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*", language):
            self.note(Flaw.NO_LANGUAGE, language if language is not None else "–")
        title = self.words(data, "title", MOST_PLACE_LETTERS)
        instructions = self.words(
            data, "instructions", MOST_INSTRUCTION_LETTERS, lines=True, is_optional=True
        )
        return Wording(title, instructions, str(language), self.items(data))

    def items(self, data: Mapping[str, Any]) -> tuple[ItemWording, ...]:
        rows = data.get("items")
        if not isinstance(rows, list):
            self.note(Flaw.NOT_A_LIST, "items")
            return ()
        known = {item.id: item for item in self.key.items}
        found: dict[str, ItemWording] = {}
        has_lines = len(self.lines) == len(rows)
        for place, row in enumerate(rows[: 2 * len(known)]):
            self.line, self.item = (self.lines[place] if has_lines else None), ""
            number = row.get("number") if isinstance(row, dict) else None
            if type(number) is not int or str(number) not in known:
                self.note(Flaw.NO_SUCH_ITEM, number if number is not None else f"({place + 1})")
                continue
            self.item = str(number)
            if self.item in found:
                self.note(Flaw.TWICE)
                continue
            found[self.item] = self.one(row, known[self.item], data)
        self.line, self.item = None, ""
        if len(rows) != len(known):
            self.note(Flaw.COUNT, f"{len(rows)} / {len(known)}")
        for item_id in known.keys() - found.keys():
            self.item = item_id
            self.note(Flaw.MISSING)
        self.item = ""
        self.problems.sort(key=lambda one: (one.line or 0, int(one.item or 0)))
        self.twins(found)
        return tuple(found[item_id] for item_id in known if item_id in found)

    def one(self, row: Mapping[str, Any], item: KeyItem, data: Mapping[str, Any]) -> ItemWording:
        for name in sorted(set(row) - set(ITEM)):
            self.note(Flaw.UNKNOWN, name)
        is_poles = item.layout is Layout.POLES
        text = self.words(row, "text", MOST_LETTERS, lines=True, is_optional=is_poles)
        lead = self.words(row, "lead", MOST_LETTERS, lines=True, is_optional=True)
        left = right = ""
        if is_poles:
            left = self.words(row, "left", MOST_PLACE_LETTERS, flaw=Flaw.POLES_MISSING)
            right = self.words(row, "right", MOST_PLACE_LETTERS, flaw=Flaw.POLES_MISSING)
            places = tuple(Place(score, "") for score in item.printed_scores)
        else:
            places = self.places(row["answers"] if "answers" in row else data.get("answers"), item)
        return ItemWording(item.id, lead, text, left, right, places)

    def places(self, rows: Any, item: KeyItem) -> tuple[Place, ...]:
        if not isinstance(rows, list) or not rows:
            self.note(Flaw.ANSWERS_MISSING)
            return ()
        expected = item.printed_scores
        if len(rows) != len(expected):
            self.note(Flaw.ANSWERS_COUNT, f"{len(rows)} / {len(expected)}")
            return ()
        scores = [row.get("score") if isinstance(row, dict) else None for row in rows]
        allowed = [expected, expected[::-1]] if self.key.is_order_free else [expected]
        if tuple(scores) not in allowed or any(type(score) is not int for score in scores):
            self.note(Flaw.ANSWERS_SCORES, ", ".join(map(str, expected)))
            return ()
        return tuple(
            Place(
                row["score"],
                self.words(
                    row, "text", MOST_PLACE_LETTERS, flaw=Flaw.ANSWER_WORDLESS,
                    is_optional=item.layout is Layout.NUMBERS and 0 < place < len(rows) - 1, detail=row["score"],
                ),
            )
            for place, row in enumerate(rows)
        )  # fmt: skip

    def words(
        self,
        row: Mapping[str, Any],
        name: str,
        most: int,
        *,
        lines: bool = False,
        is_optional: bool = False,
        flaw: Flaw = Flaw.NO_TEXT,
        detail: object = "",
    ) -> str:
        value = row.get(name, "")
        if not isinstance(value, str) or (not value.strip() and not is_optional):
            self.note(flaw, detail if detail != "" else name)
            return ""
        value = value.replace("\r\n", "\n")
        if any(_is_forbidden(letter, lines=lines) for letter in value):
            self.note(Flaw.FORBIDDEN_LETTERS, name)
        if len(value) > most:
            self.note(Flaw.TOO_LONG, f"{name}, {most}")
        return value.strip()

    def twins(self, found: Mapping[str, ItemWording]) -> None:
        """Two items with the same words are a slip of copying; only areas that are asked about twice share theirs."""
        if any(scale.method is Method.PAIRED_PRODUCTS for scale in self.key.scales):
            return
        seen: dict[tuple[str, str, str], str] = {}
        for item_id, one in found.items():
            words = (one.text, one.left, one.right)
            if not any(words):
                continue
            if words in seen:
                self.problems.append(Problem(Flaw.SAME_TEXT, None, item_id, seen[words]))
            seen.setdefault(words, item_id)
