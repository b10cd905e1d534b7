"""What stands at the practice's doorway: who waits for a time, short links, sites with a frame, questions of a calendar."""

import secrets
from dataclasses import dataclass
from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from portal.blog.models import Post
from portal.booking.models import IntakeQuestion, WaitlistEntry
from portal.calendars.models import CalendarQuestion, FoundChange, OutsideCalendar, OutsideKind
from portal.practice.models import EmbedOrigin
from portal.security.tokens import Signer
from portal.security.viewer import TokenPurpose
from portal.sources.models import CampaignLink
from tests.support.cast import Cast, make_person
from tests.support.world import opening, wait_for_time

SITE = "blog.example.org"
EVERY_DAY, EVERY_PART = 127, 7


@dataclass(kw_only=True)
class Doorway:
    """What the addresses of its pages need: `values` by parameter, `tokens` by endpoint."""

    values: dict[str, object]
    tokens: dict[str, str]
    type_id: UUID

    def grow(self, session: Session, cast: Cast, post: Post) -> None:
        """Let one more person wait for a time, and another link lead here."""
        session.add(
            WaitlistEntry(
                therapist_id=cast.therapist.person_id, type_id=self.type_id,
                person_id=make_person(session, "Noor", f"{uuid4()}@example.org").id, zone="Europe/London",
                weekdays=EVERY_DAY, parts=EVERY_PART, request_code=secrets.token_bytes(32),
            )
        )  # fmt: skip
        session.add(CampaignLink(code=uuid4().hex, name="Letter", post_id=post.id))
        session.add(EmbedOrigin(origin=f"https://{uuid4().hex}.example.org"))


def begin_doorway(session: Session, cast: Cast, signer: Signer) -> Doorway:
    """Open the doorway, with one of everything that has a page."""
    waiting, offered = wait_for_time(session, cast)
    link = CampaignLink(code="letter", name="Letter")
    session.add_all(
        [
            link,
            EmbedOrigin(origin=f"https://{SITE}"),
            IntakeQuestion(position=0, words="How did you hear of us?"),
        ]
    )
    session.flush()
    _ask_about(session, cast, offered.occupied_id)
    place = signer.sign_id(TokenPurpose.WAITLIST, waiting.id)
    return Doorway(
        values={
            **opening(session, cast), "entry_id": waiting.id, "link_id": link.id, "code": link.code,
            "frame": SITE, "frame of embed.theme": f"{SITE},3a1d00,fff6e5", "kind": "imprint",
        },
        tokens={
            "booking.waiting": place,
            "booking.waitlist_offer": signer.sign_id(TokenPurpose.WAITLIST_OFFER, offered.id),
            "embed.waiting": place,
        },
        type_id=waiting.type_id,
    )  # fmt: skip


def _ask_about(session: Session, cast: Cast, occupied_id: UUID) -> None:
    """Let a calendar elsewhere lack what stands in the diary."""
    calendar = OutsideCalendar(
        therapist_id=cast.therapist.person_id, kind=OutsideKind.CALDAV, name="Private",
        address="https://127.0.0.1/dav/", user_name="jane", password="sesame",
    )  # fmt: skip
    session.add(calendar)
    session.flush()
    session.add(
        CalendarQuestion(
            therapist_id=calendar.therapist_id, calendar_id=calendar.id, occupied_id=occupied_id,
            change=FoundChange.DELETED,
        )
    )  # fmt: skip
