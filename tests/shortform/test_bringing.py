"""Bringing a result to a first talk: only by its author's act, of the other only with the other's consent, gone with the request."""

import json
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from jobs.housekeeping import remove_expired
from portal.blog.service import publish_post
from portal.booking.erasing import erase_lead
from portal.booking.models import Consultation
from portal.booking.rules import ConsultationStatus
from portal.clock import utc_now
from portal.diary.rules import Slot
from portal.notices.models import MessagePart
from portal.practice.models import Practice, Therapist
from portal.security.viewer import JobFor
from portal.shortform.models import BroughtResult
from portal.shortform.rules import BROUGHT_WITHIN
from portal.sources.models import Step, StepCount
from portal.transaction import current_session, transaction
from tests.booking.visit import ANSWERS, count, iso, token_of
from tests.shortform.answering import MIXED, Person, hidden, soup, words_of
from tests.shortform.test_together import HIGH, both_answer
from tests.support.cast import Cast, client_of
from tests.support.marks import mark_of
from tests.support.statements import counted


def book(one: Person, slot: Slot, **answers: str) -> None:
    """Go on from the free times, with whatever the link carries."""
    assert one.page.status_code == 303, one.page.text
    carried = {name: values[0] for name, values in parse_qs(urlsplit(one.page.location).query).items()}
    one.page = one.client.get("/consultations/new", query_string={"start": iso(slot.start), **carried})
    with time_machine.travel(utc_now() + timedelta(minutes=1), tick=True):
        sent = hidden(one.page, "/consultations/new") | ANSWERS | answers
        one.page = one.client.post(
            "/consultations/new", data=sent, query_string={"from": carried.get("from", "")}
        )
    assert one.page.status_code == 303, one.page.text


def request_page(app: Flask, opened: Cast) -> str:
    with app.app_context():
        lead = (
            current_session()
            .scalars(select(Consultation.id).order_by(Consultation.created_at.desc()))
            .first()
        )
    page = client_of(app, opened.therapist).get(f"/requests/{lead}")
    assert page.status_code == 200
    found = soup(page).select_one("section[aria-labelledby=brought]")
    return " ".join(found.get_text(" ").split()) if found is not None else ""


def bring_alone(one: Person) -> None:
    one.get("/short-test/statements")
    one.send("/short-test/result", **MIXED)
    one.send("/short-test/bring")


def test_alone_the_therapist_sees_what_its_author_saw(
    app: Flask, opened: Cast, slots: list[Slot], two: tuple[Person, Person]
) -> None:
    ana, _ben = two
    bring_alone(ana)
    book(ana, slots[3])
    shown = request_page(app, opened)
    assert "Taking shape" in shown
    assert "We have found at least one value" in shown
    assert "The page for both" not in shown
    other = client_of(app, opened.stranger)
    with app.app_context():
        lead = current_session().scalars(select(Consultation)).one()
        brought = current_session().scalars(select(BroughtResult)).one()
        assert brought.person_id == lead.person_id
        assert brought.expires_at is None
        told = " ".join(part.facts for part in current_session().scalars(select(MessagePart)))
        path = f"/requests/{lead.id}"
    assert other.get(path).status_code == 404
    assert "Taking shape" not in told and "5411" not in told


def test_the_form_says_what_goes_along_and_can_leave_it_out(
    app: Flask, opened: Cast, slots: list[Slot], two: tuple[Person, Person]
) -> None:
    ana, _ben = two
    bring_alone(ana)
    carried = {name: values[0] for name, values in parse_qs(urlsplit(ana.page.location).query).items()}
    ana.page = ana.client.get("/consultations/new", query_string={"start": iso(slots[3].start), **carried})
    assert "The result of your short test" in words_of(ana.page)
    ana.send("/short-test/leave-out")
    assert count(app, BroughtResult) == 0
    assert ana.page.status_code == 303
    ana.page = ana.client.get(ana.page.location)
    assert "The result of your short test" not in words_of(ana.page)


@pytest.mark.parametrize(
    ("agrees", "opens", "knows", "goes_along"),
    [
        (True, True, "yes", True),
        (False, True, "yes", False),
        (True, False, "yes", False),
        (True, True, "no", False),
        (True, True, "unsaid", False),
    ],
    ids=["both agreed", "the other did not", "never opened", "does not know", "nothing said"],
)
def test_of_the_other_goes_only_what_the_other_agreed_to(  # noqa: PLR0917 - a row of a table
    app: Flask, opened: Cast, slots: list[Slot], two: tuple[Person, Person], agrees: bool, opens: bool, knows: str, goes_along: bool,
) -> None:  # fmt: skip
    ana, ben = two
    both_answer(two)
    ben.send("/short-test/place", "share", **({"may_go_along": "y"} if agrees else {}))
    if opens:
        ana.send("/short-test/place", "share")
    said_before = words_of(ana.page)
    ana.send("/short-test/place", "bring")
    book(ana, slots[3], partner_knows=knows)
    shown = request_page(app, opened)
    assert "Taking shape" in shown
    assert ("Firm ground" in shown) is goes_along
    assert "agreed to bring" not in said_before


def test_what_ana_sees_does_not_tell_whether_ben_allowed_it(two: tuple[Person, Person]) -> None:
    pages = []
    for extra in ({}, {"may_go_along": "y"}):
        ana, ben = two
        both_answer(two)
        ben.send("/short-test/place", "share", **extra)
        ana.send("/short-test/place", "share")
        pages.append([one for one in words_of(ana.page).split() if not any(sign.isdigit() for sign in one)])
    assert pages[0] == pages[1]


def test_it_goes_with_the_request(
    app: Flask, opened: Cast, slots: list[Slot], two: tuple[Person, Person]
) -> None:
    ana, _ben = two
    bring_alone(ana)
    book(ana, slots[3])
    with app.app_context(), transaction() as session:
        lead = session.scalars(select(Consultation)).one()
        assert erase_lead(session, JobFor(lead.id), lead, utc_now())
    assert count(app, BroughtResult) == 0
    assert request_page(app, opened) == ""


def test_what_nobody_booked_with_is_gone_after_twelve_hours(
    app: Flask, opened: Cast, two: tuple[Person, Person]
) -> None:
    ana, _ben = two
    bring_alone(ana)
    assert count(app, BroughtResult) == 1
    later = utc_now() + BROUGHT_WITHIN
    with app.app_context(), transaction() as session:
        remove_expired(session, later)
    assert count(app, BroughtResult) == 0


def test_where_a_code_is_mailed_it_waits_until_the_booking_counts(
    app: Flask, opened: Cast, slots: list[Slot], two: tuple[Person, Person]
) -> None:
    with app.app_context(), transaction() as session:
        session.scalars(select(Practice)).one().demands_mail_code = True
    ana, _ben = two
    bring_alone(ana)
    book(ana, slots[3])
    with app.app_context():
        lead = current_session().scalars(select(Consultation)).one()
        brought = current_session().scalars(select(BroughtResult)).one()
        assert lead.status is ConsultationStatus.UNVERIFIED
        assert brought.consultation_id is None
        code = json.loads(current_session().scalars(select(MessagePart)).one().facts)["facts"]["code"]
    place = ana.page.location
    ana.client.post(place, data={"code": code, "form_token": token_of(ana.client.get(place))})
    assert "Taking shape" in request_page(app, opened)


REPLAYED = {"none": "", "nonsense": "x.y.z", "long": "x" * 100_000}


def test_a_result_that_was_not_signed_here_is_not_brought(app: Flask, two: tuple[Person, Person]) -> None:
    ana, _ben = two
    ana.get("/short-test")
    token = str(soup(ana.page).select("[name=form_token]")[0]["value"])
    for result in REPLAYED.values():
        page = ana.client.post("/short-test/bring", data={"form_token": token, "result": result})
        assert page.status_code == 404
    assert count(app, BroughtResult) == 0


def test_a_replayed_result_is_old_after_twelve_hours(app: Flask, two: tuple[Person, Person]) -> None:
    ana, _ben = two
    ana.get("/short-test/statements")
    ana.send("/short-test/result", **MIXED)
    kept = soup(ana.page).select_one("input[name=result]")
    assert kept is not None
    with time_machine.travel(utc_now() + BROUGHT_WITHIN + timedelta(seconds=2), tick=True):
        ana.get("/short-test")
        token = str(soup(ana.page).select("[name=form_token]")[0]["value"])
        page = ana.client.post("/short-test/bring", data={"form_token": token, "result": kept["value"]})
    assert page.status_code == 404
    assert count(app, BroughtResult) == 0


def test_the_way_here_is_carried_from_article_to_booking(
    app: Flask, opened: Cast, slots: list[Slot], two: tuple[Person, Person]
) -> None:
    with app.app_context(), transaction() as session:
        post = publish_post(
            session, session.get_one(Therapist, opened.therapist_profile_id), slug="two-lists", title="Two lists",
            lead="", body="", published_at=utc_now() - timedelta(days=1),
        )  # fmt: skip
    ana, ben = two
    ana.get(f"/short-test?from={mark_of(app, post.id)}")
    link = soup(ana.page).select_one("main a[href*='/short-test/statements']")
    assert link is not None
    ana.get(str(link["href"]))
    ana.send("/short-test/result", **MIXED)
    ana.send("/short-test/bring")
    book(ana, slots[3])
    with app.app_context():
        assert current_session().scalars(select(Consultation.post_id)).one() == post.id
        counts = current_session().execute(
            select(StepCount.source, StepCount.number).where(StepCount.step == Step.TEST_TAKEN)
        )
        assert [tuple(row) for row in counts] == [(f"post:{post.id}", 1)]
    ben.begin()
    ben.answer(HIGH)
    ben.look()
    with app.app_context():
        counts = current_session().execute(
            select(StepCount.source, StepCount.number).where(StepCount.step == Step.TEST_TAKEN)
        )
        assert sorted(tuple(row) for row in counts) == [("none", 1), (f"post:{post.id}", 1)]


def test_pages_send_few_statements(
    app: Flask, opened: Cast, slots: list[Slot], two: tuple[Person, Person]
) -> None:
    ana, ben = two
    most: dict[str, int] = {}

    def visit(name: str, *path: str, **sent: str) -> None:
        with counted(app) as statements:
            ana.get(*path) if len(path) == 1 and not name.startswith("to ") else ana.send(*path, **sent)
        most[name] = len(statements)

    visit("start", "/short-test")
    visit("statements", "/short-test/statements")
    visit("to result", "/short-test/result", **MIXED)
    visit("to bring", "/short-test/bring")
    carried = urlsplit(ana.page.location).query
    with counted(app) as statements:
        assert (
            "What you bring"
            in ana.client.get(f"/consultations/new?start={iso(slots[3].start)}&{carried}").text
        )
    most["details"] = len(statements)
    book(ana, slots[3])
    code = ana.begin()
    ben.enter(code)
    ben.answer(HIGH)
    ben.send("/short-test/place", "share")
    visit("to statements for two", "/short-test/place", "answer")
    visit("to finish", "/short-test/answers", **MIXED)
    visit("to share", "/short-test/place", "share")
    with counted(app) as statements:
        request_page(app, opened)
    most["request"] = len(statements) - 1
    assert {name: number for name, number in most.items() if number > 12} == {}
