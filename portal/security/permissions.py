"""The vocabulary of permissions: `area:noun:verb`, in alphabetical order, one meaning each.

Who has them stands in `portal.policy`; an endpoint names one by `@requires`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from portal.security.viewer import Viewer


class Permission(StrEnum):
    """What can be allowed."""

    ACCOUNT_PROOF_GIVE = "accounts:proof:give"  # show once more who is there
    ACCOUNT_SECURITY_EDIT = "accounts:security:edit"  # change own password, second factor, backup codes
    ACCOUNT_SIGN_INS_LIST = "accounts:sign-ins:list"  # see and end own sign-ins
    ACCOUNT_RESET_ISSUE = (
        "accounts:reset:issue"  # give a client a code for a new password, in person or in a call
    )
    ACCOUNT_UNLOCK_ISSUE = "accounts:unlock:issue"  # hand a client a code in person after a mailed reset
    ACCOUNT_UNLOCK_USE = "accounts:unlock:use"  # enter the code that the therapist handed over
    BLOG_POST_WRITE = "blog:post:write"  # write, publish and import articles
    BOOKING_FORM_EDIT = (
        "booking:form:edit"  # choose what visitors are asked, and which sites may show the booking
    )
    BOOKING_LEAD_ANSWER = (
        "booking:lead:answer"  # answer, move, cancel, merge or clear away what visitors booked
    )
    BOOKING_LEAD_LIST = "booking:lead:list"  # see who asked for a consultation, and from which post
    CALENDARS_FEED_MANAGE = (
        "calendars:feed:manage"  # make and revoke the secret address of an own calendar feed
    )
    CALENDARS_OUTSIDE_EDIT = "calendars:outside:edit"  # connect own calendars elsewhere
    CALENDARS_QUESTION_ANSWER = (
        "calendars:question:answer"  # decide about changes found in own calendars elsewhere
    )
    COUPLES_CONSENT_GIVE = "couples:consent:give"  # accept the practice's consents, alone
    COUPLES_COUPLE_CLOSE = "couples:couple:close"  # end the work with a couple, as its therapist
    COUPLES_COUPLE_CREATE = "couples:couple:create"  # turn a lead into a couple of two persons
    COUPLES_COUPLE_VIEW = "couples:couple:view"  # open a couple's page, as its therapist
    COUPLES_INVITATION_SEND = "couples:invitation:send"  # invite one person to an own login
    DIARY_CALENDAR_VIEW = "diary:calendar:view"  # see occupied times, by code
    DIARY_ENTRY_MOVE = "diary:entry:move"  # put own time into the diary, and move what is there
    DIARY_HOURS_EDIT = "diary:hours:edit"  # set own hours, places, kinds of consultations and time off
    DOCUMENTS_DOCUMENT_DOWNLOAD = "documents:document:download"  # fetch a released document
    DOCUMENTS_DOCUMENT_RETRY = "documents:document:retry"  # ask again for a document that failed
    EXERCISES_EXERCISE_WRITE = (
        "exercises:exercise:write"  # write own exercises, look at all that one may give
    )
    HOME_PARTNER_VIEW = "home:partner:view"  # the partner's home
    HOME_STAFF_VIEW = "home:staff:view"  # the home of people who work in the practice
    HOMEWORK_TASK_ASSIGN = "homework:task:assign"  # ask a couple, or one person of it, to do something
    HOMEWORK_TASK_COMMENT = (
        "homework:task:comment"  # say something about an answer, as the couple's therapist
    )
    HOMEWORK_TASK_DISOWN = (
        "homework:task:disown"  # say that somebody else gave one's answers, or take that back
    )
    HOMEWORK_TASK_OPEN = "homework:task:open"  # open, hold, close or withdraw an assignment
    HOMEWORK_TASK_READ = "homework:task:read"  # read what a couple finished, as its therapist
    HOMEWORK_TASK_WORK = "homework:task:work"  # answer, share and take back as oneself; read what has opened
    MEASURES_SHELF_VIEW = (
        "measures:shelf:view"  # see which published questionnaires there are, and whose words
    )
    MEASURES_WORDING_IMPORT = (
        "measures:wording:import"  # bring the words of a questionnaire, confirm their licence, set figures
    )
    MEETINGS_MEETING_RECORD = "meetings:meeting:record"  # record a meeting and who came
    MEETINGS_NOTE_SIGN = "meetings:note:sign"  # sign the note about a meeting, which closes it
    MEETINGS_NOTE_WRITE = "meetings:note:write"  # write the note about a meeting
    MEETINGS_PROCESS_NOTE_READ = "meetings:process-note:read"  # open the sealed process note
    MEETINGS_PROCESS_NOTE_WRITE = "meetings:process-note:write"  # save the process note, without reading it
    MEETINGS_SUMMARY_READ = "meetings:summary:read"  # read a released summary, as one of its readers
    MEETINGS_SUMMARY_RELEASE = "meetings:summary:release"  # release a summary to the couple
    MEETINGS_SUMMARY_WRITE = "meetings:summary:write"  # write and preview a summary
    NOTICES_MAIL_RETRY = "notices:mail:retry"  # send mails again that could not be sent, without seeing them
    PATHWAYS_PATHWAY_LEAD = (
        "pathways:pathway:lead"  # start a couple on a pathway, pause it, give or skip its steps
    )
    PATHWAYS_TEMPLATE_EDIT = "pathways:template:edit"  # make and change the practice's pathways
    PRACTICE_FIGURES_VIEW = (
        "practice:figures:view"  # read how well a test works with the practice's own couples
    )
    PRACTICE_HELP_EDIT = "practice:help:edit"  # enter and check the local help lines
    PRACTICE_PAGES_EDIT = "practice:pages:edit"  # write the practice's public pages and words
    PRACTICE_PROFILE_EDIT = "practice:profile:edit"  # write the own public profile
    SAFETY_ANSWERS_GIVE = "safety:answers:give"  # answer the individual questions, alone
    SAFETY_ANSWERS_READ = "safety:answers:read"  # read what one's clients answered alone
    SAFETY_ANSWERS_SETTLE = (
        "safety:answers:settle"  # tick off what was read, and that one has spoken with the person
    )
    SAFETY_CONTACT_EDIT = "safety:contact:edit"  # save the own safe-contact card, without reading it
    SAFETY_CONTACT_OPEN = "safety:contact:open"  # open the own safe-contact card
    SAFETY_CONTACT_READ = "safety:contact:read"  # read how one's clients can be reached safely
    SAFETY_HOLD_SET = "safety:hold:set"  # keep joint things of a couple shut, and lift that
    SAFETY_QUESTIONS_ASK = "safety:questions:ask"  # ask both persons of a couple the individual questions
    SAFETY_RHYTHM_EDIT = "safety:rhythm:edit"  # set how often the individual questions come by themselves
    SAFETY_UNLOOKED_SEE = "safety:unlooked:see"  # learn whose urgent things wait, but not what they are
    SOURCES_LINK_EDIT = "sources:link:edit"  # make and retire campaign links
    SOURCES_REPORT_VIEW = "sources:report:view"  # see how many came from where


Predicate = Callable[[Viewer], bool]


@dataclass(frozen=True, slots=True)
class Grant:
    """Who has a permission: any of the rows, and all predicates of that row. No rows: nobody.

    `fresh`: the person must have proved who they are within the last minutes (SES-04).
    """

    rows: tuple[tuple[Predicate, ...], ...]
    fresh: bool = False

    def allows(self, viewer: Viewer) -> bool:
        """Tell whether `viewer` has this permission at all; which rows they may load is the queries' business."""
        return any(all(holds(viewer) for holds in row) for row in self.rows)


Policy = Mapping[Permission, Grant]
