"""Whether a new password is one of those that are tried first. Pure, offline, an own list (AUT-01).

Passwords of twelve and more characters that leak often are few patterns over few words: a word or two with digits
around them, a walk over the keyboard, something repeated. So the patterns are told apart here, over a list of words
that are common in passwords; each word stands for thousands of variants. What is not here: the hundreds of millions
of leaked passwords without a pattern, which would need a data file of their own.
"""

import re
import unicodedata
from collections.abc import Iterable
from enum import StrEnum
from itertools import pairwise

LEAST = 12
MOST = 128
ROWS = (
    "abcdefghijklmnopqrstuvwxyz", "01234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm", "qwertzuiop", "yxcvbnm",
    "azertyuiop", "qsdfghjklm", "wxcvbn", "1qaz2wsx3edc4rfv5tgb6yhn7ujm", "1q2w3e4r5t6y7u8i9o0p", "q1w2e3r4t5y6u7i8o9p0",
    "!@#$%^&*()", '!"£$%^&*()', "qazwsxedcrfvtgbyhnujm", "zaqxswcdevfrbgtnhymju", "147258369", "789456123",
)  # fmt: skip
STEPS = frozenset(pair for row in ROWS for one, two in pairwise(row) for pair in (one + two, two + one))
LOOKALIKES = str.maketrans("@40138$57!|€", "aaoiebsstiie")
WORDS = frozenset(
    """
    access account admin administrator adobe alex alexander alice amanda amazon america amor andrea andrew angel angela
    animal anna anthony apple april arsenal ashley asshole august austin autumn baby babygirl bailey banana barcelona
    barney baseball basketball batman beach bear beautiful bella berlin bestfriend bicycle bigdog biscuit black blessed
    blink blue bond boston brandon brother bubbles buddy buster butterfly california camaro cameron canada captain carlos
    casper changeme change charlie cheese chelsea chester chicago chicken chocolate chris christian christmas cinderella
    classic coffee common company computer cookie cooper correct cowboy cowboys crystal dakota daddy daniel danielle
    dallas dave david december default dexter diamond dog doggy dolphin domino donald dragon dream eagles easter edward
    elephant elizabeth emily england eric everton facebook faith family father february ferrari fire fish flower flowers
    football forever france francis frank freedom friday friend friends fuckyou gandalf garden garfield gateway genius
    george germany ginger girl gmail goldfish golf google grandma green ground guest guitar hannah happy harley harry heart
    heaven hello helloworld hockey holiday home honda honey horse hotmail house hunter iceman iloveyou iloveu instagram
    internet jack jackson jacob jaguar james january jasmine jason jennifer jessica jesus john johnson jonathan jordan
    joseph joshua july june junior justice justin killer king kitty knight lakers lauren letmein linkedin lion little
    liverpool login london love lovely lover loveyou lucky maggie manager manchester march marina market marriage martin
    marvin master matrix matthew maverick may melissa mercedes merlin metallica michael michelle mickey midnight miller
    minecraft monday money monica monkey monster morgan mother mountain movie music mustang myself naruto natasha nathan
    netflix newyork nicholas nicole nintendo november nothing october office oliver orange orlando packers pamela panther
    paradise paris partner pass passphrase passwd passwort password patrick peace peaches peanut pepper peter phoenix
    picture player playstation please pokemon porsche portal power prince princess private purple pussy qwerty rabbit
    rachel rainbow ranger rangers raven red redsox relationship richard robert rocky ronaldo rosebud russia sabrina
    samantha samsung samuel sandra sarah saturday school scooter secret security september sexy shadow shannon sierra
    silver simple simon sister skippy slayer smokey snoopy soccer sophie spider spiderman spring stanley star starwars
    steelers stella stephanie steven strong student summer sunday sunflower sunshine super superman superstar support
    sweet sweetheart system taylor teacher team temp temporary tennis test testing texas therapist therapy thomas thunder
    tiger tigger tinkerbell together tomorrow toyota travel trigger trinity trust trustno trustnoone tuesday turtle twitter unicorn
    user vanessa victoria victory wedding wednesday welcome whatever white william wilson windows winner winter wizard
    wolf wolverine woman wonderful world yahoo yankees yellow yourself youtube zombie
    a and are be for god i in is it life me my no one the this to u ur we you your x xx xxx
    """.split()  # noqa: SIM905 - five hundred words read better as text
)
PHRASES = frozenset(
    """
    correcthorsebatterystaple iloveyouforever iloveyousomuch ilovemyfamily ilovemyself ilovemywife ilovemyhusband
    letmeinplease openthedoor thequickbrownfox maytheforcebewithyou tobeornottobe neverforget nevergiveup
    liveandletdie livelaughlove livelaughlover godisgood godislove jesuslovesme jesuschrist inshallah hakunamatata
    whatthehell whatthefuck fuckyoubitch passwordispassword thisismypassword mypasswordis thisispassword nopassword
    forgotpassword iforgotmypassword forgetmenot donttouchthis keepcalmandcarryon supercalifragilisticexpialidocious
    abracadabra opensesame commonground winteriscoming onceuponatime happilyeverafter
    """.split()  # noqa: SIM905 - as above
)
MOST_WORDS = 3  # three common words in a row are guessed within hours, four at random are not
MOST_AROUND = 8  # a date or a year and some signs around a word add next to nothing
LEAST_LETTERS = 5  # fewer different characters than this are a pattern, whatever it is
SHARE_OF_STEPS = 0.7


class PasswordProblem(StrEnum):
    """Why a new password is refused."""

    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    GUESSABLE = "guessable"
    PERSONAL = "personal"


def find_problem(password: str, *, about: Iterable[str] = ()) -> PasswordProblem | None:
    """Find what is wrong with a new password; there are no rules about kinds of characters.

    `about`: words that belong to the person (user name, address, names), which others try first.
    Source of the bounds: ASVS 5.0, 6.2.1 and 6.2.9; length counts characters.
    """
    if len(password) < LEAST:
        return PasswordProblem.TOO_SHORT
    if len(password) > MOST:
        return PasswordProblem.TOO_LONG
    folded = unicodedata.normalize("NFKC", password).casefold()
    if _is_mostly(folded, about):
        return PasswordProblem.PERSONAL
    if _is_repeated(folded) or _is_walk(folded) or _is_common(folded):
        return PasswordProblem.GUESSABLE
    return None


def _is_repeated(text: str) -> bool:
    period = (text + text).find(text, 1)
    return len(set(text)) < LEAST_LETTERS or period <= len(text) // 2


def _is_walk(text: str) -> bool:
    pairs = [one + two for one, two in pairwise(text)]
    predictable = sum(pair in STEPS or pair[0] == pair[1] for pair in pairs)
    return predictable >= SHARE_OF_STEPS * len(pairs)


def _is_common(text: str) -> bool:
    core = text.strip("0123456789 !\"'#$%&()*+,-./:;<=>?@[\\]^_`{|}~£€§")
    readings = (_letters(core.translate(LOOKALIKES)), _letters(core))
    return any(
        len(text) - len(letters) <= MOST_AROUND
        and (letters in PHRASES or _is_made_of_words(letters, MOST_WORDS))
        for letters in readings
    )


def _is_made_of_words(text: str, most: int) -> bool:
    if not text:
        return True
    ends = range(1, len(text) + 1) if most else ()
    return any(text[:end] in WORDS and _is_made_of_words(text[end:], most - 1) for end in ends)


def _is_mostly(text: str, about: Iterable[str]) -> bool:
    rest, least_word, least_rest = text, 3, 8
    words = {part.casefold() for word in about for part in re.split(r"[^\w]", word)}
    for word in sorted(words, key=len, reverse=True):
        if len(word) >= least_word:
            rest = rest.replace(word, "")
    return len(rest) < least_rest


def _letters(text: str) -> str:
    return "".join(letter for letter in text if letter.isalpha())
