import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.support.cast import Cast, client_of

EVERYWHERE = [
    "/",
    "/articles",
    "/consultations/times",
    "/sign-in",
    "/healthz",
    "/nowhere",
    "/home",
    "/static/css/portal.css",
    "/robots-not-here",
]


@pytest.fixture
def visitor(app: Flask, cast: Cast) -> FlaskClient:
    return client_of(app, None)


@pytest.mark.parametrize("path", EVERYWHERE)
def test_every_response_carries_the_headers(visitor: FlaskClient, path: str) -> None:
    headers = visitor.get(path).headers
    rules = dict(part.strip().partition(" ")[::2] for part in headers["Content-Security-Policy"].split(";"))
    assert rules == {
        **dict.fromkeys(("default-src", "frame-ancestors", "base-uri", "object-src"), "'none'"),
        **dict.fromkeys(("script-src", "style-src", "font-src", "img-src", "connect-src", "form-action"), "'self'"),
        "report-to": "violations",
    }  # fmt: skip
    assert headers["Reporting-Endpoints"] == 'violations="/violations"'
    assert int(headers["Strict-Transport-Security"].split("=")[1].split(";")[0]) >= 31_536_000
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cross-Origin-Opener-Policy"] == headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["Cross-Origin-Embedder-Policy"] == "require-corp"
    assert headers["X-Frame-Options"] == "DENY"
    for power in ("camera", "geolocation", "microphone", "payment", "usb"):
        assert f"{power}=()" in headers["Permissions-Policy"]
    assert "Server" not in headers
    assert "X-Powered-By" not in headers


def test_search_engines_are_let_into_public_pages_only(app: Flask, cast: Cast, visitor: FlaskClient) -> None:
    for path in ("/", "/articles"):
        assert "X-Robots-Tag" not in visitor.get(path).headers
    for client, path in ((visitor, "/sign-in"), (visitor, "/nowhere"), (client_of(app, cast.ana), "/home")):
        assert client.get(path).headers["X-Robots-Tag"] == "noindex"


def test_errors_of_the_gate_and_of_http_carry_them_too(visitor: FlaskClient) -> None:
    for answer in (visitor.post("/sign-in"), visitor.put("/articles"), visitor.post("/nowhere")):
        assert answer.status_code >= 400
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", ["/", "/articles", "/consultations/times", "/sign-in", "/nowhere", "/reset"])
def test_a_visitor_gets_no_cookie(visitor: FlaskClient, path: str) -> None:
    assert "Set-Cookie" not in visitor.get(path).headers


def test_what_members_see_is_never_kept(app: Flask, cast: Cast) -> None:
    for actor, path in (
        (cast.ana, "/home"),
        (cast.therapist, "/today"),
        (cast.therapist, "/couples"),
        (cast.ana, "/articles"),
    ):
        assert client_of(app, actor).get(path).headers["Cache-Control"] == "no-store"


def test_style_and_fonts_are_kept_for_a_year_once_named_by_content(visitor: FlaskClient) -> None:
    assert "immutable" in visitor.get("/static/css/portal.css?v=1").headers["Cache-Control"]
    assert (
        "immutable"
        in visitor.get("/static/fonts/hanken-grotesk-latin-wght-normal.woff2").headers["Cache-Control"]
    )


def test_pages_with_secrets_are_not_compressed(app: Flask, cast: Cast) -> None:
    accept = {"Accept-Encoding": "br, gzip"}
    assert client_of(app, None).get("/articles", headers=accept).headers["Content-Encoding"] == "br"
    assert "Content-Encoding" not in client_of(app, cast.therapist).get("/today", headers=accept).headers
