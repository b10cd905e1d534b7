"""What somebody shared before leaving is not revealed after that, neither by the other nor by the therapist (CPL-09)."""

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.clock import utc_now
from portal.couples.models import Partner
from portal.homework.models import Opening, TaskKind
from portal.homework.queries import get_assignment
from portal.homework.registry import StageFacts, Task
from portal.homework.rules import Gate, NoLongerAsked
from portal.homework.service import assign, open_stage, share, submit
from portal.transaction import current_session, transaction
from tests.support.cast import Cast


@pytest.mark.parametrize("gate", list(Gate))
def test_what_was_shared_before_leaving_opens_no_more(context: Flask, cast: Cast, gate: Gate) -> None:
    assert context
    stage = StageFacts(1, has_reveal=True, has_joint=False)
    task = Task(TaskKind.EXERCISE, "left", "1", "Left", "To see.", 5, gate, (stage,))
    jane, now = cast.therapist.member(), utc_now()
    with transaction() as session:
        assignment_id = assign(session, jane, cast.couple_id, task, now=now).id
        session.expire_all()
        parts = {one.person_id: one.id for one in get_assignment(session, jane, assignment_id).responses}
        for who in (cast.ana, cast.ben):
            submit(session, who.member(), parts[who.person_id], seconds=None, now=now)
        share(session, cast.ana.member(), parts[cast.ana.person_id], now=now)
        _leave(session, cast)
        share(session, cast.ben.member(), parts[cast.ben.person_id], now=now)
        with pytest.raises(NoLongerAsked):
            open_stage(session, jane, assignment_id, 1, now=now)
    assert current_session().scalars(select(Opening)).all() == []


def _leave(session: Session, cast: Cast) -> None:
    session.scalars(select(Partner).where(Partner.person_id == cast.ana.person_id)).one().left_at = utc_now()
    session.flush()
