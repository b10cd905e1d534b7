"""Who may do what: the one page for an auditor.

A permission that is not listed is denied to everybody. Each row of a grant is a way to have it; every word of a row
must hold. This is the lock in front of the endpoint. Which *rows* somebody may load (own couple, own document) is
decided where rows are loaded: each area's `queries.py` starts from what the viewer may see.
"""

from portal.security.permissions import Grant, Permission, Policy, Predicate
from portal.security.viewer import Member, Viewer


def is_partner(viewer: Viewer) -> bool:
    """One person of a couple, signed in."""
    return isinstance(viewer, Member) and viewer.is_partner


def is_therapist(viewer: Viewer) -> bool:
    """A therapist, signed in with a second factor."""
    return isinstance(viewer, Member) and viewer.is_therapist


def is_owner(viewer: Viewer) -> bool:
    """Whoever runs the installation, signed in with a second factor; no clinical record opens by that."""
    return isinstance(viewer, Member) and viewer.is_owner


def is_staff(viewer: Viewer) -> bool:
    """Anybody who works in the practice, signed in with a second factor."""
    return isinstance(viewer, Member) and viewer.is_staff


def sees_private_content(viewer: Viewer) -> bool:
    """Not somebody who came in by a mailed reset alone: such a sign-in opens appointments only."""
    return isinstance(viewer, Member) and not viewer.is_limited


def anybody_of(*rows: tuple[Predicate, ...], fresh: bool = False) -> Grant:
    """Grant to whoever fulfils one of the rows."""
    return Grant(rows, fresh=fresh)


PARTNER = (is_partner, sees_private_content)
LIMITED_PARTNER = (is_partner,)
THERAPIST = (is_therapist, sees_private_content)
STAFF = (is_staff, sees_private_content)
OWNER = (is_owner, sees_private_content)

PERMISSIONS: Policy = {
    Permission.ACCOUNT_PROOF_GIVE: anybody_of(LIMITED_PARTNER, STAFF),
    Permission.ACCOUNT_SECURITY_EDIT: anybody_of(PARTNER, STAFF, fresh=True),
    Permission.ACCOUNT_SIGN_INS_LIST: anybody_of(PARTNER, STAFF),
    Permission.ACCOUNT_RESET_ISSUE: anybody_of(THERAPIST, fresh=True),
    Permission.ACCOUNT_UNLOCK_ISSUE: anybody_of(THERAPIST, fresh=True),
    Permission.ACCOUNT_UNLOCK_USE: anybody_of(LIMITED_PARTNER),
    Permission.BLOG_POST_WRITE: anybody_of(THERAPIST),
    Permission.BOOKING_FORM_EDIT: anybody_of(OWNER, THERAPIST),
    Permission.BOOKING_LEAD_ANSWER: anybody_of(THERAPIST),
    Permission.BOOKING_LEAD_LIST: anybody_of(THERAPIST),
    Permission.CALENDARS_FEED_MANAGE: anybody_of(PARTNER, STAFF, fresh=True),
    Permission.CALENDARS_OUTSIDE_EDIT: anybody_of(THERAPIST, fresh=True),
    Permission.CALENDARS_QUESTION_ANSWER: anybody_of(THERAPIST),
    Permission.COUPLES_CONSENT_GIVE: anybody_of(PARTNER),
    Permission.COUPLES_COUPLE_CLOSE: anybody_of(THERAPIST),
    Permission.COUPLES_COUPLE_CREATE: anybody_of(THERAPIST),
    Permission.COUPLES_COUPLE_VIEW: anybody_of(THERAPIST),
    Permission.COUPLES_INVITATION_SEND: anybody_of(THERAPIST),
    Permission.DIARY_CALENDAR_VIEW: anybody_of(STAFF),
    Permission.DIARY_ENTRY_MOVE: anybody_of(THERAPIST),
    Permission.DIARY_HOURS_EDIT: anybody_of(THERAPIST),
    Permission.DOCUMENTS_DOCUMENT_DOWNLOAD: anybody_of(PARTNER, THERAPIST),
    Permission.DOCUMENTS_DOCUMENT_RETRY: anybody_of(THERAPIST),
    Permission.EXERCISES_EXERCISE_WRITE: anybody_of(THERAPIST),
    Permission.HOME_PARTNER_VIEW: anybody_of(LIMITED_PARTNER),
    Permission.HOME_STAFF_VIEW: anybody_of(STAFF),
    Permission.HOMEWORK_TASK_ASSIGN: anybody_of(THERAPIST),
    Permission.HOMEWORK_TASK_COMMENT: anybody_of(THERAPIST),
    Permission.HOMEWORK_TASK_DISOWN: anybody_of(PARTNER, fresh=True),
    Permission.HOMEWORK_TASK_OPEN: anybody_of(THERAPIST),
    Permission.HOMEWORK_TASK_READ: anybody_of(THERAPIST),
    Permission.HOMEWORK_TASK_WORK: anybody_of(PARTNER),
    Permission.MEASURES_SHELF_VIEW: anybody_of(OWNER, THERAPIST),
    Permission.MEASURES_WORDING_IMPORT: anybody_of(OWNER),
    Permission.MEETINGS_MEETING_RECORD: anybody_of(THERAPIST),
    Permission.MEETINGS_NOTE_SIGN: anybody_of(THERAPIST, fresh=True),
    Permission.MEETINGS_NOTE_WRITE: anybody_of(THERAPIST),
    Permission.MEETINGS_PROCESS_NOTE_READ: anybody_of(THERAPIST, fresh=True),
    Permission.MEETINGS_PROCESS_NOTE_WRITE: anybody_of(THERAPIST),
    Permission.MEETINGS_SUMMARY_READ: anybody_of(PARTNER, THERAPIST),
    Permission.MEETINGS_SUMMARY_RELEASE: anybody_of(THERAPIST),
    Permission.MEETINGS_SUMMARY_WRITE: anybody_of(THERAPIST),
    Permission.NOTICES_MAIL_RETRY: anybody_of(STAFF),
    Permission.PATHWAYS_PATHWAY_LEAD: anybody_of(THERAPIST),
    Permission.PATHWAYS_TEMPLATE_EDIT: anybody_of(THERAPIST),
    Permission.PRACTICE_FIGURES_VIEW: anybody_of(OWNER, THERAPIST),
    Permission.PRACTICE_HELP_EDIT: anybody_of(OWNER, THERAPIST),
    Permission.PRACTICE_PAGES_EDIT: anybody_of(OWNER, THERAPIST),
    Permission.PRACTICE_PROFILE_EDIT: anybody_of(THERAPIST),
    Permission.SAFETY_ANSWERS_GIVE: anybody_of(PARTNER),
    Permission.SAFETY_ANSWERS_READ: anybody_of(THERAPIST, fresh=True),
    Permission.SAFETY_ANSWERS_SETTLE: anybody_of(THERAPIST, fresh=True),
    Permission.SAFETY_CONTACT_EDIT: anybody_of(PARTNER),
    Permission.SAFETY_CONTACT_OPEN: anybody_of(PARTNER, fresh=True),
    Permission.SAFETY_CONTACT_READ: anybody_of(THERAPIST, fresh=True),
    Permission.SAFETY_HOLD_SET: anybody_of(THERAPIST, fresh=True),
    Permission.SAFETY_QUESTIONS_ASK: anybody_of(THERAPIST),
    Permission.SAFETY_RHYTHM_EDIT: anybody_of(OWNER, THERAPIST),
    Permission.SAFETY_UNLOOKED_SEE: anybody_of(STAFF),
    Permission.SOURCES_LINK_EDIT: anybody_of(THERAPIST),
    Permission.SOURCES_REPORT_VIEW: anybody_of(OWNER, THERAPIST),
}
