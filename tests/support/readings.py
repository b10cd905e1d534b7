"""Reading a page so that two readings can be compared: status, every byte, headers and cost."""

import re

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.support.statements import counted

AS_PART = {"HX-Request": "true", "HX-Request-Type": "partial"}
# What is drawn by lot for each answer, and says nothing: numbers of requests, ids of opened pages and of empty forms, what a
# device is to sign, and what it would call a new passkey.
BY_LOT = re.compile(
    r'\b[0-9a-f]{12}\b|(?<=name="page_id" value=")[^"]*|(?:(?<=name="form_key" value=")|(?<=name="form_key" type="hidden" value="))[^"]*'
    r'|(?<="state": ")[^"]*|(?<="challenge": ")[^"]*|(?<="user": {"id": ")[^"]*|"Login [A-Z2-9]{4}"'
)
Reading = tuple[int, str, tuple[tuple[str, str], ...], int]
Readings = dict[str, Reading]


def read_whole(app: Flask, client: FlaskClient, path: str, name: str, *, in_parts: bool = True) -> Readings:
    """Read an address as a page and, if it is not refused, as the part of one that htmx asks for, each under its own name."""
    page = read(app, client, path)
    if page[0] != 200 or not in_parts:
        return {f"{name} as a page": page}
    return {f"{name} as a page": page, f"{name} as a part": read(app, client, path, as_part=True)}


def read(app: Flask, client: FlaskClient, path: str, *, as_part: bool = False) -> Reading:
    """Read an address: status, body, headers, number of statements."""
    app.extensions.pop("readiness", None)
    with counted(app) as statements:
        answer = client.get(path, headers=AS_PART if as_part else None)
    body = BY_LOT.sub("-", answer.get_data().decode("latin-1"))
    return answer.status_code, body, _headers_of(answer), len(statements)


def changed(before: Readings, now: Readings) -> set[str]:
    """Name what two rounds of reading show differently."""
    return {name for name in before.keys() | now.keys() if before.get(name) != now.get(name)}


def _headers_of(answer: TestResponse) -> tuple[tuple[str, str], ...]:
    """Give the headers without what is drawn by lot; the length, which follows from body and lot, is left out."""
    return tuple(
        (name, BY_LOT.sub("-", value)) for name, value in answer.headers.items() if name != "Content-Length"
    )
