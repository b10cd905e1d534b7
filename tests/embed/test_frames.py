"""The booking inside another site: who may show it, that it needs no cookie, and which forms count."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from bs4 import BeautifulSoup, Tag
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from portal.accounts.models import LoginSession
from portal.blog.service import publish_post
from portal.booking.models import Consultation
from portal.booking.rules import new_form_id
from portal.clock import utc_now
from portal.diary.rules import Slot
from portal.marks import Mark
from portal.practice.models import EmbedOrigin, Therapist
from portal.security.headers import CSP
from portal.security.viewer import TokenPurpose
from portal.sources.models import CampaignLink, Step, StepCount
from portal.transaction import current_session, transaction
from portal.web.marks import read_mark
from tests.booking.visit import ANSWERS, count, free_slots_of, iso, open_diary, soup, typed
from tests.support.cast import Cast, client_of

SITE = "blog.example.org"
LISTED = [f"https://{SITE}", "https://www.example.net"]
HOME = f"/embed/{SITE}"
WISHES = {
    "first_name": "Noor", "email": "noor@example.org", "weekdays": ["1", "8"], "parts": ["1"], "partner_knows": "no",
}  # fmt: skip
READER = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"}


@pytest.fixture
def listed(app: Flask, cast: Cast) -> Cast:
    """A practice with hours and two sites on its list."""
    open_diary(app, cast.therapist)
    with app.app_context(), transaction() as session:
        session.add_all(EmbedOrigin(origin=origin) for origin in LISTED)
    return cast


@pytest.fixture
def slots(app: Flask, listed: Cast) -> list[Slot]:
    return free_slots_of(app, listed)


@pytest.fixture
def reader(app: Flask, listed: Cast) -> FlaskClient:
    return client_of(app, None)


def rules_of(answer: TestResponse) -> dict[str, str]:
    policy = answer.headers["Content-Security-Policy"]
    return dict(part.strip().partition(" ")[::2] for part in policy.split(";"))


def form_of(answer: TestResponse) -> Tag:
    form = soup(answer).select_one("form#details")
    assert form is not None, answer.text
    return form


def action_of(answer: TestResponse) -> str:
    """Read where a page's form goes: an address that is signed for this page."""
    form = soup(answer).select_one("main form[method=post]")
    assert form is not None, answer.text
    return str(form["action"])


def filled(app: Flask, answer: TestResponse) -> dict[str, str]:
    """Fill in the form of a page that was opened two minutes ago."""
    signer = app.extensions["signer"]
    key = signer.sign_id(TokenPurpose.BOOKING_FORM, new_form_id(utc_now() - timedelta(minutes=2)))
    return typed(answer) | ANSWERS | {"form_key": key}


class TestWhoMayShowIt:
    @pytest.mark.parametrize("page", ["times", "card"])
    def test_the_listed_sites_and_nobody_else(self, reader: FlaskClient, page: str) -> None:
        answer = reader.get(f"{HOME}/{page}")

        assert answer.status_code == 200
        assert rules_of(answer)["frame-ancestors"] == " ".join(("'self'", *LISTED))
        assert "X-Frame-Options" not in answer.headers
        assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
        assert {name: rule for name, rule in rules_of(answer).items() if name != "frame-ancestors"} == {
            name: rule
            for name, rule in (part.strip().partition(" ")[::2] for part in CSP.split(";"))
            if name != "frame-ancestors"
        }

    @pytest.mark.parametrize(
        "path",
        ["/", "/consultations/times", "/articles", "/sign-in", "/embed/", "/embed/x/y/z", "/go/nothing"],
    )
    def test_no_other_page_stands_in_any_frame(self, reader: FlaskClient, path: str) -> None:
        answer = reader.get(path)

        assert rules_of(answer)["frame-ancestors"] == "'none'"
        assert answer.headers["X-Frame-Options"] == "DENY"

    @pytest.mark.parametrize(
        "name", ["evil.example", "null", "blog.example.org.evil.example", "*", "BLOG.example.org"]
    )
    def test_a_site_that_is_not_listed_gets_a_page_that_leads_out(
        self, reader: FlaskClient, name: str
    ) -> None:
        answer = reader.get(f"/embed/{name}/times")

        assert answer.status_code == 404
        assert "evil" not in answer.headers["Content-Security-Policy"]
        assert soup(answer).select_one("main a[target=_top]") is not None

    def test_the_script_may_be_loaded_by_any_site(self, reader: FlaskClient) -> None:
        answer = reader.get("/embed.js")

        assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
        assert answer.mimetype == "text/javascript" and "postMessage" not in answer.text


class TestNobodyIsSignedIn:
    def test_whatever_cookie_comes_along(self, app: Flask, listed: Cast) -> None:
        desk = client_of(app, listed.therapist)
        with app.app_context():
            seen = current_session().scalars(select(LoginSession.last_seen_at)).all()
        with time_machine.travel(utc_now() + timedelta(minutes=5), tick=False):
            answers = [desk.get(f"{HOME}/{page}") for page in ("times", "card", "")] + [desk.get("/embed.js")]
        with app.app_context():
            assert current_session().scalars(select(LoginSession.last_seen_at)).all() == seen

        assert all("Set-Cookie" not in answer.headers for answer in answers)
        assert "Sign out" not in answers[0].text

    def test_no_link_leads_into_a_signed_in_area_and_all_that_lead_out_fill_the_window(
        self, reader: FlaskClient, slots: list[Slot]
    ) -> None:
        for path in ("times", "card", f"new?start={iso(slots[0].start)}", "new?start=2020-01-01T00:00:00Z"):
            page = soup(reader.get(f"{HOME}/{path}"))
            for link in page.select("a[href]"):
                href = str(link["href"])
                is_inside = href.startswith(("#", f"{HOME}/", "tel:", "mailto:"))
                assert is_inside or link.get("target") in {"_top", "_blank"}, (path, href)
                assert not href.startswith(("/sign-in", "/today", "/home", "/practice"))
            for form in page.select("form"):
                assert str(form.get("action", HOME + "/")).startswith(f"{HOME}/"), path


class TestBooking:
    @pytest.fixture
    def page(self, reader: FlaskClient, slots: list[Slot]) -> TestResponse:
        return reader.get(f"{HOME}/new", query_string={"start": iso(slots[0].start), "zone": "Europe/London"})

    def test_goes_from_the_first_page_to_the_last_without_a_cookie(
        self, app: Flask, reader: FlaskClient, slots: list[Slot]
    ) -> None:
        times = reader.get(reader.get(f"{HOME}/?zone=Europe/London").location)
        form = soup(times).select_one("form:has(.slot)")
        assert form is not None
        held = reader.post(str(form["action"]), data=typed_of(form) | {"start": iso(slots[0].start)})
        page = reader.get(held.location)
        with time_machine.travel(utc_now() + timedelta(minutes=2), tick=False):
            answer = reader.post(str(form_of(page)["action"]), data=typed(page) | ANSWERS)
        end = reader.get(answer.location)

        assert answer.status_code == 303 and answer.location.startswith(f"{HOME}/booked/")
        assert "Your time is kept for you" in end.text and count(app) == 1
        assert all("Set-Cookie" not in one.headers for one in (times, held, page, answer, end))
        assert soup(end).select_one("a.main[target=_top]") is not None

    def test_the_same_form_sent_twice_books_once(
        self, app: Flask, reader: FlaskClient, page: TestResponse
    ) -> None:
        address, answers = str(form_of(page)["action"]), filled(app, page)

        assert reader.post(address, data=answers).location == reader.post(address, data=answers).location
        assert count(app) == 1

    @pytest.mark.parametrize("spoilt", ["none", "altered", "other site", "other page", "other time", "old"])
    def test_a_form_that_was_not_made_here_books_nothing_and_keeps_what_was_typed(
        self, app: Flask, reader: FlaskClient, page: TestResponse, slots: list[Slot], spoilt: str
    ) -> None:
        address, answers = str(form_of(page)["action"]), filled(app, page)
        made = parse_qs(urlsplit(address).query)["made"][0]
        moment = utc_now()
        match spoilt:
            case "none":
                address = address.replace(made, "")
            case "altered":
                address = address.replace(made, made[:-1] + ("A" if made[-1] != "A" else "B"))
            case "other site":
                address = address.replace(SITE, "www.example.net")
            case "other page":
                other = soup(reader.get(f"{HOME}/times")).select_one("form:has(.slot)")
                assert other is not None
                address = address.replace(made, parse_qs(urlsplit(str(other["action"])).query)["made"][0])
            case "other time":
                answers |= {"start": iso(slots[7].start)}
            case "old":
                moment += timedelta(hours=13)
        with time_machine.travel(moment, tick=False):
            answer = reader.post(address, data=answers)

        assert answer.status_code in {409, 422} and count(app) == 0
        assert 'value="Ana"' in answer.text

    def test_a_site_taken_off_the_list_books_nothing_more(
        self, app: Flask, reader: FlaskClient, page: TestResponse
    ) -> None:
        address, answers = str(form_of(page)["action"]), filled(app, page)
        with app.app_context(), transaction() as session:
            session.connection().exec_driver_sql("delete from embed_origin")

        assert reader.post(address, data=answers).status_code == 404 and count(app) == 0

    @pytest.mark.parametrize(
        "headers",
        [{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": f"https://{SITE}"}],
    )
    def test_a_form_sent_by_the_site_around_is_refused(
        self, app: Flask, reader: FlaskClient, page: TestResponse, headers: dict[str, str]
    ) -> None:
        answer = reader.post(str(form_of(page)["action"]), data=filled(app, page), headers=headers)

        assert answer.status_code == 400 and count(app) == 0


class TestWhereSomebodyCameFrom:
    @pytest.fixture
    def link(self, app: Flask, listed: Cast) -> CampaignLink:
        with app.app_context(), transaction() as session:
            post = publish_post(
                session, session.get_one(Therapist, listed.therapist_profile_id), slug="two-lists", title="Two lists",
                lead="", body="", published_at=utc_now() - timedelta(days=1),
            )  # fmt: skip
            link = CampaignLink(code="letter", name="Letter", post_id=post.id)
            session.add(link)
        return link

    def mark(self, app: Flask, answer: TestResponse) -> Mark:
        with app.app_context():
            mark = read_mark(parse_qs(urlsplit(answer.location).query)["from"][0])
        assert mark is not None
        return mark

    def test_is_carried_and_counted_once_a_visit(
        self, app: Flask, reader: FlaskClient, link: CampaignLink
    ) -> None:
        by_post = reader.get(f"{HOME}/?post=two-lists&zone=Europe/London", headers=READER)
        by_link = reader.get(f"{HOME}/?link=letter&form=card", headers=READER)
        by_nothing = reader.get(f"{HOME}/?post=nowhere", headers=READER)
        for answer in (by_post, by_link, by_nothing):
            answer.close()
            reader.get(answer.location, headers=READER).close()

        assert self.mark(app, by_post).last_post_id == link.post_id
        assert self.mark(app, by_link).last_link_id == link.id
        assert urlsplit(by_link.location).path == f"{HOME}/card"
        with app.app_context():
            counts = {
                row.source: (row.step, row.number) for row in current_session().scalars(select(StepCount))
            }
        assert counts == {
            f"post:{link.post_id}": (Step.WIDGET_SEEN, 1), f"link:{link.id}": (Step.WIDGET_SEEN, 1),
            "none": (Step.WIDGET_SEEN, 1),
        }  # fmt: skip

    def test_is_kept_with_the_booking(
        self, app: Flask, reader: FlaskClient, link: CampaignLink, slots: list[Slot]
    ) -> None:
        source = parse_qs(urlsplit(reader.get(f"{HOME}/?link=letter").location).query)["from"][0]
        page = reader.get(f"{HOME}/new", query_string={"start": iso(slots[0].start), "from": source})
        reader.post(str(form_of(page)["action"]), data=filled(app, page))

        with app.app_context():
            consultation = current_session().scalars(select(Consultation)).one()
            touch = current_session().get_one(Consultation, consultation.id).touch_id
            assert touch is not None and consultation.post_id == link.post_id


class TestColours:
    def test_become_a_style_sheet_of_numbers(self, reader: FlaskClient) -> None:
        page = soup(reader.get(f"{HOME},1a251e,fff8ee/times"))
        style = reader.get(f"{HOME},1a251e,fff8ee/theme.css")

        assert page.select_one(f'link[href="{HOME},1a251e,fff8ee/theme.css"]') is not None
        assert style.mimetype == "text/css" and "--ground: #fff8ee;" in style.text
        assert set(style.text.split("\n")[1:-2]) and "url" not in style.text

    @pytest.mark.parametrize("colours", ["red,blue", "1a251e,fff8ee;}body{", "777777,888888"])
    def test_that_are_none_or_too_alike_change_nothing(self, reader: FlaskClient, colours: str) -> None:
        answer = reader.get(f"{HOME},{colours}/times")

        assert "theme.css" not in answer.text
        assert reader.get(f"{HOME},{colours}/theme.css").status_code == 404


class TestThePlaceOnTheWaitingList:
    """Where the way through a frame ends for who finds no time that suits."""

    def test_is_taken_seen_and_given_up_without_leaving_the_frame(
        self, app: Flask, reader: FlaskClient
    ) -> None:
        asked = reader.get(f"{HOME}/waitlist")
        joined = reader.post(action_of(asked), data=filled(app, asked) | WISHES)
        assert joined.status_code == 303 and joined.location.startswith(f"{HOME}/waitlist/")
        waiting = reader.get(joined.location)
        shown = soup(waiting).main
        assert shown is not None and "You are on the list" in shown.text
        assert "Monday, Thursday" in shown.text and "Noor" not in waiting.text
        assert rules_of(waiting)["frame-ancestors"] == " ".join(("'self'", *LISTED))
        assert not waiting.headers.getlist("Set-Cookie")
        left = reader.post(action_of(waiting), data=typed(waiting))
        assert left.location == joined.location
        assert "no longer on the list" in reader.get(left.location).text
        again = soup(reader.get(left.location)).select_one("main a.button")
        assert again is not None and str(again["href"]).startswith(f"{HOME}/times")

    def test_of_an_altered_link_is_not_told(self, reader: FlaskClient) -> None:
        assert reader.get(f"{HOME}/waitlist/x.y").status_code == 404


class TestTheList:
    @pytest.fixture
    def desk(self, app: Flask, listed: Cast) -> FlaskClient:
        return client_of(app, listed.therapist)

    def send(self, desk: FlaskClient, path: str, **fields: str) -> TestResponse:
        token = str(soup(desk.get("/practice/embed")).select("[name=form_token]")[0]["value"])
        return desk.post(path, data={"form_token": token, **fields})

    def test_takes_a_site_once_and_shows_the_line_to_copy(self, desk: FlaskClient) -> None:
        added = self.send(desk, "/practice/embed", origin=" https://Third.example/ ")
        again = self.send(desk, "/practice/embed", origin="https://third.example")
        wrong = self.send(desk, "/practice/embed", origin="https://third.example/blog")
        page = soup(desk.get(added.location + "&form=card&ink=1a251e&paper=%23fff8ee"))

        assert [answer.status_code for answer in (added, again, wrong)] == [303, 409, 422]
        line = BeautifulSoup(page.select("#script")[0].get_text(), "html.parser").script
        assert line is not None
        assert line["src"] == "https://portal.example.org/embed.js" and line["data-form"] == "card"
        assert line["data-ink"] == "#1a251e" and page.select_one("iframe.preview") is not None

    def test_lets_its_preview_in_and_no_other_frame(self, desk: FlaskClient) -> None:
        rules = rules_of(desk.get("/practice/embed"))

        assert rules["frame-src"] == "'self'" and rules["frame-ancestors"] == "'none'"

    def test_lets_go_of_a_site(self, app: Flask, desk: FlaskClient) -> None:
        with app.app_context():
            sites = current_session().scalars(select(EmbedOrigin)).all()
        for site in sites:
            assert self.send(desk, f"/practice/embed/{site.id}/remove").status_code == 303

        assert desk.get(f"{HOME}/times").status_code == 404


def typed_of(form: Tag) -> dict[str, str]:
    return {str(one["name"]): str(one.get("value", "")) for one in form.select("input[name]")}
