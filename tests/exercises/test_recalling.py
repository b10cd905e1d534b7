"""What stands beside a question from the last time: what both could read and still can, and nothing tells why there is less."""

import json
import re
from collections.abc import Callable, Collection, Mapping
from pathlib import Path

import pytest
from flask import Flask

from portal.clock import utc_now
from portal.exercises import checking
from portal.exercises.catalogue import find_task
from portal.exercises.checking import LIBRARY, library, load_exercise
from portal.exercises.definition import DefinitionBroken
from portal.homework.answers import Change, save_answers
from portal.homework.rules import PageMark, Scope, Standing
from portal.homework.service import assign, end_assignment, hide, share, submit
from portal.transaction import transaction
from tests.exercises.room import Room
from tests.support.cast import Actor, Cast

SUNDAY = "sunday-check-in"
SUNDAY_FILE = (LIBRARY / f"{SUNDAY}.toml").read_text(encoding="utf-8")
KEPT = "2"  # the page that asks about last week's wish
Answers = Mapping[str, Mapping[str, object]]
BOTH: Answers = {"ana": {"wish": "Qwalk with me"}, "ben": {"wish": "Qcook with me"}}
PAIR = ("ana", "ben")


@pytest.fixture
def app(either_app: Flask) -> Flask:
    """Either database decides what may be read."""
    return either_app


def given(app: Flask, cast: Cast, name: str = SUNDAY, *, for_one: Actor | None = None) -> Room:
    with app.test_request_context(), transaction() as session:
        for_person_id = for_one.person_id if for_one else None
        task, jane = find_task(name, "1"), cast.therapist.member()
        room = assign(session, jane, cast.couple_id, task, for_person_id=for_person_id, now=utc_now())
        return Room(app, cast, room.id)


def done(
    room: Room, answers: Answers, *, kept_back: Collection[str] = (), shared_by: Collection[str] = PAIR
) -> Room:
    """Let both finish the first part, and share it but for what they keep back."""
    for actor in (room.cast.ana, room.cast.ben):
        who, part, now = actor.member(), room.desk(actor).part, utc_now()
        changes = [
            Change(name, json.dumps(words), Scope.REVEAL, 0)
            for name, words in answers.get(actor.user_name, {}).items()
        ]
        with room.app.test_request_context(), transaction() as session:
            save_answers(session, who, part, changes, PageMark(""), now=now)
            submit(session, who, part, seconds=None, now=now)
            if actor.user_name in shared_by:
                share(session, who, part, withheld=kept_back, now=now)
    return room


def ended(room: Room, standing: Standing = Standing.CLOSED) -> Room:
    with room.app.test_request_context(), transaction() as session:
        end_assignment(session, room.cast.therapist.member(), room.assignment_id, standing, now=utc_now())
    return room


def hidden(room: Room) -> None:
    for actor in (room.cast.ana, room.cast.ben):
        part = room.desk(actor).part
        with room.app.test_request_context(), transaction() as session:
            hide(session, actor.member(), part, now=utc_now())


def asked_again(app: Flask, cast: Cast) -> list[str]:
    """Give it once more, see the page about last week's wish as both do, and finish."""
    room = done(given(app, cast), {})
    pages = [page_of(room, actor, 2) for actor in (cast.ana, cast.ben)]
    ended(room)
    return pages


def page_of(room: Room, actor: Actor, stage: int = 1, page: str = KEPT) -> str:
    """Open a page; without what differs at each load."""
    return re.sub(r"[0-9a-f-]{16,}|[\w.-]{40,}|nonce=\"[^\"]*\"", "", room.desk(actor, stage).get(page).text)


def beside(page: str) -> str:
    return page.partition('aria-label="From the last time"')[2].partition("</section>")[0]


def test_the_wishes_of_the_last_time_stand_beside_the_question_with_names_and_day(
    app: Flask, cast: Cast
) -> None:
    ended(done(given(app, cast), {**BOTH, "ana": {"wish": "Qearlier wish"}}))
    ended(done(given(app, cast), BOTH))
    for page in asked_again(app, cast):
        found = [
            beside(page).find(words) for words in ("One wish", "since <time", "Ana", "Qwalk", "Ben", "Qcook")
        ]
        assert found == sorted(found)
        assert found[0] > 0
        assert "Qearlier" not in page


LESS: dict[str, Callable[[Flask, Cast], object]] = {
    "nobody wished": lambda app, cast: ended(done(given(app, cast), {})),
    "both kept it back": lambda app, cast: ended(done(given(app, cast), BOTH, kept_back=["wish"])),
    "both hide it by now": lambda app, cast: hidden(ended(done(given(app, cast), BOTH))),
    "it was withdrawn": lambda app, cast: ended(done(given(app, cast), BOTH), Standing.WITHDRAWN),
    "one has not shared, though both did before": lambda app, cast: [
        ended(done(given(app, cast), BOTH, shared_by=who)) for who in (PAIR, ["ana"])
    ],
}


def test_whatever_is_not_there_is_not_there_in_the_same_way(app: Flask, cast: Cast) -> None:
    first = asked_again(app, cast)  # there was no last time
    found = {}
    for name, before in LESS.items():
        before(app, cast)
        found[name] = asked_again(app, cast)
    assert "did we try it?" in first[0]
    assert not beside(first[0])
    assert [name for name, pages in found.items() if pages != first] == []


def test_what_one_alone_was_asked_meanwhile_changes_nothing_for_the_other(app: Flask, cast: Cast) -> None:
    ended(done(given(app, cast), BOTH))
    ended(given(app, cast, for_one=cast.ana))
    assert "Qwalk" in beside(asked_again(app, cast)[1])


def test_what_somebody_offered_is_shown_to_whoever_it_was_offered_to(app: Flask, cast: Cast) -> None:
    offers = {"ana": {"offer": "Qoffer to drive"}, "ben": {"offer": "Qoffer to listen"}}
    ended(done(given(app, cast, "rooting-for-you"), offers))
    room = given(app, cast, "rooting-two-weeks-on")
    pages = [page_of(room, actor, 1, "1") for actor in (cast.ana, cast.ben)]
    assert [("Qoffer to drive" in page, "Qoffer to listen" in page) for page in pages] == [
        (False, True),
        (True, False),
    ]


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ('recalls = "wish"', 'recalls = "mood"', "prompt kept: mood is not one answer that is revealed"),
        ('recalls = "wish"', 'recalls = "wishes"', "prompt kept: there is no wishes"),
        ('recalls = "wish"', 'recalls = "a.b.c"', "prompt kept: recalls names no prompt"),
        ('recalls = "wish"', 'recalls = "wish"\nrecalls_of = "own"', "prompt kept: recalls names no prompt"),
        ('recalls = "wish"', 'recalls = "wish"\nrecalls_of = "partner"', "prompt kept: what both write"),
    ],
)
def test_a_file_recalls_only_what_both_can_have_read(old: str, new: str, place: str) -> None:
    with pytest.raises(DefinitionBroken, match=place):
        load_exercise(SUNDAY_FILE.replace(old, new))


def test_what_is_recalled_from_another_exercise_must_be_open_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checking, "LIBRARY", tmp_path)
    for name in ("small-wins", SUNDAY):
        text = (LIBRARY / f"{name}.toml").read_text(encoding="utf-8")
        changed = text.replace('recalls = "wish"', 'recalls = "small-wins.rely"')
        (tmp_path / f"{name}.toml").write_text(changed, encoding="utf-8")
    with pytest.raises(DefinitionBroken, match=r"small-wins\.rely is not one answer that is revealed"):
        library.__wrapped__()
