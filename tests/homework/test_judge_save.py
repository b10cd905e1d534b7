"""Two windows on one answer, over a network that loses, delays and repeats: nothing acknowledged is lost (INP-07)."""

from dataclasses import dataclass, field

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from portal.homework.rules import PageMark, Seen, Verdict, judge_save

WINDOWS = ("left", "right")
window = st.sampled_from(WINDOWS)


@dataclass(frozen=True)
class Sent:
    """One save under way; `knows` are all texts that its window had shown, or had sent before."""

    by: str
    serial: int
    text: str
    opened_at: int
    knows: frozenset[str]


@dataclass
class Window:
    """An open page. Its revision moves on with each answer that arrives."""

    page: int = 0
    revision: int = 0
    serial: int = 0
    shown: set[str] = field(default_factory=set)


class SaveMachine(RuleBasedStateMachine):
    """A server that keeps one text and asks `judge_save`, and two windows of one author."""

    @initialize()
    def begin(self) -> None:
        self.stored: Seen | None = None
        self.text = ""
        self.windows = {name: Window() for name in WINDOWS}
        self.under_way: list[Sent] = []
        self.count = 0
        self.newest: dict[str, int] = {}

    @rule(name=window)
    def open_page(self, name: str) -> None:
        page = self.windows[name].page + 1
        revision = self.stored.revision if self.stored else 0
        self.windows[name] = Window(page, revision, shown={self.text})

    @rule(name=window)
    def type(self, name: str) -> None:
        here, text = self.windows[name], f"text {self.count}"
        self.count += 1
        here.serial += 1
        here.shown.add(text)
        self.under_way.append(
            Sent(f"{name}-{here.page}", here.serial, text, here.revision, frozenset(here.shown))
        )

    @rule(which=st.integers(0, 9), is_repeated=st.booleans(), is_heard=st.booleans())
    def arrive(self, which: int, is_repeated: bool, is_heard: bool) -> None:
        if not self.under_way:
            return
        at = which % len(self.under_way)
        sent = self.under_way[at] if is_repeated else self.under_way.pop(at)
        verdict = judge_save(self.stored, opened_at=sent.opened_at, mark=PageMark(sent.by, sent.serial))
        if verdict is Verdict.WRITE:
            assert self.text == "" or self.text in sent.knows, (
                "a text was replaced that its window never showed"
            )
            assert sent.serial >= self.newest.get(sent.by, 0), "an earlier save undid a later one"
            revision = self.stored.revision + 1 if self.stored else 1
            self.stored, self.text = Seen(revision, sent.by, sent.serial), sent.text
            self.newest[sent.by] = sent.serial
        elif verdict is Verdict.LATE:
            assert sent.serial < self.newest[sent.by], "a newer save was taken for a late one"
        name, _, page = sent.by.rpartition("-")
        here = self.windows[name]
        if is_heard and here.page == int(page) and verdict is not Verdict.CONFLICT and self.stored:
            here.revision = self.stored.revision

    @rule(which=st.integers(0, 9))
    def be_lost(self, which: int) -> None:
        if self.under_way:
            self.under_way.pop(which % len(self.under_way))

    @invariant()
    def a_page_opened_now_can_be_saved(self) -> None:
        revision = self.stored.revision if self.stored else 0
        assert judge_save(self.stored, opened_at=revision, mark=PageMark("new")) is Verdict.WRITE


def test_no_window_replaces_words_that_it_has_not_shown() -> None:
    run_state_machine_as_test(
        SaveMachine,
        settings=settings(max_examples=150, stateful_step_count=30, deadline=None, derandomize=True),
    )


def test_a_page_without_an_id_follows_on_nothing() -> None:
    stored = Seen(revision=2, page_id="", serial=0)
    assert judge_save(stored, opened_at=1, mark=PageMark("")) is Verdict.CONFLICT
