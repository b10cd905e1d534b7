"""Text as paper can show it."""

import re

# Invisible on paper, and each one a place where the renderer tries to break a line or to turn it around: zero-width and
# soft-hyphen bombs, overrides that make a line read backwards, invisible copies of the alphabet. Joiners stay.
_UNPRINTABLE = re.compile(
    "[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u00ad\u200b\u2060\u202a-\u202e\u2066-\u2069"
    "\ufeff\ufff9-\ufffb\ufffe\uffff\U000e0000-\U000e007f]"
)
_SURROGATES = re.compile("[\ud800-\udfff]")
_LINE_ENDS = re.compile("\r\n?|\u0085|\u2028|\u2029")


def printable(text: str) -> str:
    """Take out what paper cannot show (control, zero-width and direction characters); every visible character stays.

    Lone surrogates become U+FFFD, line ends become a newline.
    """
    return _SURROGATES.sub("\ufffd", _UNPRINTABLE.sub("", _LINE_ENDS.sub("\n", text)))
