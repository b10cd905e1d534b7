"""E-mail addresses: exactly one, in the form that mail programs accept."""

import re
from email.errors import HeaderParseError
from email.headerregistry import Address as MailAddress

MOST_LETTERS = 254  # RFC 5321, 4.5.3.1.3: a path of 256 octets includes the angle brackets
SHAPE = re.compile(
    r"[^\s@\"(),:;<>\[\]\\]{1,64}@(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+[^\W\d_][\w-]{0,61}[^\W_]"
)


def is_one_address(text: str) -> bool:
    """Tell whether this is one plain address: no second one, no line break, no display name, no quoted local part."""
    if len(text.encode("utf-8", "surrogatepass")) > MOST_LETTERS or not text.isprintable():
        return False
    if SHAPE.fullmatch(text) is None or ".." in text or text.startswith(".") or ".@" in text:
        return False
    local, _, domain = text.rpartition("@")
    try:
        MailAddress(addr_spec=text)
        # Python's codec is the older IDNA: a letter that it would turn into another (ß) might lead to somebody else.
        ascii_domain = domain.encode("idna")
        is_same = domain.isascii() or ascii_domain.decode("idna").lower() == domain.lower()
    except (HeaderParseError, ValueError, IndexError):
        return False
    return is_same and local.isascii()


def deliverable(address: str) -> str:
    """Write one address so that every mail server takes it: the domain in ASCII, as the mail system spells it."""
    local, _, domain = address.rpartition("@")
    return f"{local}@{domain.encode('idna').decode('ascii').lower()}"
