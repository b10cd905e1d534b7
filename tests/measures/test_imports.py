"""Files with words: what is taken, what is refused with line and item, and files that mean harm."""

import json
import re
import time
from collections.abc import Callable
from typing import Any

import pytest

from portal.measures.definition import keys
from portal.measures.imports import (
    FileRefused,
    Flaw,
    Problem,
    Wording,
    content_from_json,
    content_json,
    read_file,
    skeleton,
)
from tests.measures.files import json_file, words_of

CSI = keys()["csi16"]


def problems_of(content: bytes, key_id: str = "csi16") -> list[Problem]:
    with pytest.raises(FileRefused) as refusal:
        read_file(keys()[key_id], content)
    return refusal.value.problems


@pytest.mark.parametrize("key_id", list(keys()))
def test_a_whole_file_is_taken_and_kept(key_id: str) -> None:
    wording = read_file(keys()[key_id], json_file(key_id))
    assert [one.item_id for one in wording.items] == [one.id for one in keys()[key_id].items]
    assert content_from_json(content_json(wording)) == wording


@pytest.mark.parametrize("key_id", list(keys()))
def test_the_skeleton_lacks_words_and_nothing_else(key_id: str) -> None:
    empty = skeleton(keys()[key_id])
    wordless = {Flaw.NO_TEXT, Flaw.POLES_MISSING, Flaw.ANSWER_WORDLESS}
    assert {one.flaw for one in problems_of(empty.encode(), key_id)} <= wordless
    count = iter(range(10_000))
    filled = re.sub('= ""', lambda _found: f'= "words {next(count)}"', empty)
    wording = read_file(keys()[key_id], filled.encode())
    for item, one in zip(keys()[key_id].items, wording.items, strict=True):
        assert [place.score for place in one.places] == list(item.printed_scores)


def test_the_printed_order_comes_from_the_file_where_forms_differ_and_must_be_the_forms_own_elsewhere() -> (
    None
):
    turned = words_of("k6")
    for one in turned["items"]:
        one["answers"].reverse()
    wording = read_file(keys()["k6"], json.dumps(turned).encode())
    assert [place.score for place in wording.items[0].places] == [4, 3, 2, 1, 0]
    wrong = words_of("csi16")
    wrong["items"][1]["answers"].reverse()
    assert problems_of(json.dumps(wrong).encode()) == [
        Problem(Flaw.ANSWERS_SCORES, None, "2", "5, 4, 3, 2, 1, 0")
    ] or (problems_of(json.dumps(wrong, indent=1).encode())[0].item == "2")


def changed(change: Callable[[dict[str, Any]], object]) -> bytes:
    data = words_of("csi16")
    change(data)
    return json.dumps(data, ensure_ascii=False, indent=1).encode("utf-8", "surrogatepass")


@pytest.mark.parametrize(
    ("change", "flaw", "item"),
    [
        (lambda d: d.update(questionnaire="phq9"), Flaw.OTHER_QUESTIONNAIRE, ""),
        (lambda d: d.update(format=2), Flaw.OTHER_FORMAT, ""),
        (lambda d: d.update(format=True), Flaw.OTHER_FORMAT, ""),
        (lambda d: d.update(language="English, of course"), Flaw.NO_LANGUAGE, ""),
        (lambda d: d.update(title=" "), Flaw.NO_TEXT, ""),
        (lambda d: d.update(scores=[1]), Flaw.UNKNOWN, ""),
        (lambda d: d.update(items={}), Flaw.NOT_A_LIST, ""),
        (lambda d: d["items"].pop(4), Flaw.MISSING, "5"),
        (lambda d: d["items"].append(dict(d["items"][2])), Flaw.TWICE, "3"),
        (lambda d: d["items"][2].update(number=17), Flaw.NO_SUCH_ITEM, ""),
        (lambda d: d["items"][2].update(number=True), Flaw.NO_SUCH_ITEM, ""),
        (lambda d: d["items"].append("words"), Flaw.NO_SUCH_ITEM, ""),
        (lambda d: d["items"][2].update(text=""), Flaw.NO_TEXT, "3"),
        (lambda d: d["items"][2].update(text=["a"]), Flaw.NO_TEXT, "3"),
        (lambda d: d["items"][2].update(text="x" * 601), Flaw.TOO_LONG, "3"),
        (lambda d: d["items"][2].update(text="a\x00b"), Flaw.FORBIDDEN_LETTERS, "3"),
        (lambda d: d["items"][2].update(text="a\u202eb"), Flaw.FORBIDDEN_LETTERS, "3"),
        (lambda d: d["items"][2].update(text=d["items"][3]["text"]), Flaw.SAME_TEXT, "4"),
        (lambda d: d["items"][2].update(weight=2), Flaw.UNKNOWN, "3"),
        (lambda d: d["items"][2].pop("answers"), Flaw.ANSWERS_MISSING, "3"),
        (lambda d: d["items"][2]["answers"].pop(), Flaw.ANSWERS_COUNT, "3"),
        (lambda d: d["items"][2]["answers"][0].update(score=9), Flaw.ANSWERS_SCORES, "3"),
        (lambda d: d["items"][2]["answers"][1].update(score=True), Flaw.ANSWERS_SCORES, "3"),
        (lambda d: d["items"][2]["answers"][1].update(text=""), Flaw.ANSWER_WORDLESS, "3"),
        (lambda d: d["items"][12].pop("left"), Flaw.POLES_MISSING, "13"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_its_item(
    change: Callable[[dict[str, Any]], object], flaw: Flaw, item: str
) -> None:
    assert (flaw, item) in {(one.flaw, one.item) for one in problems_of(changed(change))}


def test_everything_is_named_at_once_with_its_line() -> None:
    text = skeleton(CSI).replace('text = ""\n', 'text = "words"\n', 1)
    found = problems_of(text.encode())
    second = next(one for one in found if one.item == "2" and one.flaw is Flaw.NO_TEXT)
    assert text.splitlines()[(second.line or 0) - 1] == "[[items]]"
    assert text.splitlines()[second.line or 0] == "number = 2"
    assert len(found) == 60
    lines = json_file("csi16").decode().splitlines()
    wrong = changed(lambda d: d["items"][6].update(text=""))
    (only,) = problems_of(wrong)
    assert only.line is not None and '"number": 7' in lines[only.line - 1]


@pytest.mark.parametrize(
    ("content", "flaw"),
    [
        (b"", Flaw.EMPTY),
        (b" \n\t", Flaw.EMPTY),
        (b"x" * 200_000, Flaw.TOO_LARGE),
        ("title = 'é'".encode("latin-1"), Flaw.NOT_UTF8),
        ('{"title": "x"}'.encode("utf-16"), Flaw.NOT_UTF8),
        (b"{" * 60_000, Flaw.TOO_DEEP),
        (b"a = " + b"[" * 60_000, Flaw.TOO_DEEP),
        (b"a." * 50_000 + b"a = 1", Flaw.TOO_DEEP),
        (b'{"a": ' + b"9" * 90_000 + b"}", Flaw.NOT_READABLE),
        (b"a = " + b"9" * 90_000, Flaw.NOT_READABLE),
        (b'{"format": NaN, "items": Infinity}', Flaw.NOT_A_LIST),
        (b'{"format": 1, "format": 1}', Flaw.NAME_TWICE),
        (b"format = 1\nformat = 1", Flaw.NOT_READABLE),
        (b"[1, 2]", Flaw.NOT_READABLE),
        (b'{"title": ', Flaw.NOT_READABLE),
        (b"<?xml version='1.0'?><a/>", Flaw.NOT_READABLE),
        (b'{"title": "\\ud800"}', Flaw.FORBIDDEN_LETTERS),
        (b"\x00" * 1000, Flaw.NOT_READABLE),
        (b"PK\x03\x04" + bytes(range(256)) * 10, Flaw.NOT_UTF8),
    ],
)  # fmt: skip
def test_files_that_mean_harm_are_refused_quickly(content: bytes, flaw: Flaw) -> None:
    began = time.perf_counter()
    assert flaw in {one.flaw for one in problems_of(content)}
    assert time.perf_counter() - began < 1


def test_thousands_of_items_and_strange_names_make_a_short_report() -> None:
    many = json.dumps({"items": [{"number": n} for n in range(5000)], "\x1b[31m" * 40: 1}).encode()
    found = problems_of(many)
    assert len(found) <= 60 and all(len(one.detail) <= 61 and one.detail.isprintable() for one in found)


def test_markup_and_formulas_are_words_like_any_other() -> None:
    data = words_of("phq9")
    data["items"][0]["text"] = "<script>alert(1)</script> {{ 7*7 }} =1+1"
    wording: Wording = read_file(keys()["phq9"], json.dumps(data).encode())
    assert wording.item("1").text == "<script>alert(1)</script> {{ 7*7 }} =1+1"


def test_a_file_with_windows_line_ends_and_a_mark_of_its_encoding_is_taken() -> None:
    count = iter(range(10_000))
    filled = re.sub('= ""', lambda _found: f'= "words {next(count)}"', skeleton(CSI))
    assert read_file(CSI, b"\xef\xbb\xbf" + filled.replace("\n", "\r\n").encode()).items
