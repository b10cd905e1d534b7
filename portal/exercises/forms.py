"""One page of an exercise as it is shown and read: fields with their readers, their flaws, and what else was written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from portal.exercises.answers import Given, most_characters, read_answer, sent_of
from portal.exercises.definition import RANGES, FieldType
from portal.exercises.questions import Question
from portal.exercises.wording import Readers, flaw_words, hint_of, reply_words
from portal.homework.forms import REVISION, Fields


@dataclass(frozen=True, slots=True)
class Version:
    """One version of what both write, as it is shown."""

    author: str
    side: str
    saved_at: datetime
    lines: Sequence[str]


@dataclass(frozen=True, slots=True)
class Asked:
    """One field of a page. `sent`: what a form would send; `error`: what is the matter; `other`: another window's text.

    `versions`: what both wrote before, the newest last.
    """

    question: Question
    sent: Sequence[str]
    readers: Readers
    error: str = ""
    other: Sequence[str] = ()
    versions: Sequence[Version] = ()
    may_write: bool = True

    @property
    def id(self) -> str:
        """Name the field."""
        return self.question.id

    @property
    def kind(self) -> str:
        """Tell the template which control it is."""
        kind = self.question.prompt.type
        if kind is FieldType.CHOOSE_MANY and not self.question.is_single:
            return "several"
        shapes = {FieldType.SHORT_TEXT: "line", FieldType.LONG_TEXT: "paper", FieldType.RANKING: "ranking"}
        return "date" if kind is FieldType.DATE else shapes.get(kind, "scale" if kind in RANGES else "one")

    @property
    def hint(self) -> str:
        """Say how to answer."""
        return hint_of(self.question)

    @property
    def most(self) -> int:
        """Tell how many characters a text may have."""
        return most_characters(self.question)

    @property
    def left(self) -> int:
        """Tell how many characters are left."""
        return max(self.most - sum(map(len, self.sent)), 0)

    @property
    def choices(self) -> list[tuple[str, str]]:
        """List what can be chosen: what is sent, and what is read."""
        kind = self.question.prompt.type
        if kind in RANGES:
            low, high = RANGES[kind]
            return [(str(number), str(number)) for number in range(low, high + 1)]
        if kind is FieldType.YES_NO_UNSURE:
            return list(reply_words().items())
        return [(option.slug, option.text) for option in self.question.options]

    def at(self, place: int) -> str:
        """Tell what stands in a place of a ranking, counted from 1."""
        return self.sent[place - 1] if place <= len(self.sent) else ""


def read_page(questions: Sequence[Question], form: Mapping[str, str] | Fields) -> dict[str, Given]:
    """Read every field that was on the page that was sent; one that was not there is left as it is stored."""
    sent: Fields = form  # type: ignore[assignment]  # werkzeug's form is such a MultiDict
    return {
        one.id: read_answer(one, sent.getlist(one.id))
        for one in questions
        if one.id in sent or REVISION + one.id in sent
    }


def asked_again(question: Question, readers: Readers, form: Fields, given: Given | None) -> Asked:
    """Show a field as it was sent, with its flaw."""
    error = flaw_words(given) if given and given.flaw else ""
    return Asked(question, form.getlist(question.id), readers, error)


def asked(question: Question, readers: Readers, value: object) -> Asked:
    """Show a field as it is stored."""
    return Asked(question, sent_of(value), readers)
