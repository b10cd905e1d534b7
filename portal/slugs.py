"""Names that stand in addresses: lower-case words joined by hyphens. Pure."""

import re
import unicodedata

SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
MOST_SLUG = 80


def slug_from(words: str, default: str) -> str:
    """Make such a name from any words: lower case, without accents, at most 80 letters; `default` if nothing is left."""
    plain = unicodedata.normalize("NFKD", words.replace("ß", "ss").replace("'", ""))
    slug = ""
    for word in re.findall(r"[a-z0-9]+", plain.encode("ascii", "ignore").decode().lower()):
        longer = f"{slug}-{word}" if slug else word
        if len(longer) > MOST_SLUG:
            break
        slug = longer
    return slug or default


def numbered(wanted: str, taken: set[str]) -> str:
    """Give the name as wanted, or with the first number behind it that makes it another than those taken."""
    if wanted not in taken:
        return wanted
    names = (f"{wanted[: MOST_SLUG - 5]}-{number}" for number in range(2, len(taken) + 3))
    return next(name for name in names if name not in taken)
