"""The page that both partners see: shut until it opens, then the same for both, made of shares alone."""

import re

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, update

from portal.clock import utc_now
from portal.couples.models import Couple, CoupleStatus
from portal.homework.models import Answer
from portal.homework.rules import SHOWN, Standing
from portal.homework.service import end_assignment, hide
from portal.psychometrics.items import Answer as Given
from portal.transaction import transaction
from tests.assessments.sittings import TEST, keyed_as
from tests.assessments.walk import Walk, given_test, opened_test
from tests.support.cast import Actor, Cast, client_of
from tests.support.statements import counted


def with_domain(value: int, **domains: int) -> dict[str, Given]:
    """All statements worth `value`, those of some domains worth something else."""
    return {
        item_id: given
        for other in (value, *domains.values())
        for item_id, given in keyed_as(other).items()
        if domains.get(item_id[:3], value) == other
    }


MONEY_APART = with_domain(4), with_domain(4, FIN=1)


def body_of(client: FlaskClient, path: str) -> str:
    """Read a page without what belongs to one request or one reader."""
    answer = client.get(path)
    assert answer.status_code == 200
    text = answer.get_data(as_text=True)
    return re.sub(
        r'(?<=name="form_token" value=")[^"]+|(?<=/questions/)[0-9a-f-]{36}|(?<=/tasks/)[0-9a-f-]{36}',
        "",
        text,
    )


def main_of(text: str) -> str:
    """Cut out what the page itself says, without its surroundings."""
    return text[text.index("<main") : text.index("</main>")]


def press(walk: Walk, actor: Actor, domain_id: str, agree: str, seen: int = 0) -> int:
    """Press the button that says whether the two agree to differ."""
    client = client_of(walk.app, actor)
    token = re.search(r'name="form_token" value="([^"]+)"', client.get("/tasks").get_data(as_text=True))
    assert token
    fields = {
        "form_token": token[1],
        "domain": domain_id,
        "agree": agree,
        f"rev-differ.{domain_id}": str(seen),
    }
    return client.post(walk.together(actor), data=fields).status_code


def test_until_it_opens_nothing_that_the_other_does_changes_a_byte(app: Flask, cast: Cast) -> None:
    walk, ana = given_test(app, cast), client_of(app, cast.ana)
    pages = [body_of(ana, walk.together(cast.ana))]
    walk.answer(cast.ben, {"VAL1": 3})
    pages.append(body_of(ana, walk.together(cast.ana)))
    walk.finish(cast.ben, keyed_as(4))
    pages.append(body_of(ana, walk.together(cast.ana)))
    walk.share(cast.ben)
    pages.append(body_of(ana, walk.together(cast.ana)))
    assert len(set(pages)) == 1
    assert "This opens when you have both shared, or in your session." in pages[0]
    assert "map" not in main_of(pages[0])


def test_both_read_the_same_page(app: Flask, cast: Cast) -> None:
    walk = opened_test(app, cast, *MONEY_APART)
    pages = [main_of(body_of(client_of(app, one), walk.together(one))) for one in (cast.ana, cast.ben)]
    assert pages[0] == pages[1]
    assert "Finances. Ana: well under way. Ben: early talks." in pages[0]
    assert "You see this differently." in pages[0]
    assert "Choose one shared goal" in pages[0]


def test_a_partners_page_needs_not_one_answer(app: Flask, cast: Cast) -> None:
    walk = opened_test(app, cast, *MONEY_APART)
    client = client_of(app, cast.ana)
    before = body_of(client, walk.together(cast.ana))
    with app.app_context(), transaction() as session:
        session.execute(delete(Answer).where(Answer.prompt_id.not_like(f"{SHOWN}%")))
    assert body_of(client, walk.together(cast.ana)) == before


def test_hiding_looks_as_if_nothing_had_been_shared(app: Flask, cast: Cast) -> None:
    walk = opened_test(app, cast, *MONEY_APART)
    with app.app_context(), transaction() as session:
        hide(session, cast.ben.member(), walk.part(cast.ben), now=utc_now())
    page = main_of(body_of(client_of(app, cast.ana), walk.together(cast.ana)))
    assert page.count("Not discussed yet.") == len(TEST.domains)
    assert "Ana: " not in page


def test_agreeing_to_differ_is_seen_by_both_at_once_and_either_takes_it_off(app: Flask, cast: Cast) -> None:
    walk = opened_test(app, cast, *MONEY_APART)
    assert press(walk, cast.ana, "FIN", "yes") == 303
    for reader in (cast.ana, cast.ben):
        page = main_of(body_of(client_of(app, reader), walk.together(reader)))
        assert "Agree to differ" in page
        assert "Ana marked this on" in page
    assert press(walk, cast.ben, "FIN", "no", seen=1) == 303
    assert "Agree to differ" not in body_of(client_of(app, cast.ana), walk.together(cast.ana))


def test_a_word_said_on_an_old_page_does_not_overturn_a_newer_one(app: Flask, cast: Cast) -> None:
    walk = opened_test(app, cast, *MONEY_APART)
    press(walk, cast.ana, "FIN", "yes")
    press(walk, cast.ben, "FIN", "no", seen=0)
    assert "Ana marked this on" in body_of(client_of(app, cast.ben), walk.together(cast.ben))


def test_nothing_can_be_agreed_before_it_opens(app: Flask, cast: Cast) -> None:
    assert press(given_test(app, cast), cast.ana, "FIN", "yes") == 404


def test_nothing_can_be_agreed_about_what_is_no_domain(app: Flask, cast: Cast) -> None:
    assert press(opened_test(app, cast, *MONEY_APART), cast.ana, "shown.band.FIN", "yes") == 422


def test_a_test_for_one_person_has_no_page_for_two(app: Flask, cast: Cast) -> None:
    alone = given_test(app, cast, for_person_id=cast.ana.person_id)
    assert client_of(app, cast.ana).get(alone.together(cast.ana)).status_code == 404


def test_a_closed_couple_and_a_withdrawn_test_have_no_page_for_two(app: Flask, cast: Cast) -> None:
    walk = opened_test(app, cast, *MONEY_APART)
    client, ours = client_of(app, cast.ana), update(Couple).where(Couple.id == cast.couple_id)
    with app.app_context(), transaction() as session:
        session.execute(ours.values(status=CoupleStatus.SEPARATED))
    assert client.get(walk.together(cast.ana)).status_code == 404
    with app.app_context(), transaction() as session:
        session.execute(ours.values(status=CoupleStatus.ACTIVE))
        end_assignment(
            session, cast.therapist.member(), walk.assignment_id, Standing.WITHDRAWN, now=utc_now()
        )
    assert client.get(walk.together(cast.ana)).status_code == 404


def test_the_joint_page_costs_at_most_twelve_statements(app: Flask, cast: Cast) -> None:
    walk, client = opened_test(app, cast, *MONEY_APART), client_of(app, cast.ana)
    press(walk, cast.ana, "FIN", "yes")
    with counted(app) as statements:
        client.get(walk.together(cast.ana))
    assert len(statements) <= 12
