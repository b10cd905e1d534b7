"""Assignments, each person's way through them, and the answers."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.couples.models import Couple
from portal.homework.rules import Course, Gate, Reach, Scope, Standing, Step
from portal.orm import Model, named_enum
from portal.security.crypto import Owner, OwnerKind
from portal.security.sealed import Sealed, SealedText


class TaskKind(StrEnum):
    """What sort of thing is asked for; each is registered by the area that knows it."""

    EXERCISE = "exercise"
    MEASURE = "measure"
    TEST = "test"

    @property
    def is_final(self) -> bool:
        """Tell whether what was sent stays as it was: a published questionnaire is scored on the day, once."""
        return self is TaskKind.MEASURE


class Assignment(Model):
    """Something that a couple, or one person of it (`for_person_id`), is asked to do.

    `task_id` and `task_version` name a definition; the version given stays for good. `due_on` is a day in the couple's own
    calendars, a wish and no deadline. `held_at`: the therapist keeps its reveals shut; the couple never learns of it.
    """

    __tablename__ = "assignment"
    __table_args__ = (Index("ix_assignment_couple_id_created_at", "couple_id", "created_at"),)

    couple_id: Mapped[UUID] = mapped_column(ForeignKey("couple.id"))
    for_person_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    assigned_by_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    kind: Mapped[TaskKind]
    task_id: Mapped[str]
    task_version: Mapped[str]
    gate: Mapped[Gate]
    standing: Mapped[Standing] = mapped_column(default=Standing.OPEN)
    due_on: Mapped[date | None]
    held_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]

    couple: Mapped[Couple] = relationship(lazy="raise_on_sql")
    responses: Mapped[list["Response"]] = relationship(
        back_populates="assignment", lazy="raise_on_sql", order_by="Response.stage, Response.person_id"
    )
    openings: Mapped[list["Opening"]] = relationship(lazy="raise_on_sql", order_by="Opening.stage")


class Opening(Model):
    """The moment in which one stage was revealed to both. One row at most: a reveal opens exactly once.

    `opened_by_id`: the therapist, or nobody where the second share opened it.
    """

    __tablename__ = "opening"
    __table_args__ = (UniqueConstraint("assignment_id", "stage"),)

    assignment_id: Mapped[UUID] = mapped_column(ForeignKey("assignment.id"))
    stage: Mapped[int]
    opened_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))


class Response(Model):
    """One person's part in one stage of an assignment. Times are for the author and the therapist, never for the partner.

    `seconds`: time spent on its pages, as far as it was seen; null when unknown.
    `moved_to`, `course`: what its author made of the day it was wished for by.
    `disowned_at`: the person says that somebody else gave these answers; `disowned_step`: how far they had come by then.
    """

    __tablename__ = "response"
    __table_args__ = (
        UniqueConstraint("assignment_id", "stage", "person_id"),
        Index("ix_response_person_id", "person_id"),
        CheckConstraint("stage >= 1", name="stages_from_one"),
    )

    assignment_id: Mapped[UUID] = mapped_column(ForeignKey("assignment.id"))
    stage: Mapped[int]
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    step: Mapped[Step] = mapped_column(default=Step.WRITING)
    begun_at: Mapped[datetime | None]
    submitted_at: Mapped[datetime | None]
    shared_at: Mapped[datetime | None]
    hidden_at: Mapped[datetime | None]
    seconds: Mapped[int | None]
    moved_to: Mapped[date | None]
    course: Mapped[Course] = mapped_column(default=Course.AS_ASKED)
    disowned_at: Mapped[datetime | None]
    disowned_step: Mapped[Step | None] = mapped_column(named_enum(Step, "disownedstep"))

    assignment: Mapped[Assignment] = relationship(back_populates="responses", lazy="raise_on_sql")


class Answer(Sealed):
    """One person's answer to one prompt, with the scope that stood above the field. Sealed with that person's own key.

    `value` and `other` are JSON. `other`: what another window had when both were saved at once; kept until its author
    chooses. `page_id`, `serial`: which page saved it last. `is_withheld`: of a shared response, but not this answer.
    `reviewed_at`: talked about in a session, so that it may enter the summary.
    """

    __tablename__ = "answer"
    __table_args__ = (UniqueConstraint("response_id", "prompt_id"),)

    response_id: Mapped[UUID] = mapped_column(ForeignKey("response.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    prompt_id: Mapped[str]
    scope: Mapped[Scope]
    revision: Mapped[int] = mapped_column(default=1)
    page_id: Mapped[str] = mapped_column(default="")
    serial: Mapped[int] = mapped_column(default=0)
    saved_at: Mapped[datetime]
    is_withheld: Mapped[bool] = mapped_column(default=False)
    reviewed_at: Mapped[datetime | None]
    value_sealed: Mapped[bytes | None]
    other_sealed: Mapped[bytes | None]

    value = SealedText("value_sealed")
    other = SealedText("other_sealed")

    def seal_owner(self) -> Owner:
        """An answer belongs to the person who gave it."""
        return Owner(OwnerKind.PERSON, self.person_id)


class StrayAnswer(Model):
    """An answer that its owner says somebody else gave, exactly as it lay there; nothing in the portal opens it.

    It is no `Sealed` row: bound to its place among the answers, it can be read only after its owner has put it back there.
    Giving the task anew deletes it.
    """

    __tablename__ = "stray_answer"
    __table_args__ = (Index("ix_stray_answer_response_id", "response_id"),)

    response_id: Mapped[UUID] = mapped_column(ForeignKey("response.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    prompt_id: Mapped[str]
    scope: Mapped[Scope]
    revision: Mapped[int]
    page_id: Mapped[str]
    serial: Mapped[int]
    saved_at: Mapped[datetime]
    is_withheld: Mapped[bool]
    reviewed_at: Mapped[datetime | None]
    value_sealed: Mapped[bytes | None]
    other_sealed: Mapped[bytes | None]
    seal_revision: Mapped[int]


class Comment(Sealed):
    """What the therapist says about one answer, or about what both wrote as it stood then, and who reads it.

    `person_id`: the author of the answer; nobody where both wrote it. Sealed with the key of whoever may read it: the
    author's own, the couple's, or that of their clinical record.
    """

    __tablename__ = "comment"
    __table_args__ = (
        Index("ix_comment_answer_id", "answer_id"),
        Index("ix_comment_joint_answer_id", "joint_answer_id"),
        CheckConstraint("(answer_id is null) <> (joint_answer_id is null)", name="about_one_answer"),
        CheckConstraint("(answer_id is null) = (person_id is null)", name="author_of_the_answer"),
        CheckConstraint("reach <> 'author' or answer_id is not null", name="one_author"),
    )

    answer_id: Mapped[UUID | None] = mapped_column(ForeignKey("answer.id"))
    joint_answer_id: Mapped[UUID | None] = mapped_column(ForeignKey("joint_answer.id"))
    couple_id: Mapped[UUID] = mapped_column(ForeignKey("couple.id"))
    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    written_by_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    reach: Mapped[Reach]
    words_sealed: Mapped[bytes | None]

    words = SealedText("words_sealed")

    def seal_owner(self) -> Owner:
        """Name whose key it takes."""
        if self.reach is Reach.AUTHOR and self.person_id is not None:
            return Owner(OwnerKind.PERSON, self.person_id)
        kind = OwnerKind.COUPLE if self.reach is Reach.BOTH else OwnerKind.COUPLE_CLINICAL
        return Owner(kind, self.couple_id)


class JointAnswer(Sealed):
    """One version of an answer that both may write. Older versions stay, with author and time, for both to see.

    Sealed with the couple's key. Saves of one author from one page replace each other, so that a version is a visit.
    """

    __tablename__ = "joint_answer"
    __table_args__ = (
        UniqueConstraint("assignment_id", "prompt_id", "revision"),
        Index("ix_joint_answer_couple_id", "couple_id"),
    )

    assignment_id: Mapped[UUID] = mapped_column(ForeignKey("assignment.id"))
    couple_id: Mapped[UUID] = mapped_column(ForeignKey("couple.id"))
    stage: Mapped[int]
    prompt_id: Mapped[str]
    revision: Mapped[int]
    author_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    page_id: Mapped[str] = mapped_column(default="")
    serial: Mapped[int] = mapped_column(default=0)
    saved_at: Mapped[datetime]
    reviewed_at: Mapped[datetime | None]
    value_sealed: Mapped[bytes | None]

    value = SealedText("value_sealed")

    def seal_owner(self) -> Owner:
        """What both wrote belongs to the couple."""
        return Owner(OwnerKind.COUPLE, self.couple_id)


class KeptPage(Sealed):
    """What somebody typed when the sign-in had run out: sealed for that same person, restored at the next sign-in.

    `fields` is JSON of the form. One for each page of each response; never shown to anybody else, never saved by itself.
    """

    __tablename__ = "kept_page"
    __table_args__ = (UniqueConstraint("response_id", "person_id", "page"),)

    response_id: Mapped[UUID] = mapped_column(ForeignKey("response.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    page: Mapped[int]
    kept_at: Mapped[datetime]
    fields_sealed: Mapped[bytes | None]

    fields = SealedText("fields_sealed")

    def seal_owner(self) -> Owner:
        """What somebody typed belongs to that person."""
        return Owner(OwnerKind.PERSON, self.person_id)
