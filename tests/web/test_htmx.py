"""Page or part of a page, and where a reader is sent: decided once, by what the browser says about its request."""

import json

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal.security.gate import public
from portal.web.htmx import redirect_to, wants_fragment
from portal.web.links import public_link
from tests.support.cast import Cast, client_of

PART = {"HX-Request": "true", "HX-Request-Type": "partial", "Sec-Fetch-Dest": "empty"}


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        (PART, True),
        ({}, False),
        (PART | {"HX-Boosted": "true"}, False),
        (PART | {"HX-History-Restore-Request": "true"}, False),
        (PART | {"HX-Request-Type": "full"}, False),
        (PART | {"Sec-Fetch-Dest": "document"}, False),
    ],
)
def test_only_a_request_for_a_part_gets_a_part(
    app: Flask, headers: dict[str, str], *, expected: bool
) -> None:
    with app.test_request_context(headers=headers):
        assert wants_fragment() is expected


def test_a_page_and_its_part_are_never_taken_for_each_other_by_a_cache(app: Flask, cast: Cast) -> None:
    varies = client_of(app, None).get("/sign-in").headers["Vary"]
    assert {"HX-Request", "HX-Request-Type"} <= {name.strip() for name in varies.split(",")}


@pytest.mark.parametrize(
    ("headers", "status", "way"),
    [
        ({}, 303, "Location"),
        ({"HX-Request": "true", "HX-Boosted": "true"}, 303, "Location"),
        ({"HX-Request": "true"}, 204, "HX-Redirect"),
    ],
)
def test_a_reader_is_sent_on_as_a_whole_page(
    app: Flask, headers: dict[str, str], status: int, way: str
) -> None:
    with app.test_request_context(headers=headers):
        answer = redirect_to("/home")
    assert (answer.status_code, answer.headers[way]) == (status, "/home")


@pytest.fixture
def breaking(app: Flask, cast: Cast) -> FlaskClient:
    """A browser on a portal one page of which breaks over what it was told."""

    @public("as the page in whose place it stands")
    def fail() -> str:
        raise RuntimeError("Ana wrote something private")

    app.config["PROPAGATE_EXCEPTIONS"] = False
    app.view_functions["blog.index"] = fail
    return client_of(app, None)


def test_a_surprise_tells_its_words_to_nobody(
    breaking: FlaskClient, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = breaking.get("/articles")
    logged = capsys.readouterr().err
    assert answer.status_code == 500
    assert "private" not in answer.text + logged
    failed = next(line for line in map(json.loads, logged.splitlines()) if line["event"] == "request.failed")
    assert failed["kind"] == "RuntimeError"
    assert failed["correlation_id"] in answer.text
    assert failed["frames"]


def test_an_error_of_a_part_stands_as_a_notice_and_replaces_nothing(breaking: FlaskClient) -> None:
    answer = breaking.get("/articles", headers=PART)
    assert answer.status_code == 500
    assert (answer.headers["HX-Retarget"], answer.headers["HX-Reswap"]) == ("#notice", "innerHTML")
    assert "<html" not in answer.text


def test_a_link_for_the_outside_stands_on_the_public_address_whatever_was_asked(app: Flask) -> None:
    with app.test_request_context(base_url="https://localhost"):
        assert public_link("accounts.sign_in") == "https://portal.example.org/sign-in"
