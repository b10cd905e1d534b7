from pathlib import Path
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import delete, select, text

from portal.extensions import db
from portal.people.models import Person
from portal.people.service import add_person
from portal.security.crypto import OwnerKind, SealBroken
from portal.security.sealed import PENDING, DataKey
from portal.transaction import ConstraintViolated, current_session, transaction
from tests.support.statements import counted

CANARY = "Wilhelmina-Canary"


def add(name: str = CANARY, email: str = "") -> Person:
    with transaction() as session:
        return add_person(session, first_name=name, email=email, zone="Europe/London")


def reread(person: Person) -> Person:
    db.session.remove()
    return current_session().get_one(Person, person.id)


def test_a_name_is_readable_again_and_nowhere_in_the_file(either_app: Flask) -> None:
    with either_app.app_context():
        person = add(email=f"{CANARY}@example.org")
        assert reread(person).first_name == CANARY
        assert reread(person).email == f"{CANARY}@example.org"
        folder: Path = either_app.extensions["settings"].instance
        db.session.remove()
        for path in folder.rglob("*"):
            assert not path.is_file() or CANARY.encode() not in path.read_bytes()


def test_a_value_moved_to_another_row_does_not_open(either_app: Flask) -> None:
    with either_app.app_context():
        ana, ben = add("Ana"), add("Ben")
        with transaction() as session:
            session.execute(
                text(
                    "update person set first_name_sealed = (select first_name_sealed from person p where p.id = :a) where id = :b"
                ),
                {"a": _raw(ana), "b": _raw(ben)},
            )
        with pytest.raises(SealBroken):
            _ = reread(ben).first_name


def _raw(person: Person) -> object:
    return person.id.hex if db.engine.dialect.name == "sqlite" else person.id


def test_a_value_moved_to_another_column_does_not_open(context: Flask) -> None:
    ana = add("Ana")
    with transaction() as session:
        session.execute(text("update person set last_name_sealed = first_name_sealed"))
    assert reread(ana).first_name == "Ana"
    with pytest.raises(SealBroken):
        _ = reread(ana).last_name


def test_an_older_value_put_back_does_not_open(context: Flask) -> None:
    ana = add("Ana")
    old = ana.first_name_sealed
    with transaction() as session:
        session.get_one(Person, ana.id).first_name = "Anne"
    assert reread(ana).first_name == "Anne"
    with transaction() as session:
        session.execute(text("update person set first_name_sealed = :old"), {"old": old})
    with pytest.raises(SealBroken):
        _ = reread(ana).first_name


def test_changing_one_text_keeps_the_others_readable(context: Flask) -> None:
    ana = add("Ana", "ana@example.org")
    with transaction() as session:
        session.get_one(Person, ana.id).last_name = "Lovelace"
    person = reread(ana)
    assert (person.first_name, person.last_name, person.email) == ("Ana", "Lovelace", "ana@example.org")


def test_an_erased_owner_stays_unreadable(context: Flask) -> None:
    ana, ben = add("Ana"), add("Ben")
    with transaction() as session:
        session.execute(delete(DataKey).where(DataKey.owner_id == ana.id))
    with pytest.raises(SealBroken):
        _ = reread(ana).first_name
    assert reread(ben).first_name == "Ben"


@pytest.mark.parametrize(
    "words",
    ["", "a", "\u202eabc", "\U0001f469\u200d\U0001f467", "e\u0301", "x" * 100_000, "tab\tline\n", "\ud800"],
)
def test_texts_come_back_byte_for_byte(context: Flask, words: str) -> None:
    assert reread(add(words)).first_name == words


def test_the_keys_of_many_rows_take_one_statement(context: Flask) -> None:
    for number in range(30):
        add(f"Person {number}")
    db.session.remove()
    with counted(context) as statements:
        names = [
            person.first_name
            for person in current_session().scalars(select(Person).order_by(Person.created_at))
        ]
    assert len(names) == 30
    assert len(statements) == 2


def test_a_person_has_one_key(context: Flask) -> None:
    ana = add("Ana")
    with pytest.raises(ConstraintViolated), transaction() as session:
        session.add(DataKey(owner_kind=OwnerKind.PERSON, owner_id=ana.id, master_id="x", wrapped=b"x"))


def test_what_is_not_sealed_yet_is_never_the_text_itself(context: Flask) -> None:
    person = Person(first_name=CANARY)
    assert person.first_name_sealed == PENDING
    assert person.first_name == CANARY


def test_a_sealed_row_outside_a_session_does_not_open(context: Flask) -> None:
    person = Person(id=uuid4(), first_name_sealed=b"\x01" * 40)
    with pytest.raises(SealBroken):
        _ = person.first_name
