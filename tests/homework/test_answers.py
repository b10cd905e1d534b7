"""Saving answers: what is acknowledged is kept, no window writes over another, nothing is taken after sharing."""

from collections.abc import Callable
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from portal.clock import utc_now
from portal.couples.models import Couple, CoupleStatus, Partner
from portal.errors import NotFound
from portal.homework.answers import (
    Change,
    Saved,
    forget_kept_page,
    keep_page,
    kept_fields,
    save_answers,
    save_joint,
)
from portal.homework.models import Answer, Assignment, Opening, TaskKind
from portal.homework.queries import find_kept_page, joint_answers, own_answers
from portal.homework.registry import StageFacts, Task
from portal.homework.rules import (
    MOST_ANSWER_CHARACTERS,
    AnswerTooLarge,
    Gate,
    NoLongerAsked,
    NotWriting,
    PageMark,
    Scope,
    Standing,
)
from portal.homework.service import assign, share, submit
from tests.support.cast import Actor, Cast

TWO_STAGES = Task(
    TaskKind.EXERCISE, "two-steps", "1", "Two steps", "To see.", 5, Gate.BOTH,
    (StageFacts(1, has_reveal=True, has_joint=False), StageFacts(2, has_reveal=False, has_joint=True)),
)  # fmt: skip
HERE, THERE, LATER = PageMark("a" * 16), PageMark("b" * 16), PageMark("c" * 16)
Save = Callable[..., Saved]


@pytest.fixture
def app(either_app: Flask) -> Flask:
    """What is kept is kept by either database."""
    return either_app


@pytest.fixture
def session(cast: Cast, session: Session) -> Session:
    """The session, once the cast is there: they cannot write at the same time."""
    assert cast
    return session


@pytest.fixture
def assignment(session: Session, cast: Cast) -> Assignment:
    return assign(session, cast.therapist.member(), cast.couple_id, TWO_STAGES, now=utc_now())


def part_of(session: Session, assignment: Assignment, actor: Actor, stage: int = 1) -> UUID:
    session.refresh(assignment, ["responses"])
    return next(
        one.id for one in assignment.responses if (one.person_id, one.stage) == (actor.person_id, stage)
    )


@pytest.fixture
def part(session: Session, cast: Cast, assignment: Assignment) -> UUID:
    """Ana's own part."""
    return part_of(session, assignment, cast.ana)


@pytest.fixture
def save(session: Session, cast: Cast, part: UUID) -> Save:
    """Save Ana's story from one of her windows."""

    def save_story(
        words: str, mark: PageMark = HERE, *, opened_at: int = 0, resolves: bool = False, by: Actor = cast.ana
    ) -> Saved:
        change = Change("story", words, Scope.REVEAL, opened_at, resolves)
        return save_answers(session, by.member(), part, [change], mark, now=utc_now())

    return save_story


@pytest.fixture
def story(session: Session, cast: Cast, part: UUID) -> Callable[[], Answer]:
    return lambda: own_answers(session, cast.ana.member(), part)["story"]


class TestOneWindow:
    def test_words_come_back_as_they_were_typed(self, save: Save, story: Callable[[], Answer]) -> None:
        assert save('"Rain \u202e & <b>"').revisions == {"story": 1}
        assert story().value == '"Rain \u202e & <b>"'

    def test_it_follows_on_itself_even_if_an_answer_to_it_was_lost(
        self, save: Save, story: Callable[[], Answer]
    ) -> None:
        save('"one"', PageMark("a" * 16, 1))
        assert save('"two"', PageMark("a" * 16, 2)).conflicts == frozenset()
        assert story().value == '"two"'

    def test_a_save_that_was_long_under_way_undoes_no_later_one(
        self, save: Save, story: Callable[[], Answer]
    ) -> None:
        save('"later"', PageMark("a" * 16, 1))
        save('"later"', PageMark("a" * 16, 3))
        save('"earlier"', PageMark("a" * 16, 2))
        assert story().value == '"later"'

    def test_a_look_at_a_page_is_no_new_revision(self, save: Save) -> None:
        save('"one"')
        assert save('"one"', THERE, opened_at=1).revisions == {"story": 1}

    def test_an_emptied_answer_is_empty(self, save: Save, story: Callable[[], Answer]) -> None:
        save('"one"')
        save("", THERE, opened_at=1)
        assert story().value == ""


class TestTwoWindows:
    def test_both_texts_are_kept(self, save: Save, story: Callable[[], Answer]) -> None:
        save('"here"')
        saved = save('"there"', THERE)
        assert saved.conflicts == {"story"}
        assert (story().value, story().other) == ('"here"', '"there"')
        save('"there and on"', THERE, opened_at=saved.revisions["story"])
        assert (story().value, story().other) == ('"here"', '"there and on"')

    def test_their_author_chooses(self, save: Save, story: Callable[[], Answer]) -> None:
        save('"here"')
        save('"there"', THERE)
        save('"both"', LATER, opened_at=1, resolves=True)
        assert (story().value, story().other) == ('"both"', "")

    def test_going_on_in_the_first_drops_nothing_of_the_second(
        self, save: Save, story: Callable[[], Answer]
    ) -> None:
        save('"here"')
        save('"there"', THERE)
        save('"here and on"', PageMark("a" * 16, 1))
        assert (story().value, story().other) == ('"here and on"', '"there"')

    def test_the_rest_of_the_page_is_saved(
        self, session: Session, cast: Cast, part: UUID, save: Save
    ) -> None:
        save('"here"')
        changes = [Change("story", '"there"', Scope.REVEAL, 0), Change("tender", '"mine"', Scope.PRIVATE, 0)]
        saved = save_answers(session, cast.ana.member(), part, changes, THERE, now=utc_now())
        assert saved.conflicts == {"story"}
        assert own_answers(session, cast.ana.member(), part)["tender"].value == '"mine"'


class TestWhoMayWrite:
    def test_nobody_else(self, cast: Cast, save: Save) -> None:
        for other in (cast.ben, cast.cleo, cast.therapist, cast.owner):
            with pytest.raises(NotFound):
                save('"x"', by=other)

    def test_nothing_once_it_is_finished_and_shared(
        self, session: Session, cast: Cast, part: UUID, save: Save, story: Callable[[], Answer]
    ) -> None:
        save('"the rain"')
        submit(session, cast.ana.member(), part, seconds=None, now=utc_now())
        with pytest.raises(NotWriting):
            save('"late"', opened_at=1)
        share(session, cast.ana.member(), part, now=utc_now())
        with pytest.raises(NotWriting):
            save('"later"', opened_at=1)
        assert story().value == '"the rain"'

    @pytest.mark.parametrize("status", [CoupleStatus.PAUSED, CoupleStatus.SEPARATED, CoupleStatus.ARCHIVED])
    def test_nothing_while_the_couple_is_not_at_work(
        self, session: Session, cast: Cast, save: Save, status: CoupleStatus
    ) -> None:
        session.get_one(Couple, cast.couple_id).status = status
        session.flush()
        with pytest.raises(NoLongerAsked):
            save('"x"')

    def test_nothing_once_it_is_withdrawn(self, session: Session, assignment: Assignment, save: Save) -> None:
        assignment.standing = Standing.WITHDRAWN
        session.flush()
        with pytest.raises(NoLongerAsked):
            save('"x"')

    def test_nothing_by_somebody_who_has_left(self, session: Session, cast: Cast, save: Save) -> None:
        left = session.scalars(select(Partner).where(Partner.person_id == cast.ana.person_id)).one()
        left.left_at = utc_now()
        session.flush()
        with pytest.raises(NoLongerAsked):
            save('"x"')

    def test_a_later_stage_only_once_the_one_before_is_open(
        self, session: Session, cast: Cast, assignment: Assignment
    ) -> None:
        later, changes = part_of(session, assignment, cast.ana, 2), [Change("map", '"x"', Scope.REVEAL, 0)]
        with pytest.raises(NoLongerAsked):
            save_answers(session, cast.ana.member(), later, changes, HERE, now=utc_now())
        session.add(Opening(assignment_id=assignment.id, stage=1))
        session.flush()
        saved = save_answers(session, cast.ana.member(), later, changes, HERE, now=utc_now())
        assert saved.revisions == {"map": 1}

    def test_nothing_larger_than_a_field(self, save: Save) -> None:
        with pytest.raises(AnswerTooLarge):
            save("x" * (MOST_ANSWER_CHARACTERS + 1))

    def test_a_stored_scope_does_not_widen_even_by_hand(self, session: Session, save: Save) -> None:
        save('"x"')
        with pytest.raises(Exception, match="tr_answer_scope_kept"):
            session.execute(text("update answer set scope = 'joint'"))
        session.rollback()


class TestBothWrite:
    @pytest.fixture(autouse=True)
    def _opened(self, session: Session, assignment: Assignment) -> None:
        session.add(Opening(assignment_id=assignment.id, stage=1))
        session.flush()

    @pytest.fixture
    def write(self, session: Session, assignment: Assignment) -> Save:
        def write_pick(actor: Actor, words: str, mark: PageMark, *, opened_at: int = 0) -> Saved:
            change = Change("pick", words, Scope.JOINT, opened_at)
            own = part_of(session, assignment, actor, 2)
            return save_joint(session, actor.member(), own, [change], mark, now=utc_now())

        return write_pick

    def test_each_visit_is_a_version_with_its_author(
        self, session: Session, cast: Cast, assignment: Assignment, write: Save
    ) -> None:
        write(cast.ana, '"a tent"', HERE)
        write(cast.ana, '"a tent by the sea"', PageMark("a" * 16, 1))
        write(cast.ben, '"a hut"', THERE, opened_at=1)
        for reader in (cast.ana, cast.ben, cast.therapist):
            versions = joint_answers(session, reader.member(), assignment.id)
            assert [(one.value, one.author_id) for one in versions] == [
                ('"a tent by the sea"', cast.ana.person_id),
                ('"a hut"', cast.ben.person_id),
            ]

    def test_nobody_writes_over_what_they_have_not_seen(
        self, session: Session, cast: Cast, assignment: Assignment, write: Save
    ) -> None:
        write(cast.ana, '"a tent"', HERE)
        assert write(cast.ben, '"a hut"', THERE).conflicts == {"pick"}
        assert [one.value for one in joint_answers(session, cast.ben.member(), assignment.id)] == ['"a tent"']

    def test_others_neither_write_nor_read(
        self, session: Session, cast: Cast, assignment: Assignment, write: Save
    ) -> None:
        write(cast.ana, '"a tent"', HERE)
        own, changes = part_of(session, assignment, cast.ana, 2), [Change("pick", '"x"', Scope.JOINT, 1)]
        with pytest.raises(NotFound):
            save_joint(session, cast.cleo.member(), own, changes, THERE, now=utc_now())
        for stranger in (cast.cleo, cast.stranger, cast.owner):
            assert joint_answers(session, stranger.member(), assignment.id) == []


class TestKeptPages:
    def test_what_was_typed_is_there_for_the_same_person_only(
        self, session: Session, cast: Cast, part: UUID
    ) -> None:
        keep_page(session, cast.ana.member(), part, 3, {"story": ["the rain"]}, now=utc_now())
        kept = find_kept_page(session, cast.ana.member(), part, 3)
        assert kept is not None
        assert kept_fields(kept) == {"story": ["the rain"]}
        assert find_kept_page(session, cast.ben.member(), part, 3) is None
        with pytest.raises(NotFound):
            keep_page(session, cast.ben.member(), part, 3, {"story": ["x"]}, now=utc_now())

    def test_the_newest_replaces_the_one_before_until_it_is_dropped(
        self, session: Session, cast: Cast, part: UUID
    ) -> None:
        viewer = cast.ana.member()
        for words in ("one", "two"):
            keep_page(session, viewer, part, 1, {"story": [words]}, now=utc_now())
        kept = find_kept_page(session, viewer, part, 1)
        assert kept is not None
        assert kept_fields(kept) == {"story": ["two"]}
        forget_kept_page(session, viewer, part, 1)
        assert find_kept_page(session, viewer, part, 1) is None

    def test_it_is_no_answer_until_its_author_saves_it(
        self, session: Session, cast: Cast, part: UUID
    ) -> None:
        keep_page(session, cast.ana.member(), part, 1, {"story": ["x"]}, now=utc_now())
        assert own_answers(session, cast.ana.member(), part) == {}

    def test_no_page_without_end_is_kept(self, session: Session, cast: Cast, part: UUID) -> None:
        with pytest.raises(AnswerTooLarge):
            keep_page(session, cast.ana.member(), part, 1, {"story": ["x" * 200_000]}, now=utc_now())
