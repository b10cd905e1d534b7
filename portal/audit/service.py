"""Writing the audit log. `record` belongs in the same transaction as what it tells."""

from uuid import UUID, uuid4

from sqlalchemy.orm import Session
from structlog.contextvars import get_contextvars

from portal.audit.models import AuditEvent
from portal.audit.rules import Action, AuditFact, row_mac
from portal.clock import utc_now
from portal.orm import Model
from portal.security.crypto import MasterKey
from portal.security.viewer import Anonymous, JobFor, Member, TokenHolder, Viewer


def record(
    session: Session, viewer: Viewer, action: Action, *, kind: str, object_id: UUID | None, result: str = "ok"
) -> AuditEvent:
    """Write that `viewer` did `action` to one thing. Adds one row to the caller's transaction; no content, ids only."""
    viewer_kind, account_id, roles = _who(viewer)
    fact = AuditFact(
        id=uuid4(),
        at=utc_now(),
        action=action.value,
        viewer_kind=viewer_kind,
        account_id=account_id,
        roles=roles,
        object_kind=kind,
        object_id=object_id,
        result=result,
        correlation_id=str(get_contextvars().get("correlation_id", "")),
    )
    keyring: MasterKey = session.info["keyring"]
    event = AuditEvent(
        id=fact.id, created_at=fact.at, at=fact.at, action=fact.action, viewer_kind=viewer_kind, account_id=account_id,
        roles=roles, object_kind=kind, object_id=object_id, result=result, correlation_id=fact.correlation_id,
        mac=row_mac(keyring.audit_key, fact),
    )  # fmt: skip
    session.add(event)
    return event


def record_of(
    session: Session, viewer: Viewer, action: Action, row: Model, *, result: str = "ok"
) -> AuditEvent:
    """Write that `viewer` did `action` to a row, named by its table and id."""
    return record(session, viewer, action, kind=row.__tablename__, object_id=row.id, result=result)


def _who(viewer: Viewer) -> tuple[str, UUID | None, str]:
    match viewer:
        case Member():
            return "member", viewer.account_id, ",".join(sorted(viewer.roles))
        case TokenHolder():
            return "token", None, viewer.purpose.value
        case JobFor():
            return "job", None, ""
        case Anonymous():
            return "visitor", None, ""
