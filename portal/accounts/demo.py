"""The sign-ins of the demo, as its own file lists them; read only where `settings.is_demo` holds."""

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pyotp

FILE = "demo-sign-ins.json"


@dataclass(frozen=True, slots=True)
class DemoSignIn:
    """One invented person who can be signed in as. `code`: the present code of the app, if there is one."""

    role: str
    name: str
    user_name: str
    password: str
    code: str | None


def list_demo_sign_ins(instance: Path, now: datetime) -> list[DemoSignIn]:
    """List them with the codes of this half minute; empty while the file is not there yet."""
    try:
        rows = json.loads((instance / FILE).read_text("utf-8"))
    except FileNotFoundError:
        return []
    return [
        DemoSignIn(
            row["role"], row["name"], row["user_name"], row["password"], _code(row.get("totp_secret"), now)
        )
        for row in rows
    ]


def _code(secret: str | None, now: datetime) -> str | None:
    return pyotp.TOTP(secret).at(now) if secret else None
