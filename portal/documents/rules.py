"""What may happen to a document. Pure."""

import secrets
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from portal.errors import Conflict

NAME_LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"  # base32 without l, o, 0 and 1, which look alike


UNREADABLE = "unreadable"  # why a document failed that was ready before: its file is damaged or gone


class Refusal(StrEnum):
    """Why a document must not be made or handed out any more."""

    CHANGED = "changed"  # the thing has another revision, or was superseded
    NO_READER = "no_reader"  # nobody may receive it any more


class DocumentRefused(Conflict):
    """What the document was asked for no longer holds. Carries the reason only."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal)
        self.refusal = refusal


class NotFailed(Conflict):
    """Only a document that failed can be asked for again."""


@dataclass(frozen=True, slots=True)
class RenderOrder:
    """Everything that a worker needs to render, without a session. `requests` tells a late worker from a new order.

    `language`: a BCP 47 tag.
    """

    document_id: UUID
    requests: int
    html: str
    language: str


def new_name() -> str:
    """Make the neutral name under which a reader's browser keeps the file (product decision 9)."""
    letters = "".join(secrets.choice(NAME_LETTERS) for _ in range(6))
    return f"document-{letters}.pdf"
