"""One assignment with real rows and answers of every scope, and the model beside it. Shared by the tests of the reveal."""

from collections.abc import Callable, Sequence
from typing import ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.clock import utc_now
from portal.couples.holds import lift_hold, set_hold
from portal.couples.models import Couple, CoupleStatus, Partner
from portal.errors import Conflict
from portal.homework import service
from portal.homework.answers import Change, save_answers, save_joint
from portal.homework.models import Answer, JointAnswer, Opening, TaskKind
from portal.homework.queries import desk_answers, get_assignment, joint_answers, opened_answers, own_answers
from portal.homework.registry import StageFacts, Task
from portal.homework.rules import Gate, PageMark, Scope, Standing
from portal.transaction import transaction
from tests.homework.model import BOTH, Model
from tests.support.cast import Actor, Cast

STAGES = (StageFacts(1, has_reveal=True, has_joint=False), StageFacts(2, has_reveal=False, has_joint=True))
SCOPES = {
    "tender": Scope.PRIVATE, "worry": Scope.THERAPIST, "story": Scope.REVEAL, "wish": Scope.REVEAL,
}  # fmt: skip
STATUS = {"active": CoupleStatus.ACTIVE, "paused": CoupleStatus.PAUSED, "closed": CoupleStatus.SEPARATED}
STANDING = {"closed": Standing.CLOSED, "withdrawn": Standing.WITHDRAWN}
AHEAD = (
    (),
    ("ana",),
    BOTH,
    BOTH,
)  # who has shared at the start; most of what can go wrong comes after the opening
someone = st.sampled_from(BOTH)
Texts = dict[str, str]


def texts(answers: Sequence[Answer | JointAnswer]) -> list[str]:
    return sorted(one.value for one in answers)


class _Undo(Exception):
    """Ends an example's transaction."""


class HomeworkMachine(RuleBasedStateMachine):
    """One assignment in a transaction that is rolled back at the end; each act in a savepoint of its own."""

    cast: ClassVar[Cast]

    @initialize(
        gate=st.sampled_from(Gate),
        ahead=st.sampled_from(AHEAD),
        withheld=st.sets(st.sampled_from(["wish", "worry"])),
    )
    def begin(self, gate: Gate, ahead: tuple[str, ...], withheld: set[str]) -> None:
        self.transaction = transaction()
        self.session: Session = self.transaction.__enter__()
        self.model = Model(therapist_opens=gate is Gate.THERAPIST)
        self.actors = {"ana": self.cast.ana, "ben": self.cast.ben}
        task = Task(TaskKind.EXERCISE, "machine", "1", "Machine", "To see.", 5, gate, STAGES)
        jane = self.cast.therapist.member()
        self.assignment_id = service.assign(self.session, jane, self.cast.couple_id, task, now=utc_now()).id
        self.session.expire_all()
        parts = get_assignment(self.session, jane, self.assignment_id).responses
        self.parts = {
            (who, one.stage): one.id for who in BOTH for one in parts if one.person_id == self.actors[who].person_id
        }  # fmt: skip
        self.written: dict[str, Texts] = {who: {} for who in BOTH}
        self.withheld: dict[str, set[str]] = {who: set() for who in BOTH}
        self.together: list[str] = []
        self.count = 0
        for who in BOTH:
            self.write(who)
        for who in ahead:
            self.act(who, "submit")
            self.share(who, withheld)
        if ahead == BOTH:
            self.therapist("open")

    def teardown(self) -> None:
        undo = _Undo()
        self.transaction.__exit__(_Undo, undo, None)

    def _canary(self, who: str, prompt: str) -> str:
        self.count += 1
        return f'"{who}-{prompt}-{self.count}"'

    def _try(self, act: Callable[[], object], *, expected: bool) -> None:
        try:
            with self.session.begin_nested():
                act()
        except Conflict:
            assert not expected
        else:
            assert expected

    @rule(who=someone)
    def write(self, who: str) -> None:
        new = {prompt: self._canary(who, f"{scope}-{prompt}") for prompt, scope in SCOPES.items()}
        changes = [Change(prompt, new[prompt], scope, 0) for prompt, scope in SCOPES.items()]
        mark = PageMark("a" * 16, self.count)
        expected = self.model.may_write(who)
        viewer = self.actors[who].member()
        part = self.parts[who, 1]
        self._try(
            lambda: save_answers(self.session, viewer, part, changes, mark, now=utc_now()), expected=expected
        )
        if expected:
            self.written[who].update(new)

    @rule(who=someone)
    def write_together(self, who: str) -> None:
        text = self._canary(who, "joint")
        changes = [Change("pick", text, Scope.JOINT, len(self.together))]
        viewer, part = self.actors[who].member(), self.parts[who, 2]
        mark = PageMark(f"{self.count:016x}")
        expected = self.model.may_write_together(who)
        self._try(
            lambda: save_joint(self.session, viewer, part, changes, mark, now=utc_now()), expected=expected
        )
        if expected:
            self.together.append(text)

    @rule(who=someone, name=st.sampled_from(["submit", "reopen", "take_back", "hide"]))
    def act(self, who: str, name: str) -> None:
        more = {"seconds": None} if name == "submit" else {}
        expected: bool = getattr(self.model, name)(who)
        viewer, part = self.actors[who].member(), self.parts[who, 1]
        act = getattr(service, name)
        self._try(lambda: act(self.session, viewer, part, now=utc_now(), **more), expected=expected)

    @rule(who=someone, withheld=st.sets(st.sampled_from(sorted(SCOPES))))
    def share(self, who: str, withheld: set[str]) -> None:
        viewer, part = self.actors[who].member(), self.parts[who, 1]
        shown = {"shown.band": self._canary(who, "band")}
        expected = self.model.share(who)
        self._try(
            lambda: service.share(self.session, viewer, part, withheld=withheld, shown=shown, now=utc_now()),
            expected=expected,
        )
        if expected:
            self.written[who].update(shown)
            self.withheld[who] = withheld

    @rule(who=someone)
    def finish_and_share(self, who: str) -> None:
        self.act(who, "submit")
        self.share(who, {"wish"})

    @rule(name=st.sampled_from(["open", "hold", "lift", "hold_couple", "lift_couple"]))
    def therapist(self, name: str) -> None:
        session, jane, couple_id = self.session, self.cast.therapist.member(), self.cast.couple_id
        match name:
            case "open":
                act: Callable[[], object] = lambda: service.open_stage(  # noqa: E731
                    session, jane, self.assignment_id, 1, now=utc_now()
                )
                self._try(act, expected=self.model.open())
            case "hold":
                service.hold_assignment(session, jane, self.assignment_id, now=utc_now())
                self.model.is_held = True
            case "lift":
                service.lift_assignment_hold(session, jane, self.assignment_id)
                self.model.is_held = False
            case "hold_couple":
                set_hold(session, jane, couple_id)
                self.model.is_couple_held = True
            case "lift_couple":
                lift_hold(session, jane, couple_id, utc_now())
                self.model.is_couple_held = False

    @rule(how=st.sampled_from(sorted(STANDING)))
    def end(self, how: str) -> None:
        jane = self.cast.therapist.member()
        self._try(
            lambda: service.end_assignment(
                self.session, jane, self.assignment_id, STANDING[how], now=utc_now()
            ),
            expected=self.model.end(how),
        )

    @rule(status=st.sampled_from(sorted(STATUS)))
    def couple_becomes(self, status: str) -> None:
        self.session.get_one(Couple, self.cast.couple_id).status = STATUS[status]
        self.model.couple = status
        self.session.flush()

    @rule(who=someone)
    def leave(self, who: str) -> None:
        mine = select(Partner).where(Partner.person_id == self.actors[who].person_id)
        self.session.scalars(mine).one().left_at = utc_now()
        self.model.gone.add(who)
        self.session.flush()

    @invariant()
    def it_opens_once_at_most(self) -> None:
        rows = select(func.count()).where(Opening.assignment_id == self.assignment_id, Opening.stage == 1)
        assert self.session.scalar(rows) == int(self.model.is_opened)

    @invariant()
    def own_words_stay_ones_own(self) -> None:
        for who in BOTH:
            viewer, part = self.actors[who].member(), self.parts[who, 1]
            assert texts([*own_answers(self.session, viewer, part).values()]) == sorted(
                self.written[who].values()
            )
            for other in self._others(who):
                assert own_answers(self.session, other.member(), part) == {}

    @invariant()
    def a_partner_reads_what_is_open_and_nothing_else(self) -> None:
        for reader in BOTH:
            expected = [
                text
                for author in BOTH
                if self.model.reads(reader, author)
                for prompt, text in self.written[author].items()
                if self._is_shown(author, prompt)
            ]
            viewer = self.actors[reader].member()
            assert texts(opened_answers(self.session, viewer, self.assignment_id)) == sorted(expected)
        limited = self.cast.ana.member(is_limited=True)
        for stranger in (limited, *(one.member() for one in self._strangers()), self.cast.therapist.member()):
            assert opened_answers(self.session, stranger, self.assignment_id) == []

    @invariant()
    def the_therapist_reads_what_is_finished_and_not_private(self) -> None:
        expected = [
            text
            for who in BOTH
            if self.model.step[who] != "writing"
            for prompt, text in self.written[who].items()
            if SCOPES.get(prompt) is not Scope.PRIVATE
        ]
        jane = self.cast.therapist.member()
        assert texts(desk_answers(self.session, jane, self.assignment_id)) == sorted(expected)
        for other in (*self.actors.values(), *self._strangers()):
            assert desk_answers(self.session, other.member(), self.assignment_id) == []

    @invariant()
    def what_both_wrote_is_for_both_and_their_therapist(self) -> None:
        for who in BOTH:
            may = self.model.couple != "closed" and who not in self.model.gone
            found = joint_answers(self.session, self.actors[who].member(), self.assignment_id)
            assert [one.value for one in found] == (self.together if may else [])
        found = joint_answers(self.session, self.cast.therapist.member(), self.assignment_id)
        assert [one.value for one in found] == self.together
        for stranger in self._strangers():
            assert joint_answers(self.session, stranger.member(), self.assignment_id) == []

    def check(self) -> None:
        self.it_opens_once_at_most()
        self.own_words_stay_ones_own()
        self.a_partner_reads_what_is_open_and_nothing_else()
        self.the_therapist_reads_what_is_finished_and_not_private()
        self.what_both_wrote_is_for_both_and_their_therapist()

    def _is_shown(self, author: str, prompt: str) -> bool:
        return SCOPES.get(prompt, Scope.REVEAL) is Scope.REVEAL and prompt not in self.withheld[author]

    def _strangers(self) -> tuple[Actor, ...]:
        return self.cast.cleo, self.cast.stranger, self.cast.owner, self.cast.front_desk

    def _others(self, who: str) -> tuple[Actor, ...]:
        other = self.cast.ben if who == "ana" else self.cast.ana
        return other, self.cast.therapist, *self._strangers()
