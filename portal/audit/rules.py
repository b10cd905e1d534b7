"""What an audit row says, and how rows are bound together. Pure: bytes in, bytes out.

Each row carries a MAC of its own at once; the chain over all rows is added by the sweeper, so that writers never queue
for its head. HMAC-SHA256 throughout.
"""

import hmac
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

GENESIS = b"\x00" * 32


class Action(StrEnum):
    """Everything that leaves a trace: `area.fact`. Reads of clinical things are among them."""

    ACCOUNT_CREATED = "account.created"
    ADDRESS_BLOCKED = "address.blocked"
    BACKUP_MADE = "backup.made"
    CALENDAR_ADDED = "calendar.added"
    CALENDAR_ANSWERED = "calendar.answered"
    CALENDAR_REMOVED = "calendar.removed"
    CONSENT_GIVEN = "consent.given"
    CONSULTATION_ATTENDED = "consultation.attended"
    CONSULTATION_CANCELLED = "consultation.cancelled"
    CONSULTATION_CONFIRMED = "consultation.confirmed"
    CONSULTATION_DECLINED = "consultation.declined"
    CONSULTATION_DISOWNED = "consultation.disowned"
    CONSULTATION_ERASED = "consultation.erased"
    CONSULTATION_JOINED = "consultation.joined"
    CONSULTATION_MERGED = "consultation.merged"
    CONSULTATION_MOVED = "consultation.moved"
    CONSULTATION_READ = "consultation.read"
    CONSULTATION_REQUESTED = "consultation.requested"
    CONSULTATION_VERIFIED = "consultation.verified"
    CONSULTATION_WRITTEN = "consultation.written"
    CONTACT_CHANGED = "contact.changed"
    CONTACT_READ = "contact.read"
    COUPLE_CLOSED = "couple.closed"
    COUPLE_CREATED = "couple.created"
    COUPLE_READ = "couple.read"
    DIARY_CHANGED = "diary.changed"
    DOCUMENT_DOWNLOADED = "document.downloaded"
    DOCUMENT_FAILED = "document.failed"
    DOCUMENT_READY = "document.ready"
    DOCUMENT_REFUSED = "document.refused"
    DOCUMENT_REQUESTED = "document.requested"
    ENQUIRY_HANDLED = "enquiry.handled"
    ENQUIRY_READ = "enquiry.read"
    ENQUIRY_SENT = "enquiry.sent"
    EXERCISE_CHANGED = "exercise.changed"
    EXERCISE_OFFERED = "exercise.offered"
    EXERCISE_PUBLISHED = "exercise.published"
    EXERCISE_REMOVED = "exercise.removed"
    EXERCISE_RETIRED = "exercise.retired"
    EXERCISE_SHARED = "exercise.shared"
    EXERCISE_UNSHARED = "exercise.unshared"
    FEED_MADE = "feed.made"
    FEED_REVOKED = "feed.revoked"
    FORM_CHANGED = "form.changed"
    GOAL_ENDED = "goal.ended"
    GOAL_KEPT = "goal.kept"
    GOAL_LEFT = "goal.left"
    GOAL_TAKEN_UP = "goal.taken_up"
    GOAL_WISHED = "goal.wished"
    HELP_CHANGED = "help.changed"
    HOLD_LIFTED = "hold.lifted"
    HOLD_SET = "hold.set"
    INVITATION_ACCEPTED = "invitation.accepted"
    INVITATION_SENT = "invitation.sent"
    INVITATION_WITHDRAWN = "invitation.withdrawn"
    JOB_REFUSED = "job.refused"
    LINE_HIDDEN = "line.hidden"
    LINE_OPENED = "line.opened"
    LINE_SHOWN = "line.shown"
    LINE_TAKEN_BACK = "line.taken-back"
    LINK_MADE = "link.made"
    LINK_RETIRED = "link.retired"
    MEASURE_ACKNOWLEDGED = "measure.acknowledged"
    MEASURE_CONTACTED = "measure.contacted"
    MEASURE_FIGURES_SET = "measure.figures-set"
    MEASURE_READ = "measure.read"
    MEASURE_SCHEDULE_CHANGED = "measure.schedule-changed"
    MEASURE_WORDING_KEPT = "measure.wording-kept"
    MEASURE_WORDING_RETIRED = "measure.wording-retired"
    MEETING_READ = "meeting.read"
    MAIL_BOUNCED = "mail.bounced"
    MAIL_TRIED_AGAIN = "mail.tried-again"
    MEETING_RECORDED = "meeting.recorded"
    NOTE_READ = "note.read"
    NOTE_SIGNED = "note.signed"
    NOTE_WRITTEN = "note.written"
    OWNER_CREATED = "owner.created"
    PAGE_CHANGED = "page.changed"
    PASSKEY_ADDED = "passkey.added"
    PASSKEY_DOUBTED = "passkey.doubted"
    PASSKEY_REMOVED = "passkey.removed"
    PASSKEY_RENAMED = "passkey.renamed"
    PASSWORD_CHANGED = "password.changed"  # noqa: S105 - the name of a fact
    POST_CHANGED = "post.changed"
    POSTS_IMPORTED = "posts.imported"
    PROCESS_NOTE_READ = "process-note.read"
    PROCESS_NOTE_WRITTEN = "process-note.written"
    PROFILE_CHANGED = "profile.changed"
    PROOF_GIVEN = "proof.given"
    REMINDER_OWED = "reminder.owed"
    RESET_CODE_ISSUED = "reset.code-issued"
    RESET_REQUESTED = "reset.requested"
    RESET_USED = "reset.used"
    REVEAL_OPENED = "reveal.opened"
    SAFETY_ACKNOWLEDGED = "safety.acknowledged"
    SAFETY_ANSWERED = "safety.answered"
    SAFETY_ASKED = "safety.asked"
    SAFETY_CONTACTED = "safety.contacted"
    SAFETY_NUDGED = "safety.nudged"
    SAFETY_READ = "safety.read"
    SAFETY_RHYTHM_CHANGED = "safety.rhythm-changed"
    SECOND_FACTOR_CHANGED = "second-factor.changed"
    SIGN_IN_ENDED = "sign-in.ended"
    SIGN_IN_REFUSED = "sign-in.refused"
    SIGNED_IN = "sign-in.done"
    PATHWAY_CHANGED = "pathway.changed"
    PATHWAY_STARTED = "pathway.started"
    PATHWAY_STEP_GIVEN = "pathway.step-given"
    PATHWAY_STEP_SKIPPED = "pathway.step-skipped"
    PATHWAY_TEMPLATE_CHANGED = "pathway.template-changed"
    SUMMARY_READ = "summary.read"
    SUMMARY_RELEASED = "summary.released"
    SUMMARY_WRITTEN = "summary.written"
    TASK_ASSIGNED = "task.assigned"
    TASK_COMMENTED = "task.commented"
    TASK_DAY_CHANGED = "task.day-changed"
    TASK_DISOWNED = "task.disowned"
    TASK_ENDED = "task.ended"
    TASK_GIVEN_ANEW = "task.given-anew"
    TASK_HELD = "task.held"
    TASK_HIDDEN = "task.hidden"
    TASK_LIFTED = "task.lifted"
    TASK_READ = "task.read"
    TASK_RECLAIMED = "task.reclaimed"
    TASK_REOPENED = "task.reopened"
    TASK_REVIEWED = "task.reviewed"
    TASK_SHARED = "task.shared"
    TASK_SUBMITTED = "task.submitted"
    TASK_TAKEN_BACK = "task.taken-back"
    UNLOCK_ISSUED = "unlock.issued"
    UNLOCK_USED = "unlock.used"
    WAITLIST_JOINED = "waitlist.joined"
    WAITLIST_LEFT = "waitlist.left"
    WAITLIST_OFFERED = "waitlist.offered"
    WAITLIST_OFFER_ENDED = "waitlist.offer-ended"


@dataclass(frozen=True, slots=True)
class AuditFact:
    """One row's content: ids and words of a fixed vocabulary only."""

    id: UUID
    at: datetime
    action: str
    viewer_kind: str
    account_id: UUID | None
    roles: str
    object_kind: str
    object_id: UUID | None
    result: str
    correlation_id: str

    def canonical(self) -> bytes:
        """Write the fact as one unambiguous line; the separator cannot occur in any field."""
        fields = (
            self.id.hex,
            self.at.isoformat(timespec="microseconds"),
            self.action,
            self.viewer_kind,
            self.account_id.hex if self.account_id else "",
            self.roles,
            self.object_kind,
            self.object_id.hex if self.object_id else "",
            self.result,
            self.correlation_id,
        )
        return "\x1f".join(fields).encode()


def row_mac(key: bytes, fact: AuditFact) -> bytes:
    """Bind a row's content to the installation's audit key (32 bytes)."""
    return hmac.digest(key, b"row\x1e" + fact.canonical(), "sha256")


def chain_link(key: bytes, previous: bytes, position: int, mac: bytes) -> bytes:
    """Bind a row to its place behind all earlier ones (32 bytes); the first follows `GENESIS`."""
    return hmac.digest(key, b"link\x1e" + previous + position.to_bytes(8, "big") + mac, "sha256")


def head_mac(key: bytes, position: int, chain: bytes) -> bytes:
    """Sign the end of the chain, so that cutting off its tail shows."""
    return hmac.digest(key, b"head\x1e" + position.to_bytes(8, "big") + chain, "sha256")
