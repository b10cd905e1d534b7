"""Agreeing to differ on a domain of the joint page: set by the couple themselves, never by a rule (product decision 8).

What one of them says counts for both at once, with name and time, and either may take it off again. It is said openly
after the reveal, so that nothing can be told from it that was not said.
"""

import json
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from portal.assessments.catalogue import questionnaire_of
from portal.errors import Invalid, NotFound
from portal.homework.answers import Change, save_joint
from portal.homework.models import JointAnswer
from portal.homework.queries import get_own_response
from portal.homework.rules import PageMark, Scope
from portal.security.viewer import Member

PROMPT = "differ."  # a domain's id follows


class NoSuchDomain(Invalid):
    """What was sent names no domain of this test."""


@dataclass(frozen=True, slots=True)
class Said:
    """The last word on one domain: whether they agree to differ, who said so and when."""

    is_agreed: bool
    author_id: UUID
    at: datetime
    revision: int


def said_in(versions: Iterable[JointAnswer]) -> dict[str, Said]:
    """Read the last word on each domain, by domain id, from joint answers of which the newest come last."""
    return {
        one.prompt_id.removeprefix(PROMPT): Said(
            one.value == json.dumps(obj=True), one.author_id, one.saved_at, one.revision
        )
        for one in versions
        if one.prompt_id.startswith(PROMPT)
    }


def say_differ(
    session: Session,
    viewer: Member,
    response_id: UUID,
    domain_id: str,
    *,
    is_agreed: bool,
    seen_revision: int,
    now: datetime,
) -> None:
    """Say that the two agree to differ on a domain, or no longer. What the other has just said meanwhile stands.

    Raises NotFound (not one's own, or not opened), NoSuchDomain, NoLongerAsked.
    """
    response = get_own_response(session, viewer, response_id)
    test = questionnaire_of(response.assignment)
    if response.stage not in {opening.stage for opening in response.assignment.openings}:
        raise NotFound(str(response_id))
    if domain_id not in {one.id for one in test.domains}:
        raise NoSuchDomain
    change = Change(PROMPT + domain_id, json.dumps(is_agreed), Scope.JOINT, seen_revision)
    save_joint(session, viewer, response_id, [change], PageMark(secrets.token_hex(8)), now=now)
