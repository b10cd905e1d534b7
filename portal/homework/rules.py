"""Who may see an answer when: scopes, and the reveal as a state machine. Pure.

Nothing opens but by the acts of both persons, or of both and the therapist. What one person may do never depends on what
the other has done, until the reveal has opened (decisions 1 to 3).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from uuid import UUID

from portal.errors import Conflict, Invalid

MOST_ANSWER_CHARACTERS = 20_000  # of one answer; an exercise's own fields are stricter
SHOWN = "shown."  # begins the prompts of what a share itself makes, such as the word band of a domain
SHOWN_ITEM = f"{SHOWN}item."  # a single answer, made open by such a share; the prompt that it answers follows
MOST_ANSWERS_AT_ONCE = 120  # of one page; the longest that ships has 30


class Scope(StrEnum):
    """Who may see an answer; chosen by the exercise, shown before typing, stored with the answer."""

    PRIVATE = "private"  # its author only
    THERAPIST = "therapist"  # author and therapist; the partner not even that it exists
    REVEAL = "reveal"  # the partner too, once the reveal has opened
    JOINT = "joint"  # both and the therapist, at once


class Gate(StrEnum):
    """Who opens a reveal (decision 1)."""

    BOTH = "both"  # the second of two shares
    THERAPIST = "therapist"  # the therapist, once both have shared


class Step(StrEnum):
    """How far one person is with one stage."""

    WRITING = "writing"
    SUBMITTED = "submitted"
    SHARED = "shared"
    HIDDEN = "hidden"  # shared and opened, and taken back for the future


class Standing(StrEnum):
    """What became of an assignment as a whole."""

    OPEN = "open"
    CLOSED = "closed"  # finished; what is open stays open, the rest never opens
    WITHDRAWN = "withdrawn"  # no longer asked for


class Course(StrEnum):
    """What a person made of a task whose day had gone by twice. Author and therapist know; the partner never."""

    AS_ASKED = "as_asked"
    KEPT = "kept"  # without a day
    CHANGE = "change"  # to be spoken about with the therapist
    DROPPED = "dropped"  # put aside


class Reach(StrEnum):
    """Who reads a comment of the therapist, who reads each."""

    AUTHOR = "author"
    BOTH = "both"  # while the answer is open to both
    THERAPIST = "therapist"  # nobody else; neither partner learns that it exists


class AlreadyOpened(Conflict):
    """The reveal has opened: what was shared may have been read."""


class NotOpenedYet(Conflict):
    """The reveal has not opened, so there is nothing to hide from the future."""


class NotWriting(Conflict):
    """The answers are finished or shared, and must be taken up again before they can change."""


class NotFinished(Conflict):
    """The answers must be finished before they can be shared."""


class NotShared(Conflict):
    """There is nothing to take back."""


class NotBothShared(Conflict):
    """The therapist can open only what both have shared."""


class OnHold(Conflict):
    """The therapist keeps this reveal shut for now."""


class NoLongerAsked(Conflict):
    """The assignment is closed or withdrawn, the couple is closed, or the person has left."""


class AlreadyAsked(Conflict):
    """The same task is open for one of these persons already; a second one would ask twice."""


class NothingDisowned(Conflict):
    """There is nothing of which its author said that somebody else wrote it."""


class NothingToDisown(Conflict):
    """Nothing was begun here, or it was said before."""


class AnswerTooLarge(Invalid):
    """An answer or a page of them is larger than any field allows."""


def stricter(own: Gate, *, is_in_session: bool) -> Gate:
    """Choose who opens a reveal: the therapist may ask for the session, but never for less than the task itself says."""
    return Gate.THERAPIST if is_in_session else own


@dataclass(frozen=True, slots=True)
class Reveal:
    """One stage of one assignment as it stands.

    `steps`: by person, one or two of them. `is_held`: a hold of the assignment or of the couple. With one person
    there is nobody to reveal to: nothing opens.
    """

    gate: Gate
    steps: Mapping[UUID, Step]
    standing: Standing = Standing.OPEN
    is_held: bool = False
    is_opened: bool = False

    @property
    def is_for_two(self) -> bool:
        """Tell whether there is anybody to reveal to."""
        return len(self.steps) > 1

    @property
    def have_both_shared(self) -> bool:
        """Tell whether both have; the therapist may know, neither partner may before the reveal."""
        return self.is_for_two and all(step is Step.SHARED for step in self.steps.values())

    @property
    def waits_for_therapist(self) -> bool:
        """Tell whether the therapist could open it now."""
        return (
            self.have_both_shared
            and not self.is_opened
            and not self.is_held
            and self.standing is Standing.OPEN
        )

    def shows(self, author_id: UUID) -> bool:
        """Tell whether the other partner may read what this author shared; what is withdrawn shows nothing."""
        is_shown = self.is_opened and self.standing is not Standing.WITHDRAWN
        return is_shown and self.steps[author_id] is Step.SHARED

    def may_write(self, person_id: UUID) -> bool:
        """Tell whether this person's answers may change; what the other did has no part in it."""
        return self.standing is Standing.OPEN and self.steps[person_id] is Step.WRITING

    def submit(self, person_id: UUID) -> "Reveal":
        """Finish one's answers. Raises NoLongerAsked, NotWriting."""
        self._must_be_asked()
        if self.steps[person_id] is not Step.WRITING:
            raise NotWriting
        return self._with(person_id, Step.SUBMITTED)

    def reopen(self, person_id: UUID) -> "Reveal":
        """Take finished answers up again, until they are shared. Raises NoLongerAsked, NotFinished."""
        self._must_be_asked()
        if self.steps[person_id] is not Step.SUBMITTED:
            raise NotFinished
        return self._with(person_id, Step.WRITING)

    def share(self, person_id: UUID) -> "Reveal":
        """Share finished answers; with the second share the reveal opens, if it needs nobody else.

        Raises NoLongerAsked, NotFinished.
        """
        self._must_be_asked()
        if self.steps[person_id] is not Step.SUBMITTED:
            raise NotFinished
        shared = self._with(person_id, Step.SHARED)
        opens = self.gate is Gate.BOTH and shared.waits_for_therapist
        return replace(shared, is_opened=shared.is_opened or opens)

    def take_back(self, person_id: UUID) -> "Reveal":
        """Take back what was shared while nobody can have read it. Raises AlreadyOpened, NotShared.

        Also from a closed assignment: what will never open is nobody's to keep.
        """
        if self.is_opened:
            raise AlreadyOpened
        if self.steps[person_id] is not Step.SHARED:
            raise NotShared
        return self._with(person_id, Step.SUBMITTED)

    def hide(self, person_id: UUID) -> "Reveal":
        """Show what was opened no longer; it may have been read. Raises NotOpenedYet, NotShared."""
        if not self.is_opened:
            raise NotOpenedYet
        if self.steps[person_id] is not Step.SHARED:
            raise NotShared
        return self._with(person_id, Step.HIDDEN)

    def open(self) -> "Reveal":
        """Open, by the therapist. Raises NoLongerAsked, AlreadyOpened, OnHold, NotBothShared."""
        self._must_be_asked()
        if self.is_opened:
            raise AlreadyOpened
        if self.is_held:
            raise OnHold
        if not self.have_both_shared:
            raise NotBothShared
        return replace(self, is_opened=True)

    def hold(self) -> "Reveal":
        """Keep shut, by the therapist; the partners are told nothing. What has opened stays open."""
        return replace(self, is_held=True)

    def lift(self) -> "Reveal":
        """End the hold. Nothing opens by that alone: the therapist opens what both have shared."""
        return replace(self, is_held=False)

    def end(self, standing: Standing) -> "Reveal":
        """Close or withdraw. Raises NoLongerAsked when that was done before."""
        self._must_be_asked()
        return replace(self, standing=standing)

    def _must_be_asked(self) -> None:
        if self.standing is not Standing.OPEN:
            raise NoLongerAsked

    def _with(self, person_id: UUID, step: Step) -> "Reveal":
        return replace(self, steps={**self.steps, person_id: step})


@dataclass(frozen=True, slots=True)
class PageMark:
    """Which opened page a save comes from: a random id made with the page, and a count of the saves it has sent.

    Without JavaScript a page saves once and its `serial` is 0.
    """

    page_id: str
    serial: int = 0


@dataclass(frozen=True, slots=True)
class Seen:
    """What is stored of one answer, as far as a decision about a save needs it."""

    revision: int
    page_id: str = ""
    serial: int = 0


class Verdict(StrEnum):
    """What becomes of a save."""

    WRITE = "write"
    LATE = "late"  # an earlier save of the same page that arrives after a later one
    CONFLICT = "conflict"


def judge_save(stored: Seen | None, *, opened_at: int, mark: PageMark) -> Verdict:
    """Decide about a save whose page showed revision `opened_at` (0: none yet).

    Two windows never overwrite each other (INP-07). A page may follow on itself, because an answer to its own earlier save
    may have been lost on the way; but a later save of it is not undone by an earlier one that was under way longer.
    """
    if stored is None:
        return Verdict.WRITE
    if mark.page_id and stored.page_id == mark.page_id:
        return Verdict.LATE if mark.serial < stored.serial else Verdict.WRITE
    return Verdict.WRITE if stored.revision == opened_at else Verdict.CONFLICT
