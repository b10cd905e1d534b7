"""Which letters are stored: a rule of forms and of answers alike. Pure."""


def is_forbidden(letter: str, *, lines: bool) -> bool:
    """Tell whether a letter is a control character, a line or paragraph separator, or half of a surrogate pair.

    `lines`: line ends are part of the text.
    """
    if letter == "\t" or (lines and letter in "\r\n"):
        return False
    return letter < " " or letter in "\x7f\u2028\u2029" or "\ud800" <= letter <= "\udfff"
