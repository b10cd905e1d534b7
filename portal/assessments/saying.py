"""Answers and results in words, in the reader's language."""

from flask_babel import gettext as _

from portal.assessments.definition import Domain, Preference, Questionnaire
from portal.assessments.readiness import Score
from portal.assessments.wording import OWN_WORDS, TEXTS, Words
from portal.psychometrics.items import Absent, Answer, Item


def say(words: Words, **filled: str) -> str:
    """Say a sentence about a result, with what it fills in."""
    return str(_(TEXTS[words])).format(**filled)


def own_sentence(domain: Domain, score: Score, *, exercise: str) -> str:
    """Say to its author how a domain stands; without a band, why there is none."""
    if score.band is None:
        return say(Words.NOT_ENOUGH_ANSWERS)
    return say(OWN_WORDS[score.band], domain=in_sentence(domain), exercise=exercise, ritual=_(domain.ritual))


def in_sentence(domain: Domain) -> str:
    """Name a domain in the midst of a sentence."""
    title = str(_(domain.title))
    return title[:1].lower() + title[1:]


def absence_words(item: Item) -> dict[Absent, str]:
    """Give the reasons for no number that an item offers, in the order in which they are offered."""
    words = {
        Absent.NOT_SURE_YET: _("Not sure yet"),
        Absent.PREFER_NOT_TO_SAY: _("Prefer not to say"),
        Absent.DOES_NOT_APPLY: _("Does not apply to us"),
    }
    if not item.allows_not_sure_yet:
        del words[Absent.NOT_SURE_YET]
    return {absent: str(text) for absent, text in words.items()}


def answer_words(test: Questionnaire, item: Item, answer: Answer) -> str:
    """Say an answer as its author chose it: a statement's anchor, a place between two poles, a reason for none."""
    if isinstance(answer, Absent):
        return absence_words(item)[answer]
    if isinstance(item, Preference):
        return f"{answer}, {place_words(item, answer)}"
    return str(_(test.anchors[answer - item.lowest]))


def place_words(item: Preference, value: int) -> str:
    """Say where a number lies between two poles."""
    middle = (item.lowest + item.highest) / 2
    if value == middle:
        return str(_("in the middle"))
    return str(_("closer to %(pole)s", pole=_(item.low if value < middle else item.high)))
