"""What the therapist said about single answers of the test, beside the answers that it is about. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from uuid import UUID

from portal.assessments.definition import Preference, Questionnaire, Statement
from portal.assessments.saying import answer_words
from portal.assessments.sharing import Shared
from portal.couples.models import Partner
from portal.homework.commenting import Remarks
from portal.homework.models import Comment
from portal.homework.rules import Reach
from portal.psychometrics.items import Answer, Answers

Said = Mapping[tuple[UUID, str], Remarks]


@dataclass(frozen=True, slots=True)
class Spoken:
    """One answer in words, and what was said about it. `partner`: whose answer it is; None on its author's own page."""

    text: str
    words: str
    partner: Partner | None
    remarks: Remarks


def spoken_to_one(test: Questionnaire, said: Said, author_id: UUID, answers: Answers) -> list[Spoken]:
    """List what was said about one's own answers, in the order of the test."""
    lines = (_spoken(test, item, said.get((author_id, item.id)), answers.get(item.id)) for item in test.items)
    return [line for line in lines if line is not None]


def spoken_to_both(
    test: Questionnaire, said: Said, partners: Iterable[Partner], shares: Mapping[UUID, Shared]
) -> list[Spoken]:
    """List what was said to both about answers that both shared; what is for one alone stays on that person's own page."""
    sharing = [(one, shares[one.person_id].items) for one in partners if one.person_id in shares]
    lines = (
        _spoken(test, item, _for_both(said.get((one.person_id, item.id))), shared.get(item.id), one)
        for item in test.items
        for one, shared in sharing
    )
    return [line for line in lines if line is not None]


def said_to_both(
    rows: Iterable[tuple[UUID, str, Comment]], shares: Mapping[UUID, Shared]
) -> dict[tuple[UUID, str], Remarks]:
    """Collect what the two would read now: comments (author, item, comment) for both on items that both share."""
    shown = set.intersection(*(set(one.items) for one in shares.values())) if len(shares) > 1 else set()
    found: dict[tuple[UUID, str], Remarks] = {}
    for author_id, item_id, comment in rows:
        if item_id in shown and comment.reach is Reach.BOTH:
            before = found.get((author_id, item_id), Remarks())
            found[author_id, item_id] = replace(before, comments=(*before.comments, comment))
    return found


def _for_both(remarks: Remarks | None) -> Remarks:
    comments = remarks.comments if remarks is not None else ()
    return Remarks(comments=tuple(one for one in comments if one.reach is Reach.BOTH))


def _spoken(
    test: Questionnaire,
    item: Statement | Preference,
    remarks: Remarks | None,
    answer: Answer | None,
    partner: Partner | None = None,
) -> Spoken | None:
    if remarks is None or not remarks.comments or answer is None:
        return None
    return Spoken(item.text, answer_words(test, item, answer), partner, remarks)
