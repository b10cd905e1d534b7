import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.accounts.guessable import PasswordProblem, find_problem
from portal.accounts.passwords import hash_new_password, is_right, nobodys_hash, refresh_hash
from portal.accounts.rules import PasswordRefused

GOOD = "marigold window seven"
WEAK = "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$AAAAAAAAAAAAAAAAAAAAAA"


class TestFindProblem:
    @pytest.mark.parametrize(
        "password",
        ["password1234", "P@ssw0rd!2024", "iloveyou1234", "qwertyuiop12", "1qaz2wsx3edc", "aaaaaaaaaaaa", "abcabcabcabc",
         "Summer2024!!!", "letmeinplease", "correct horse battery staple", "123456789012", "sunshinesunshine",
         "welcomehome2023", "administrator1", "monkeydragon99", "!QAZ2wsx#EDC", "Love-You-Forever!", "common ground 2026"],
    )  # fmt: skip
    def test_what_is_tried_first_is_refused(self, password: str) -> None:
        assert find_problem(password) is PasswordProblem.GUESSABLE

    @pytest.mark.parametrize(
        "password",
        [GOOD, "a long enough pass phrase", "tuba lamp fence cream", "vX9#mfa81Lqz", "Winter-Coat-Bristol-9",
         "здравствуй небо 7", "  spaces  around  it  ", "🌻🌧🪁🧭🍐🪗🦔🌋🪐🧵🍂🛶"],
    )  # fmt: skip
    def test_what_nobody_tries_first_is_accepted_whatever_its_characters(self, password: str) -> None:
        assert find_problem(password) is None

    @pytest.mark.parametrize(
        ("password", "problem"),
        [
            ("elevenchars", PasswordProblem.TOO_SHORT),
            ("q7w" * 43, PasswordProblem.TOO_LONG),
            ("", PasswordProblem.TOO_SHORT),
        ],
    )
    def test_length_counts(self, password: str, problem: PasswordProblem) -> None:
        assert find_problem(password) is problem

    @pytest.mark.parametrize("password", ["ana.example.1990", "AnaBerlin-ana1", "ana.b@example"])
    def test_the_own_name_and_address_are_no_password(self, password: str) -> None:
        assert (
            find_problem(password, about=("ana", "Berlin", "ana.b", "example.org"))
            is PasswordProblem.PERSONAL
        )

    @given(st.text(max_size=200))
    def test_it_answers_for_any_text(self, password: str) -> None:
        assert find_problem(password, about=("ana", "")) in {None, *PasswordProblem}


class TestHash:
    def test_it_is_argon2id_with_at_least_what_is_asked_for(self) -> None:
        assert hash_new_password(GOOD).startswith("$argon2id$v=19$m=19456,t=2,p=1$")
        assert nobodys_hash().startswith("$argon2id$v=19$m=19456,t=2,p=1$")

    def test_a_refused_password_is_never_hashed(self) -> None:
        with pytest.raises(PasswordRefused) as refused:
            hash_new_password("password1234")
        assert "password1234" not in str(refused.value)

    def test_only_the_same_password_is_right(self) -> None:
        hashed = hash_new_password(GOOD)
        assert is_right(hashed, GOOD)
        assert not is_right(hashed, GOOD + " ")
        assert not is_right(nobodys_hash(), "")
        assert not is_right("no hash at all", GOOD)

    def test_the_same_letters_are_the_same_password_on_every_keyboard(self) -> None:
        assert is_right(hash_new_password("cafe\u0301 marigold window"), "caf\u00e9 marigold window")

    def test_a_hash_of_weaker_settings_is_made_anew(self) -> None:
        assert refresh_hash(WEAK, GOOD)
        assert refresh_hash(hash_new_password(GOOD), GOOD) is None
