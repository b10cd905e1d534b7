"""The therapist's page of a test: only what is finished, everything of it, and the map as the couple sees it."""

import re

from flask import Flask
from sqlalchemy import select

from portal.audit.models import AuditEvent
from portal.audit.rules import Action
from portal.clock import utc_now
from portal.homework.models import Assignment, TaskKind
from portal.homework.service import take_back
from portal.psychometrics.items import Absent
from portal.transaction import current_session, transaction
from tests.assessments.sittings import EVERYTHING, TEST, all_of, keyed_as
from tests.assessments.walk import Walk, given_test, opened_test
from tests.support.cast import Actor, Cast, client_of
from tests.support.statements import counted


def page_of(app: Flask, walk: Walk, reader: Actor, more: str = "") -> str:
    answer = client_of(app, reader).get(f"/couples/tasks/{walk.assignment_id}/test{more}")
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def text_of(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def map_of(page: str) -> str:
    found = re.search(r'<div class="map">.*?</div>', page, re.DOTALL)
    assert found
    return found[0]


def test_nothing_unfinished_is_on_the_therapists_page(app: Flask, cast: Cast) -> None:
    walk = given_test(app, cast)
    walk.answer(cast.ana, keyed_as(5))
    assert "Nothing is finished yet" in page_of(app, walk, cast.therapist)
    walk.finish(cast.ben, keyed_as(2))
    page = text_of(page_of(app, walk, cast.therapist))
    assert "Not finished yet." in page
    assert "25 of 100, early talks" in page
    assert "Firm ground" not in page
    assert "100 of 100" not in page


def test_scores_absences_and_figures_stand_beside_each_other(app: Flask, cast: Cast) -> None:
    walk = opened_test(
        app, cast, keyed_as(5, VAL1=Absent.DOES_NOT_APPLY, FAMB=Absent.NOT_SURE_YET), keyed_as(2, FINB=5)
    )
    page = text_of(page_of(app, walk, cast.therapist))
    assert "100 of 100, firm ground (provisional)" in page
    assert "39 of 40 statements" in page
    assert "Does not apply to us VAL1" in page
    assert "Not sure yet FAMB" in page
    assert "75 points 25 many differences" in page
    assert "no agreement beyond chance" in page


def test_a_straight_line_is_flagged_and_its_figures_stay(app: Flask, cast: Cast) -> None:
    page = text_of(page_of(app, opened_test(app, cast, all_of(4), keyed_as(4)), cast.therapist))
    assert "Mostly one answer" in page
    assert "65 of 100" in page


def test_watched_answers_are_for_the_therapist_alone(app: Flask, cast: Cast) -> None:
    walk = opened_test(app, cast, keyed_as(4, FIN5=1, COM1=1), keyed_as(4, AUT5=2))
    desk = text_of(page_of(app, walk, cast.therapist))
    assert "Ana, for you alone Individual conversation suggested" in desk
    assert desk.count("Individual conversation suggested") == 1
    shown = page_of(app, walk, cast.therapist, "/together") + "".join(
        client_of(app, one).get(walk.together(one)).get_data(as_text=True) for one in (cast.ana, cast.ben)
    )
    assert "Individual conversation" not in shown
    assert not [one.id for one in TEST.statements if one.is_protected and one.text in shown]


def test_the_therapist_sees_the_map_as_the_couple_sees_it(app: Flask, cast: Cast) -> None:
    walk = given_test(app, cast)
    for actor, answers in ((cast.ana, keyed_as(4)), (cast.ben, keyed_as(2))):
        walk.finish(actor, answers)
    walk.share(cast.ana, EVERYTHING - {"FAM"})
    walk.share(cast.ben)
    preview = page_of(app, walk, cast.therapist, "/together")
    assert "The couple sees nothing of this yet" in preview
    assert map_of(preview).count("Not discussed yet.") == 1
    walk.open()
    seen = client_of(app, cast.ana).get(walk.together(cast.ana)).get_data(as_text=True)
    assert map_of(page_of(app, walk, cast.therapist, "/together")) == map_of(seen) == map_of(preview)


def test_what_was_taken_back_is_on_no_preview(app: Flask, cast: Cast) -> None:
    walk = given_test(app, cast)
    for actor in (cast.ana, cast.ben):
        walk.finish(actor, keyed_as(4))
        walk.share(actor)
    with app.app_context(), transaction() as session:
        take_back(session, cast.ben.member(), walk.part(cast.ben), now=utc_now())
    assert map_of(page_of(app, walk, cast.therapist, "/together")).count("Not discussed yet.") == len(
        TEST.domains
    )


def test_a_gap_becomes_an_exercise_with_one_press(app: Flask, cast: Cast) -> None:
    walk, client = opened_test(app, cast, keyed_as(4), keyed_as(1)), client_of(app, cast.therapist)
    page = client.get(f"/couples/tasks/{walk.assignment_id}/test").get_data(as_text=True)
    form = next(one for one in page.split("<form")[1:] if 'value="exercise:values-compass"' in one)
    action = re.search(r'action="([^"]+)"', form)
    assert action
    fields = dict(re.findall(r'name="([^"]+)" value="([^"]*)"', form.partition("</form>")[0]))
    assert client.post(action[1], data=fields).status_code == 303
    with app.app_context():
        given = current_session().scalars(
            select(Assignment.task_id).where(Assignment.kind == TaskKind.EXERCISE)
        )
        assert list(given) == ["values-compass"]


def test_reading_a_test_leaves_a_trace(app: Flask, cast: Cast) -> None:
    walk = given_test(app, cast)
    for more in ("", "/together"):
        page_of(app, walk, cast.therapist, more)
    with app.app_context():
        reads = current_session().scalars(select(AuditEvent).where(AuditEvent.action == Action.TASK_READ))
        assert len(list(reads)) == 2


def test_the_therapists_pages_cost_at_most_twelve_statements(app: Flask, cast: Cast) -> None:
    walk, client = opened_test(app, cast, keyed_as(4), keyed_as(1)), client_of(app, cast.therapist)
    for more in ("", "/together"):
        with counted(app) as statements:
            client.get(f"/couples/tasks/{walk.assignment_id}/test{more}")
        assert len(statements) <= 12


def test_a_test_for_one_person_has_nothing_to_compare(app: Flask, cast: Cast) -> None:
    walk = given_test(app, cast, for_person_id=cast.ana.person_id)
    walk.finish(cast.ana, keyed_as(4))
    page = text_of(page_of(app, walk, cast.therapist))
    assert "for Ana alone" in page
    assert "ICC" not in page
    address = f"/couples/tasks/{walk.assignment_id}/test/together"
    assert client_of(app, cast.therapist).get(address).status_code == 404
