"""The practice, its therapists' public profiles, and consents."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.orm import Model
from portal.people.models import Person
from portal.practice.rules import HelpLines


class Paper(StrEnum):
    """The paper that documents are laid out for."""

    A4 = "a4"
    LETTER = "letter"


class Practice(Model):
    """The one practice of this installation: public words and settings. Exactly one row.

    `region_question`: asked before booking where a licence ends at a border; empty: not asked.
    `demands_mail_code`: a booking counts only once the code from a mail was entered.
    `lead_retention_days`: after that many days leads who did not go on are erased (product decision 22).
    `offers_short_form`: visitors may take the short test.
    `currency`: in which sums of exercises are shown (ISO 4217); empty: without one, each in their own.
    `individual_weeks`: after how many weeks the individual questions are asked again by themselves; None: never.
    `help_notice` is the sentence that stands wherever help is named; the local numbers stand beside it while they are current.
    """

    __tablename__ = "practice"

    name: Mapped[str]
    tagline: Mapped[str]
    about: Mapped[str]
    zone: Mapped[str]
    language: Mapped[str] = mapped_column(default="en-GB")
    paper: Mapped[Paper] = mapped_column(default=Paper.A4)
    currency: Mapped[str] = mapped_column(default="")
    contact_line: Mapped[str]
    help_notice: Mapped[str]
    invites_with_code: Mapped[bool] = mapped_column(default=True)
    help_region: Mapped[str] = mapped_column(default="")
    emergency_number: Mapped[str] = mapped_column(default="")
    crisis_line_name: Mapped[str] = mapped_column(default="")
    crisis_line_number: Mapped[str] = mapped_column(default="")
    abuse_line_name: Mapped[str] = mapped_column(default="")
    abuse_line_number: Mapped[str] = mapped_column(default="")
    abuse_line_web: Mapped[str] = mapped_column(default="")
    response_time: Mapped[str] = mapped_column(default="")
    help_verified_on: Mapped[date | None]
    asks_of_age: Mapped[bool] = mapped_column(default=False)
    region_question: Mapped[str] = mapped_column(default="")
    demands_mail_code: Mapped[bool] = mapped_column(default=False)
    lead_retention_days: Mapped[int] = mapped_column(default=90)
    security_contact: Mapped[str] = mapped_column(default="")
    individual_weeks: Mapped[int | None] = mapped_column(default=13)
    offers_short_form: Mapped[bool] = mapped_column(default=True)

    @property
    def help_lines(self) -> HelpLines:
        """Give the local numbers as they were entered, current or not."""
        return HelpLines(
            region=self.help_region,
            emergency_number=self.emergency_number,
            crisis_name=self.crisis_line_name,
            crisis_number=self.crisis_line_number,
            abuse_name=self.abuse_line_name,
            abuse_number=self.abuse_line_number,
            abuse_web=self.abuse_line_web,
            response_time=self.response_time,
            verified_on=self.help_verified_on,
        )

    @help_lines.setter
    def help_lines(self, lines: HelpLines) -> None:
        self.help_region, self.emergency_number = lines.region, lines.emergency_number
        self.crisis_line_name, self.crisis_line_number = lines.crisis_name, lines.crisis_number
        self.abuse_line_name, self.abuse_line_number = lines.abuse_name, lines.abuse_number
        self.abuse_line_web, self.response_time = lines.abuse_web, lines.response_time
        self.help_verified_on = lines.verified_on


class Therapist(Model):
    """A therapist's public profile; `person_id` is also the id under which time is kept in the diary."""

    __tablename__ = "therapist"

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), unique=True)
    display_name: Mapped[str]
    title_line: Mapped[str]
    approach: Mapped[str]
    zone: Mapped[str]
    position: Mapped[int] = mapped_column(default=0)
    is_listed: Mapped[bool] = mapped_column(default=True)
    slug: Mapped[str | None] = mapped_column(unique=True)
    languages: Mapped[str] = mapped_column(default="")
    fees: Mapped[str] = mapped_column(default="")
    portrait_id: Mapped[UUID | None] = mapped_column(ForeignKey("picture.id"))

    person: Mapped[Person] = relationship(lazy="raise_on_sql")


class PageKind(StrEnum):
    """A public page whose text the practice writes."""

    IMPRINT = "imprint"
    PRIVACY = "privacy"
    ACCESSIBILITY = "accessibility"


class PageText(Model):
    """The text of one public page, in Markdown; without a row the default text stands."""

    __tablename__ = "page_text"

    kind: Mapped[PageKind] = mapped_column(unique=True)
    body: Mapped[str]
    changed_at: Mapped[datetime]


class EmbedOrigin(Model):
    """A site that may show the booking in a frame: scheme, host and port, no path."""

    __tablename__ = "embed_origin"

    origin: Mapped[str] = mapped_column(unique=True)


class ConsentKind(StrEnum):
    """What is consented to; the secrets policy is one of them. Nothing depends on `QUALITY`, which each may give or not."""

    CARE = "care"
    PRIVACY = "privacy"
    QUALITY = "quality"
    SECRETS_POLICY = "secrets_policy"


class ConsentText(Model):
    """One version of a text that clients accept. Rows are never changed, a new wording is a new version."""

    __tablename__ = "consent_text"
    __table_args__ = (UniqueConstraint("kind", "version"),)

    kind: Mapped[ConsentKind]
    version: Mapped[int]
    title: Mapped[str]
    body: Mapped[str]


class Consent(Model):
    """One person's consent to one version; each person gives it alone and nobody else sees it."""

    __tablename__ = "consent"
    __table_args__ = (UniqueConstraint("person_id", "consent_text_id"),)

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    consent_text_id: Mapped[UUID] = mapped_column(ForeignKey("consent_text.id"))
    withdrawn_at: Mapped[datetime | None]
