"""The reveal by its rules alone: any order of acts, compared with a model and with what each person would see alone."""

from collections.abc import Callable
from uuid import UUID

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from portal.errors import Conflict
from portal.homework.rules import Gate, Reveal, Standing, Step
from tests.homework.model import BOTH, Model

IDS = {"ana": UUID(int=1), "ben": UUID(int=2)}
OTHER = {"ana": "ben", "ben": "ana"}
ACTS: dict[str, Callable[[Reveal, UUID], Reveal]] = {
    "submit": Reveal.submit,
    "reopen": Reveal.reopen,
    "share": Reveal.share,
    "take_back": Reveal.take_back,
    "hide": Reveal.hide,
}
someone = st.sampled_from(BOTH)


def attempt(reveal: Reveal, act: Callable[[Reveal], Reveal]) -> tuple[Reveal, bool]:
    try:
        return act(reveal), True
    except Conflict:
        return reveal, False


class RevealMachine(RuleBasedStateMachine):
    """The rules, the model, and for each person a reveal in which the other never does anything."""

    @initialize(gate=st.sampled_from(Gate))
    def begin(self, gate: Gate) -> None:
        self.model = Model(therapist_opens=gate is Gate.THERAPIST)
        self.reveal = Reveal(gate, dict.fromkeys(IDS.values(), Step.WRITING))
        self.alone = dict.fromkeys(BOTH, self.reveal)
        self.openings = 0

    def _do(self, act: Callable[[Reveal], Reveal], *, expected: bool, by: str = "") -> None:
        before = self.reveal
        self.reveal, is_done = attempt(before, act)
        assert is_done == expected
        self.openings += self.reveal.is_opened and not before.is_opened
        for who in BOTH:
            if who != OTHER.get(by):
                self.alone[who], would_be_done = attempt(self.alone[who], act)
                assert before.is_opened or not by or would_be_done == is_done

    @rule(who=someone, name=st.sampled_from(sorted(ACTS)))
    def act(self, who: str, name: str) -> None:
        expected: bool = getattr(self.model, name)(who)
        self._do(lambda reveal: ACTS[name](reveal, IDS[who]), expected=expected, by=who)

    @rule(who=someone)
    def finish_and_share(self, who: str) -> None:
        self.act(who, "submit")
        self.act(who, "share")

    @rule()
    def open(self) -> None:
        self._do(Reveal.open, expected=self.model.open())

    @rule(is_held=st.booleans())
    def hold_or_lift(self, is_held: bool) -> None:
        self.model.is_held = is_held
        self._do(Reveal.hold if is_held else Reveal.lift, expected=True)
        assert self.openings == self.model.is_opened

    @rule(how=st.sampled_from([Standing.CLOSED, Standing.WITHDRAWN]))
    def end(self, how: Standing) -> None:
        self._do(lambda reveal: reveal.end(how), expected=self.model.end(how.value))

    @invariant()
    def both_are_where_they_should_be(self) -> None:
        for who in BOTH:
            assert self.reveal.steps[IDS[who]].value == self.model.step[who]
            assert self.reveal.may_write(IDS[who]) == self.model.may_write(who)

    @invariant()
    def it_opens_once_and_never_shuts(self) -> None:
        assert self.openings == self.reveal.is_opened == self.model.is_opened

    @invariant()
    def nobody_reads_the_other_before_it_opens(self) -> None:
        for author in BOTH:
            assert self.reveal.shows(IDS[author]) == self.model.reads(OTHER[author], author)

    @invariant()
    def the_therapist_is_called_only_for_what_can_be_opened(self) -> None:
        assert self.reveal.waits_for_therapist == self.model.may_open()

    @invariant()
    def what_one_may_do_does_not_depend_on_the_other_until_it_opens(self) -> None:
        if self.reveal.is_opened:
            return
        for who in BOTH:
            for act in ACTS.values():
                may = attempt(self.reveal, lambda reveal: act(reveal, IDS[who]))[1]  # noqa: B023
                assert may == attempt(self.alone[who], lambda reveal: act(reveal, IDS[who]))[1]  # noqa: B023


def test_any_order_of_acts_opens_fairly_or_not_at_all() -> None:
    run_state_machine_as_test(
        RevealMachine,
        settings=settings(max_examples=150, stateful_step_count=30, deadline=None, derandomize=True),
    )


@pytest.mark.parametrize("gate", list(Gate))
def test_with_one_person_there_is_nobody_to_reveal_to(gate: Gate) -> None:
    me = IDS["ana"]
    alone = Reveal(gate, {me: Step.WRITING}).submit(me).share(me)
    assert not alone.is_opened and not alone.waits_for_therapist
    with pytest.raises(Conflict):
        alone.open()
