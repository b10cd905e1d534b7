from uuid import UUID, uuid4

import pytest

from portal.security.crypto import (
    MasterKey,
    Owner,
    OwnerKind,
    SealBroken,
    derived_key,
    hashed_token,
    new_code,
    new_token,
    seal,
    unseal,
)

KEY = bytes(range(32))


def test_a_sealed_text_opens_with_key_and_context() -> None:
    assert unseal(KEY, seal(KEY, b"words", b"row|column"), b"row|column") == b"words"


@pytest.mark.parametrize("context", [b"row|other", b"", b"row|column "])
def test_another_context_does_not_open_it(context: bytes) -> None:
    with pytest.raises(SealBroken):
        unseal(KEY, seal(KEY, b"words", b"row|column"), context)


@pytest.mark.parametrize("place", [0, 1, 13, -1])
def test_one_changed_bit_does_not_open(place: int) -> None:
    sealed = bytearray(seal(KEY, b"words", b"c"))
    sealed[place] ^= 1
    with pytest.raises(SealBroken):
        unseal(KEY, bytes(sealed), b"c")


@pytest.mark.parametrize("cut", [0, 1, 12, 13, 20])
def test_a_cut_value_does_not_open(cut: int) -> None:
    with pytest.raises(SealBroken):
        unseal(KEY, seal(KEY, b"words", b"c")[:cut], b"c")


def test_sealing_twice_shows_no_likeness() -> None:
    assert seal(KEY, b"words", b"c") != seal(KEY, b"words", b"c")


def test_each_purpose_has_its_own_key() -> None:
    assert len({derived_key(KEY, purpose) for purpose in ("wrap", "audit", "lookup", "jobs", "form")}) == 5


def test_a_data_key_opens_for_its_owner_only() -> None:
    master, owner = MasterKey(KEY), Owner(OwnerKind.PERSON, uuid4())
    plain, wrapped = master.new_data_key(owner)
    assert master.open_data_key(owner, wrapped) == plain
    for other in (Owner(OwnerKind.COUPLE, owner.id), Owner(OwnerKind.PERSON, UUID(int=0))):
        with pytest.raises(SealBroken):
            master.open_data_key(other, wrapped)
    with pytest.raises(SealBroken):
        MasterKey(KEY[::-1]).open_data_key(owner, wrapped)


def test_an_address_is_found_whatever_its_letters_look_like() -> None:
    master = MasterKey(KEY)
    assert master.lookup_code(" Ana@Example.org ") == master.lookup_code("ana@example.org")
    assert master.lookup_code("ana@example.org") != master.lookup_code("anna@example.org")
    assert master.lookup_code("ana@example.org") != MasterKey(KEY[::-1]).lookup_code("ana@example.org")
    assert master.lookup_code("\ud800@example.org")


def test_tokens_are_long_and_stored_as_something_else() -> None:
    token = new_token()
    assert len(token) >= 43
    assert token.encode() not in hashed_token(token)
    assert len(new_code()) == 8
    assert new_code().isdecimal()
