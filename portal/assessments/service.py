"""Beginning and finishing a sitting, and sharing what its author chose of it."""

import hashlib
import json
from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from portal.assessments.catalogue import questionnaire_of
from portal.assessments.sharing import Shared, shown_rows, what_is_shared
from portal.assessments.sitting import seconds_spent
from portal.errors import Conflict, NotFound
from portal.homework import service as homework
from portal.homework.models import Response
from portal.homework.queries import get_own_response, lock_assignment, own_answers
from portal.homework.rules import NotFinished, Step
from portal.psychometrics.items import answers_of
from portal.security.viewer import Member


class NotAsSeen(Conflict):
    """What would be shared is no longer what its author saw before."""


def finish(session: Session, viewer: Member, response_id: UUID, *, now: datetime) -> Response:
    """Finish a sitting as it stands, answered or not, with the time that it took. Raises NotFound, NoLongerAsked, NotWriting."""
    response = get_own_response(session, viewer, response_id)
    saved = (answer.saved_at for answer in own_answers(session, viewer, response_id).values())
    seconds = seconds_spent(response.begun_at, saved)
    return homework.submit(session, viewer, response_id, seconds=seconds, now=now)


def preview(
    session: Session,
    viewer: Member,
    response_id: UUID,
    *,
    domain_ids: Collection[str],
    item_ids: Collection[str],
) -> Shared:
    """Make what the partner would see, from answers that are finished and so move no more.

    Raises NotFound (also where there is nobody to share with), NotFinished, ReleaseRefused.
    """
    response = get_own_response(session, viewer, response_id)
    if response.assignment.for_person_id is not None:
        raise NotFound(str(response_id))
    if response.step is not Step.SUBMITTED:
        raise NotFinished(str(response_id))
    test = questionnaire_of(response.assignment)
    rows = {one.prompt_id: one.value for one in own_answers(session, viewer, response_id).values()}
    return what_is_shared(test, answers_of(test.items, rows), domain_ids, item_ids)


def fingerprint(shared: Shared) -> str:
    """Name exactly this preview, so that a form can say which one its reader saw."""
    rows = json.dumps(shown_rows(shared), sort_keys=True)
    return hashlib.sha256(rows.encode()).hexdigest()[:32]


def share(
    session: Session,
    viewer: Member,
    response_id: UUID,
    *,
    domain_ids: Collection[str],
    item_ids: Collection[str],
    seen: str,
    now: datetime,
) -> Response:
    """Share what the author chose and saw (`seen`, the fingerprint of the preview), made anew under the lock.

    Raises what `preview` does, NoLongerAsked, and NotAsSeen when the answers were changed since the preview.
    """
    lock_assignment(session, get_own_response(session, viewer, response_id).assignment_id)
    shared = preview(session, viewer, response_id, domain_ids=domain_ids, item_ids=item_ids)
    if fingerprint(shared) != seen:
        raise NotAsSeen(str(response_id))
    return homework.share(session, viewer, response_id, shown=shown_rows(shared), now=now)
