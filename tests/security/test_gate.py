from datetime import timedelta

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient

from portal.app import create_app
from portal.clock import utc_now
from portal.security.gate import UndeclaredEndpoint, init_gate, local_path, requires
from portal.security.permissions import Permission
from portal.settings import Settings
from portal.web.errors import _way_back
from tests.support.cast import Cast, client_of
from tests.support.world import make_world, path_of


def test_a_view_without_a_permission_stops_the_start(settings: Settings) -> None:
    app = create_app(settings)
    app.view_functions["booking.hidden"] = lambda: "nobody said who may"
    with pytest.raises(UndeclaredEndpoint, match=r"booking\.hidden"):
        init_gate(app, {})


def test_a_permission_that_the_policy_does_not_list_is_denied(app: Flask, cast: Cast) -> None:
    policy = dict(app.extensions["policy"])
    del policy[Permission.HOME_PARTNER_VIEW]
    app.extensions["policy"] = policy
    assert client_of(app, cast.ana).get("/home").status_code == 404


@pytest.mark.parametrize(
    "goal",
    [
        "//evil.example",
        "https://evil.example",
        "\\\\evil.example",
        "/\\evil.example",
        "evil",
        "",
        None,
        "/a\r\nSet-Cookie: x=1",
        "/\x00",
    ],
)
def test_a_way_back_never_leaves_the_portal(goal: str | None) -> None:
    assert local_path(goal, "/home") == "/home"


def test_a_way_back_within_the_portal_is_kept() -> None:
    assert local_path("/meetings/1", "/home") == "/meetings/1"


@pytest.mark.parametrize(
    ("form", "page"),
    [
        ("meetings.sign", "/meetings/{meeting_id}/note/sign"),
        ("accounts.change_password", "/account"),
        ("accounts.renew_backup_codes", "/account"),
    ],
)
def test_after_a_proof_one_is_back_at_the_form_and_nothing_was_sent_twice(
    app: Flask, form: str, page: str
) -> None:
    world = make_world(app)
    jane = client_of(app, world.cast.therapist, proved_at=utc_now() - timedelta(hours=1))
    token = BeautifulSoup(jane.get("/account/sign-ins").data, "html.parser").select_one("[name=form_token]")
    assert token is not None
    answer = jane.post(path_of(app, world, form), data={"form_token": token["value"]})
    assert answer.location == f"/prove?next={page.format(**world.places)}"


@pytest.mark.parametrize("path", ["/nowhere", "/couples//evil.example", "/sign-out"])
def test_a_form_without_a_page_above_it_leads_home(app: Flask, cast: Cast, path: str) -> None:
    with app.test_request_context(path, method="POST"):
        assert _way_back() is None or _way_back() == "/couples"


@pytest.fixture
def visitor(app: Flask) -> FlaskClient:
    return client_of(app, None)


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
    ],
)
def test_a_form_from_another_site_is_refused(app: Flask, cast: Cast, headers: dict[str, str]) -> None:
    client = client_of(app, cast.ana)
    assert client.post("/sign-out", headers=headers).status_code == 400
    assert client.get("/account/sign-ins").status_code == 200


def test_a_form_without_the_token_of_this_sign_in_is_refused(app: Flask, cast: Cast) -> None:
    signer = app.extensions["signer"]
    for token in ("", "nonsense", signer.form_token(None), signer.form_token(cast.ben.account_id)):
        client = client_of(app, cast.ana)
        assert client.post("/sign-out", data={"form_token": token}).status_code == 400
        assert client.get("/account/sign-ins").status_code == 200


def test_a_fragment_request_of_a_signed_out_person_never_gets_the_sign_in_page(
    visitor: FlaskClient, cast: Cast
) -> None:
    answer = visitor.get("/home", headers={"HX-Request": "true"})
    assert (answer.status_code, answer.data) == (204, b"")
    assert answer.headers["HX-Redirect"].startswith("/sign-in")


def test_a_foreign_host_is_refused(app: Flask, cast: Cast) -> None:
    for host in ("evil.example", "portal.example.org.evil.example", "portal.example.org@evil.example"):
        assert app.test_client().get("/articles", base_url=f"https://{host}").status_code == 400


def test_forwarded_headers_are_not_believed(visitor: FlaskClient, cast: Cast) -> None:
    spoof = {
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Proto": "http",
        "X-Forwarded-For": "1.2.3.4",
        "X-Original-URL": "/today",
    }
    answer = visitor.get("/articles", headers=spoof)
    assert answer.status_code == 200
    assert b"evil.example" not in answer.data


def test_requires_leaves_the_view_as_it_is() -> None:
    def view() -> str:
        return "as it was"

    assert requires(Permission.HOME_STAFF_VIEW)(view) is view
    assert view() == "as it was"
