"""Answers of questionnaires that must be looked at, brought to what is waited on for every person of the practice.

Questionnaires and individual questions know nothing of each other; this area stands above both.
"""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from portal.couples.models import Couple
from portal.measures.models import MeasureScore
from portal.measures.queries import has_watched_answer, unread_watched
from portal.safety.rules import Urgency
from portal.safety.unread import Source, Unread, register_source


def urgency_of(score: MeasureScore) -> Urgency:
    """Say how soon to speak with the person; a result without such an answer is only to be read."""
    return Urgency.SAME_DAY if has_watched_answer(score) else Urgency.READ


def watch_answers() -> None:
    """Let results with a watched item be waited on until somebody has read them."""
    register_source(MeasureScore.__tablename__, Source(unread_watched, _unread_scores))


def _unread_scores(session: Session) -> Sequence[Unread]:
    rows = session.execute(
        unread_watched()
        .with_only_columns(MeasureScore, Couple.therapist_id)
        .join(Couple, Couple.id == MeasureScore.couple_id)
    )
    return [
        Unread(score.id, therapist_id, score.scored_at, urgency_of(score)) for score, therapist_id in rows
    ]
