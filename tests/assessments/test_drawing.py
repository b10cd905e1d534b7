"""The alignment map in words, as a table and on paper: one macro, the same content three times."""

import re
from itertools import pairwise

import pytest
from flask import Flask
from flask_babel import force_locale

from portal.assessments.drawing import map_of
from portal.assessments.joint import joint_page
from portal.assessments.map_view import MapView
from portal.assessments.sharing import what_is_shared
from portal.documents.render import render_pdf
from portal.psychometrics.items import Answer
from tests.assessments.sittings import EVERYTHING, TEST, keyed_as
from tests.support.pdf import elements_of, reader_of, text_of

PAGE = """<!doctype html><html lang="en"><head><title>Map</title></head><body class="a4"><main><h1>Map</h1>
{% from "macros/map.html" import alignment_map, map_key, map_table, wishes %}
{{ map_key(view) }}{{ alignment_map(view) }}{{ wishes(view) }}{{ map_table(view, "Map") }}</main></body></html>"""
NAMES = {"a": "Ana", "b": "Ben"}


@pytest.fixture
def view(app: Flask) -> MapView:
    """A map with a strength, a difference and something not discussed."""
    a: dict[str, Answer] = {**keyed_as(5), "VALB": 1}
    b: dict[str, Answer] = {**keyed_as(4), **dict.fromkeys(("FIN1", "FIN2", "FIN4"), 1), "VALB": 4}
    page = joint_page(
        TEST,
        what_is_shared(TEST, a, EVERYTHING - {"FAM"}, ["VALB"]),
        what_is_shared(TEST, b, EVERYTHING, ["VALB"]),
    )
    with app.test_request_context(), force_locale("en"):
        return map_of(TEST, page, NAMES)


def html_of(app: Flask, view: MapView) -> str:
    with app.test_request_context(), force_locale("en"):
        return app.jinja_env.from_string(PAGE).render(view=view)


def test_strengths_stand_first_and_what_is_not_discussed_last(view: MapView) -> None:
    zones = [lane.zone for lane in view.lanes]
    assert zones[0] == "shared_strength"
    assert zones[-2:] == ["seen_differently", "not_discussed"]
    assert [lane.domain_id for lane in view.lanes][-2:] == ["FIN", "FAM"]
    assert view.lanes[-1].sentence == "Family planning and family life. Not discussed yet."


def test_each_lane_says_in_words_what_it_draws(app: Flask, view: MapView) -> None:
    html = html_of(app, view)
    for lane in view.lanes:
        picture = next(one for one in html.split("<svg")[1:] if f"<title>{lane.sentence}</title>" in one)
        assert 'role="img"' in picture
    assert "Finances. Ana: firm ground. Ben: early talks." in html


def test_marks_stand_where_the_words_say_and_the_line_between_them_is_the_distance(
    app: Flask, view: MapView
) -> None:
    html = html_of(app, view)
    lane = re.search(r"<title>Finances\..*?</li>", html, re.DOTALL)
    assert lane
    assert 'x1="87.5%" y1="34" x2="12.5%" y2="34"' in lane[0]
    assert re.findall(r'<svg x="([\d.]+)%"', lane[0]) == ["87.5", "12.5"]
    silent = re.search(r"<title>Family.*?</li>", html, re.DOTALL)
    assert silent
    assert "mark-a" not in silent[0]
    assert "stroke-dasharray" in silent[0]


def test_the_table_says_the_same_as_the_map(app: Flask, view: MapView) -> None:
    table = html_of(app, view).partition("<tbody>")[2]
    for lane, row in zip(view.lanes, table.split("<tr>")[1:], strict=True):
        cells = re.findall(r"<(?:th|td)[^>]*>(?:<span>)?([^<]+)", row)
        assert cells == [lane.title, lane.a_word, lane.b_word, lane.zone_word]


def test_no_number_of_a_score_is_on_the_map(view: MapView) -> None:
    assert not re.search(r"\d", "".join(lane.sentence + lane.zone_word for lane in view.lanes))


def test_on_paper_every_lane_has_its_alternative_text_in_order(app: Flask, view: MapView) -> None:
    pdf = render_pdf(html_of(app, view), language="en")
    texts = [str(one["/Alt"]) for one in elements_of(reader_of(pdf)) if "/Alt" in one]
    sentences = [lane.sentence for lane in view.lanes] + [wish.sentence for wish in view.wishes]
    places = [texts.index(sentence) for sentence in sentences]
    assert all(earlier < later for earlier, later in pairwise(places))
    assert "Seen differently" in text_of(pdf)
