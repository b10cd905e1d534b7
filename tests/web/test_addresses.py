import pytest

from portal.web.addresses import deliverable, is_one_address


@pytest.mark.parametrize(
    "text",
    ["ana@example.org", "a+1@example.org", "ana.lee@mail.example.co.uk", "ana@münchen.example", "o'hara@example.org", "ANA@EXAMPLE.ORG",
     "ana@xn--mnchen-3ya.example"],
)  # fmt: skip
def test_one_plain_address_is_accepted(text: str) -> None:
    assert is_one_address(text)


@pytest.mark.parametrize(
    "text",
    ["", "ana", "@example.org", "ana@", "ana@localhost", "a@b.c\r\nBcc:x@y.zz", "a@b.cc, d@e.ff", "a@b.cc;d@e.ff", '"<x>"@b.cc',
     '"ana lee"@example.org', "Ana <ana@example.org>", "ana@exam ple.org", "ana@example..org", ".ana@example.org", "ana.@example.org",
     "an..a@example.org", "ana@-example.org", "ana@[127.0.0.1]", "a" * 65 + "@example.org", "ana@" + "e" * 250 + ".org",
     "ana@example.org\x00", "ana@example.org\u2028", "a@b@example.org", "ana@1.2.3.4", "\ud800@example.org", "用户@example.org",
     "é@example.org", "a\x00na@example.org", "ana@straße.example", "ana@" + "e" * 60 + ("." + "e" * 60) * 4 + ".org"],
)  # fmt: skip
def test_anything_else_is_refused(text: str) -> None:
    assert not is_one_address(text)


def test_a_mail_server_gets_the_domain_in_its_own_spelling() -> None:
    assert deliverable("O'Hara@MÜNCHEN.example") == "O'Hara@xn--mnchen-3ya.example"
