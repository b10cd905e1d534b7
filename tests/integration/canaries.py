"""Words that betray themselves wherever they turn up, and where to look for them."""

import base64
import tarfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from io import BytesIO
from pathlib import Path
from typing import Any

from flask import Flask
from redis import Redis
from sqlalchemy import text

from portal.backup import _decrypted, _key
from portal.extensions import db
from portal.orm import Model
from tests.support.smtp import Mailbox


@dataclass(frozen=True, kw_only=True)
class Words:
    """One word for each thing that somebody typed; no two alike, none of them likely by chance."""

    first_name: str = "Qanarfirst"
    last_name: str = "Qanarlast"
    email: str = "qanarmail@example.org"
    words: str = "Qanarwords about Sundays"
    phone: str = "+447700900123"
    reply: str = "Qanarreply of a friend"
    message: str = "Qanarmessage from the train"
    answer: str = "Qanaranswer from the desk"
    second_first: str = "Qanaralong"
    second_email: str = "qanarjoined@example.org"
    letter: str = "Qanarletter about a boat"
    decline: str = "Qanardecline with a name of a colleague"
    directions: str = "Qanardirections by the blue door"
    calendar_address: str = "Qanarfeed"
    partner_name: str = "Qanarpartner"
    partner_last_name: str = "Qanarother"
    partner_email: str = "qanarsecond@example.org"
    note: str = "Qanarnote was warm"
    process_note: str = "Qanarprocess was mine"
    focus: str = "Qanarfocus on Thursdays"
    going_well: str = "Qanarwell asked first"
    working_on: str = "Qanarwork on naming days"
    remember_a: str = "Qanarmine is the bridge"
    remember_b: str = "Qanaryours is the river"
    agreed: str = "Qanaragreed on phones"
    next_time: str = "Qanarnext is one thing"
    safe_hours: str = "Qanarhours on Mondays"
    safe_word: str = "Qanarsafe"
    about_contact: str = "Qanarcontact ring twice"
    code_word: str = "Qanarcode"
    about_card: str = "Qanarcard ask for the book"
    device: str = "Qanardevice in the drawer"
    opened_goal: str = "Qanargoal is to sail"
    partner_goal: str = "Qanarshed will stand"
    kept_goal: str = "Qanarkept for myself"
    shut_story: str = "Qanarstory of a tent"
    tender: str = "Qanartender to say"
    draft: str = "Qanardraft of ideas"
    dreamt: str = "Qanardreamt of a garden"
    shown_line: str = "Qanarroom for painting"
    joint_goal: str = "Qanarplank by plank"
    goal_reason: str = "Qanarwhy it had to rest"
    comment_alone: str = "Qanarquiet praise"
    comment_both: str = "Qanaraloud for two"
    comment_joint: str = "Qanarbravo for the plank"
    comment_for_me: str = "Qanarhunch of mine"
    way_title: str = "Qanarway in spring"
    own_question: str = "Qanarquestion of an own exercise"
    user_name: str = "qanaruserone"
    partner_user_name: str = "qanarusertwo"
    password: str = "qanarpass seven slow bridges"
    partner_password: str = "qanarsecret eleven quick rivers"

    def marks(self) -> dict[str, str]:
        """Give the telling first part of each, by the name of the thing."""
        return {one.name: getattr(self, one.name).split("@")[0].split()[0] for one in fields(self)}


WORDS = Words()


def found_in(content: bytes, marks: dict[str, str]) -> set[str]:
    """List the things whose words stand in `content`, plain, in base64 at any offset, as hex or in UTF-16."""
    low = content.lower()
    return {
        name
        for name, mark in marks.items()
        if any(form in (low if is_low else content) for form, is_low in forms(mark))
    }


def forms(mark: str) -> Iterator[tuple[bytes, bool]]:
    """Give each guise of a word, and whether it is looked for without regard to capitals."""
    yield mark.lower().encode(), True
    yield mark.encode().hex().encode(), True
    yield mark.lower().encode("utf-16-le"), True
    for offset in range(3):
        # Of each base64 text only what does not depend on its neighbours.
        yield base64.b64encode(b"\0" * offset + mark.encode())[4 * (offset > 0) : -4].rstrip(b"="), False


def of_tree(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Read every file below a folder."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield f"file {path.relative_to(folder)}", path.read_bytes()


def of_tables(app: Flask) -> Iterator[tuple[str, bytes]]:
    """Read every column of every row as the database gives it."""
    with app.app_context(), db.engine.connect() as connection:
        for name in Model.metadata.tables:
            rows = connection.execute(text(f'SELECT * FROM "{name}"')).all()
            yield f"table {name}", b"\n".join(_raw(value) for row in rows for value in row)


def _raw(value: object) -> bytes:
    return bytes(value) if isinstance(value, (bytes, memoryview)) else str(value).encode()


def of_redis(client: "Redis") -> Iterator[tuple[str, bytes]]:
    """Read every key of Redis as it lies there; what came and went stands in its append-only file, see `of_tree`."""
    client.config_set("rdbcompression", "no")
    keys: Any = client.keys("*")
    for key in keys:
        content: Any = client.dump(key)
        yield f"redis {key!r}", key + content


def of_mails(mailbox: Mailbox) -> Iterator[tuple[str, bytes]]:
    """Read each mail with its parts decoded, without the line that names its own recipient."""
    for number, received in enumerate(mailbox.received):
        message = received.message
        parts = [part.get_payload(decode=True) or b"" for part in message.walk() if not part.is_multipart()]
        assert all(isinstance(part, bytes) for part in parts)
        assert [str(message["To"])] == list(received.recipients)
        headers = [f"{name}: {value}".encode() for name, value in message.items() if name != "To"]
        yield f"mail {number}", b"\n".join([*headers, *(bytes(part) for part in parts)])


def of_backup(app: Flask, backup: Path) -> Iterator[tuple[str, bytes]]:
    """Read a backup as it lies there, and what is in it once it is decrypted."""
    packed = backup.read_bytes()
    yield "backup", packed
    with tarfile.open(fileobj=_decrypted(BytesIO(packed), _key(app.extensions["settings"]))) as archive:
        for name in archive.getnames():
            if (file := archive.extractfile(name)) is not None:
                yield f"backup's {name}", file.read()


def betrayed(places: Iterable[tuple[str, bytes]]) -> list[str]:
    """List where which words can be read."""
    marks = WORDS.marks()
    return [f"{place}: {name}" for place, content in places for name in sorted(found_in(content, marks))]
