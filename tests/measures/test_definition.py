"""A key that contradicts itself is named by file and place, all of it at once; no wording is among the files that ship."""

import re

import pytest

from portal.measures.definition import FOLDER, KeysBroken, keys, load_keys

GOOD = (FOLDER / "phq9.toml").read_text(encoding="utf-8")


def test_every_key_that_ships_is_sound() -> None:
    assert list(keys()) == [
        "csi4",
        "ras",
        "csi16",
        "vlq",
        "csi32",
        "who5",
        "k6",
        "gad7",
        "phq9",
        "k10",
        "ecr_s",
        "ecr_r",
    ]
    individual = {key.id for key in keys().values() if key.is_individual}
    assert individual == {"phq9", "gad7", "k6", "k10", "who5", "ecr_r", "ecr_s"}


def test_no_file_that_ships_has_a_place_for_words_of_items() -> None:
    for path in FOLDER.glob("*.toml"):
        assert not re.search(
            r"(?m)^\s*(text|wording|anchors|answers|left|right|question)\s*=", path.read_text()
        )


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("count = 9", "count = 900", "items.count"),
        ("count = 9", "count = 8", "items.watched[1].numbers"),
        ("highest = 3", "highest = 0", "item 1"),
        ("highest = 3", "highest = true", "items.highest"),
        ('layout = "choices"', 'layout = "wheel"', "items.layout"),
        ('numbers = "1-9"', 'numbers = "1-8"', "scales"),
        ('numbers = "1-9"', 'numbers = "1-9, 9"', "scales[1].numbers"),
        ('numbers = "1-9"', 'numbers = "all"', "scales[1].numbers"),
        ("least = 7", "least = 10", "scales[1].least"),
        ('method = "sum"', 'method = "product"', "scales[1].method"),
        ("from = 5", "from = 12", "bands"),
        ("from = 20", "from = 90", "bands"),
        ('source = "talking_therapies"', 'source = "hearsay"', "threshold.source"),
        ("points = 6", "points = nan", "threshold.points"),
        ("from = 1\n", "from = 0\n", "item 9"),
        ("is_individual = true", 'is_individual = "yes"', "is_individual"),
        ("minutes = 3", "", "minutes"),
        ('provenance = "local"', 'provenance = "guess"', "sources.project.provenance"),
        ("checked_on = 2026-11-20", 'checked_on = "lately"', "licence.checked_on"),
        ('id = "phq9"', 'id = "phq"', "id"),
        ("rounds = true", "rounds = true\nitem_words = 1", "item_words"),
        ("[items]", "[items", "file"),
        ("is_higher_better = false", "is_higher_better = true", "threshold"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_file_and_place(old: str, new: str, place: str) -> None:
    assert old in GOOD
    with pytest.raises(KeysBroken) as refusal:
        load_keys({"phq9.toml": GOOD.replace(old, new, 1)})
    assert any(line.startswith(f"phq9.toml: {place}: ") for line in str(refusal.value).splitlines())


def test_everything_that_is_wrong_is_named_at_once() -> None:
    broken = GOOD.replace("least = 7", "least = 0").replace("minutes = 3", "minutes = 'few'")
    with pytest.raises(KeysBroken) as refusal:
        load_keys({"phq9.toml": broken, "other.toml": "="})
    assert len({line.split(": ")[1] for line in str(refusal.value).splitlines()} & {"scales[1].least", "minutes", "file"}) == 3  # fmt: skip
