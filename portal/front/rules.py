"""What the public face says to people and to programs. Pure."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from uuid import UUID

# RFC 9116, 2.5.5 recommends less than a year, so that nobody writes to an address that was given up.
SECURITY_TXT_AGE = timedelta(days=180)


@dataclass(frozen=True, slots=True)
class Letter:
    """What a visitor writes by the contact form. `form_id` is the same however often one form is sent."""

    form_id: UUID
    therapist_id: UUID
    name: str
    email: str
    words: str

    def fingerprint(self) -> str:
        """Tell two letters of one form apart. Hexadecimal SHA-256; to be keyed before it is stored."""
        said = (str(self.form_id), str(self.therapist_id), self.name, self.email, self.words)
        return sha256(json.dumps(said).encode()).hexdigest()


def security_txt(contact: str, *, address: str, language: str, now: datetime) -> str:
    """Write the file by which finders of a security hole know whom to tell (RFC 9116)."""
    day = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    expires = (day + SECURITY_TXT_AGE).strftime("%Y-%m-%dT%H:%M:%SZ")
    where = contact if contact.startswith("https://") else f"mailto:{contact}"
    lines = (
        f"Contact: {where}",
        f"Expires: {expires}",
        f"Preferred-Languages: {language}",
        f"Canonical: {address}",
    )
    return "\n".join(lines) + "\n"


def robots_txt(sitemap: str) -> str:
    """Tell search engines what is no page to be found: forms, frames, and links that only count."""
    lines = ("User-agent: *", "Disallow: /consultations/new", "Disallow: /embed/", "Disallow: /go/")
    return "\n".join((*lines, "", f"Sitemap: {sitemap}")) + "\n"
