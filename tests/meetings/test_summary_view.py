"""Nothing but the allow-listed fields can reach the paper, and all of those do."""

from dataclasses import asdict, fields, replace
from types import SimpleNamespace
from typing import Any

import pytest
from jinja2 import Environment, nodes
from markupsafe import Markup

from portal.assessments.map_view import Lane, MapView, Wish
from portal.meetings.summary_view import (
    AgreementLine,
    Quoted,
    Remembered,
    ShownMap,
    SummaryView,
    Voice,
    content_hash,
    summary_html,
)
from tests.meetings.paper import QUOTING, SHOWN_MAP
from tests.support.pdf import SUMMARY, TEMPLATES, summary_markup, template_renderer

PAPER = [
    TEMPLATES / "pdf" / name
    for name in ("summary.html", "_until_next_time.html", "_from_exercises.html", "_map.html")
]


class Extended(SummaryView):
    """A view that carries one thing more."""

    process_note = "she wept before he came"


WISH = Wish("x", "a", "b", 1, 5, "a", "b", "", "x")
WISHFUL = replace(SHOWN_MAP.drawn, wishes=(WISH,))
STRANGERS: dict[str, Any] = {
    "a mapping": asdict(SUMMARY),
    "a look-alike": SimpleNamespace(**asdict(SUMMARY)),
    "a subclass": Extended(**{field.name: getattr(SUMMARY, field.name) for field in fields(SUMMARY)}),
    "a look-alike inside": replace(SUMMARY, agreements=(SimpleNamespace(what="x", who="y", by_when="z"),)),  # type: ignore[arg-type]
    "a quotation that is none": replace(SUMMARY, together=(SimpleNamespace(question="x", words="y"),)),  # type: ignore[arg-type]
    "a map that is none": replace(SUMMARY, shown_map=SimpleNamespace(**asdict(SHOWN_MAP))),  # type: ignore[arg-type]
    "wishes in the map": replace(QUOTING, shown_map=replace(SHOWN_MAP, drawn=WISHFUL)),
    "markup": replace(SUMMARY, focus=Markup("<b>x</b>")),
    "markup inside": replace(SUMMARY, remembered=(Remembered("a", Markup("<b>x</b>"), "x"),)),
    "a list that may change": replace(SUMMARY, next_time=["x"]),  # type: ignore[arg-type]
    "a part alone": SUMMARY.remembered[0],
    "nothing": None,
}


class TestTheOneWayToPaper:
    @pytest.mark.parametrize("stranger", STRANGERS.values(), ids=STRANGERS)
    def test_anything_but_the_view_is_refused_before_the_template(self, stranger: Any) -> None:
        with pytest.raises(TypeError):
            summary_html(stranger, lambda *_, **__: pytest.fail("the template was reached"))

    def test_the_template_is_given_the_view_and_the_hash_only(self) -> None:
        given: dict[str, object] = {}
        summary_html(SUMMARY, lambda _, **context: given.update(context) or "")
        assert set(given) == {"summary", "shown_hash"}

    def test_the_template_reads_all_fields_of_the_view_and_no_other(self) -> None:
        asked = [_attributes_in(path.read_text()) for path in PAPER]
        assert {name for of, name in set().union(*asked) if of == "summary"} == {
            f.name for f in fields(SummaryView)
        }
        lines = {name for of, name in set().union(*asked) if of == "line"}
        assert lines == {f.name for kind in (Remembered, AgreementLine) for f in fields(kind)}
        quoted = {name for of, name in set().union(*asked) if of in {"voice", "quote"}}
        assert quoted == {f.name for kind in (Voice, Quoted) for f in fields(kind)}

    def test_every_text_comes_through_escaped(self) -> None:
        view = _with_canaries()
        html = summary_html(view, template_renderer())
        texts = [text for text in _texts_in(asdict(view)) if text.startswith("<i>")]
        assert len(texts) == 33
        assert [text for text in texts if text.replace("<i>", "&lt;i&gt;") not in html] == []
        assert "<i>" not in html

    def test_what_paper_cannot_show_is_taken_out_everywhere(self) -> None:
        html = summary_markup(focus="a\u200bb\u202e", remembered=(Remembered("b", "B\x00en", "c\u00add"),))
        assert ">ab<" in html
        assert ">Ben<" in html
        assert ">cd<" in html

    def test_the_footer_shows_version_audience_and_the_beginning_of_the_hash(self) -> None:
        html = summary_markup()
        assert f"Version 2 · {content_hash(SUMMARY)[:12]} ·" in " ".join(html.split())
        assert SUMMARY.audience_line in html


class TestRemembered:
    @pytest.mark.parametrize(
        "typed", ["“I can wait.”", '"I can wait."', "«I can wait.»", " I can wait. ", "„I can wait.“"]
    )
    def test_quotation_marks_around_the_whole_are_taken_off(self, typed: str) -> None:
        assert Remembered("a", "Ana", typed).words == "I can wait."

    @pytest.mark.parametrize("typed", ["We say “not tonight”", "“", "", "“”"])
    def test_other_quotation_marks_stay(self, typed: str) -> None:
        assert Remembered("a", "Ana", typed).words == typed


class TestContentHash:
    def test_equal_views_have_equal_hashes_of_64_hex_digits(self) -> None:
        assert content_hash(SUMMARY) == content_hash(replace(SUMMARY))
        assert len(content_hash(SUMMARY)) == 64
        assert int(content_hash(SUMMARY), 16)

    @pytest.mark.parametrize("name", [field.name for field in fields(SummaryView)])
    def test_each_field_counts(self, name: str) -> None:
        value = getattr(QUOTING, name)
        change: dict[str, Any] = {
            name: value + 1 if isinstance(value, int) else None if name == "shown_map" else value[1:]
        }
        assert content_hash(replace(QUOTING, **change)) != content_hash(QUOTING)

    def test_where_one_line_ends_counts(self) -> None:
        two, one = replace(SUMMARY, next_time=("a", "b")), replace(SUMMARY, next_time=("a b",))
        assert content_hash(two) != content_hash(one)

    def test_half_a_character_is_no_failure(self) -> None:
        assert content_hash(replace(SUMMARY, focus="\ud800"))


def _attributes_in(source: str) -> set[tuple[str, str]]:
    tree = Environment(extensions=["jinja2.ext.i18n"]).parse(source)  # noqa: S701 - parsed, never rendered
    return {
        (found.node.name, found.attr)
        for found in tree.find_all(nodes.Getattr)
        if isinstance(found.node, nodes.Name)
    }


def _with_canaries() -> SummaryView:
    canaries = {
        field.name: f"<i>{field.name}"
        for field in fields(SummaryView)
        if isinstance(getattr(SUMMARY, field.name), str) and field.name not in {"language", "paper"}
    }
    return replace(
        SUMMARY,
        **canaries,  # type: ignore[arg-type]  # only the fields that hold text
        going_well=("<i>well",),
        working_on=("<i>on",),
        remembered=(Remembered("a", "<i>A", "<i>words"),),
        agreements=(AgreementLine("<i>what", "<i>who", "<i>when"),),
        next_time=("<i>next",),
        voices=(Voice("a", "<i>voice", (Quoted("<i>asked", "<i>said"),)),),
        together=(Quoted("<i>both asked", "<i>both said"),),
        shown_map=ShownMap(
            drawn=MapView(
                "<i>a name", "<i>b name", ("<i>early", "<i>firm"),
                (Lane("id", "<i>domain", 0, 1, "<i>a", "<i>b", "seen_alike", "<i>zone", "<i>sentence"),), (),
            ),
            day_line="<i>day", limits="<i>limits",
        ),
    )  # fmt: skip


def _texts_in(value: object) -> list[str]:
    if isinstance(value, dict):
        return [text for inner in value.values() for text in _texts_in(inner)]
    if isinstance(value, (tuple, list)):
        return [text for inner in value for text in _texts_in(inner)]
    return [value] if isinstance(value, str) else []
