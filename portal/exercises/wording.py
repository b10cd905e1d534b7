"""Sentences about answers and their readers."""

from typing import NamedTuple

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from portal.exercises.answers import Flaw, Given
from portal.exercises.definition import RANGES, FieldType
from portal.exercises.questions import Question
from portal.homework.rules import Gate, Scope


class Readers(NamedTuple):
    """The scope sentence above a field: who reads it, what else is true of it, and its picture."""

    who: str
    more: str
    icon: str


def readers_of(
    scope: Scope, *, partner: str, therapist: str, gate: Gate, is_open_policy: bool, is_for_one: bool = False
) -> Readers:
    """Say who reads an answer. `is_open_policy`: the couple agreed that the therapist keeps no secrets (decision 17)."""
    names = {"partner": partner, "therapist": therapist}
    if scope is Scope.PRIVATE:
        return Readers(
            _("Only you see this."), _("%(therapist)s learns only that you finished.", **names), "lock"
        )
    if scope is Scope.JOINT:
        return Readers(
            _("You, %(partner)s and %(therapist)s see this at once.", **names),
            _("Earlier versions stay, with name and time."),
            "joint",
        )
    if scope is Scope.THERAPIST:
        more = _("%(therapist)s can read it once you finish.", **names)
        if is_open_policy:
            more = f"{more} {_('It may be brought into your session.')}"
        elif not is_for_one:
            more = f"{more} {_('%(partner)s never sees it, nor whether you answered.', **names)}"
        return Readers(_("Only you and %(therapist)s see this.", **names), more, "talk")
    who = _("%(partner)s sees this only after you have both shared.", **names)
    if gate is Gate.THERAPIST:
        who = _(
            "%(partner)s sees this only after you have both shared and %(therapist)s has opened it.", **names
        )
    more = _("%(therapist)s can read it once you finish. You can change it until you share.", **names)
    return Readers(who, more, "reveal")


FLAWS = {
    Flaw.FORBIDDEN_LETTERS: _l("This contains characters that cannot be stored. Please type it again."),
    Flaw.NOT_OFFERED: _l("Please choose among what is shown here."),
    Flaw.TWICE: _l("The same one stands in two places. Please give each place its own."),
    Flaw.NO_DATE: _l("This is no day of the calendar. Please pick one."),
    Flaw.GAP: _l("A place before the last one is empty. Please fill it or move the others up."),
    Flaw.MISSING: _l("This one is needed before you can finish."),
}


def flaw_words(given: Given) -> str:
    """Say what is the matter with an answer, so that it helps."""
    if given.flaw is Flaw.TOO_FEW:
        return str(_("Please choose at least %(number)d.", number=given.number))
    if given.flaw is Flaw.TOO_MANY:
        return str(_("Please choose %(number)d at most.", number=given.number))
    if given.flaw is Flaw.TOO_LONG:
        return str(_("This is longer than %(most)d characters. Please shorten it.", most=given.number))
    return str(FLAWS[given.flaw]) if given.flaw else ""


def hint_of(question: Question) -> str:
    """Say how many to choose, or where the ends of a scale are."""
    prompt = question.prompt
    if prompt.type is FieldType.RANKING:
        return str(_("Choose one for each place; leave a place empty if you like."))
    if prompt.type is FieldType.CHOOSE_MANY and prompt.least and prompt.most:
        return str(_("Choose %(least)d to %(most)d.", least=prompt.least, most=prompt.most))
    if prompt.type is FieldType.CHOOSE_MANY and prompt.most > 1:
        return str(_("Choose up to %(most)d.", most=prompt.most))
    if prompt.type in RANGES:
        low, high = RANGES[prompt.type]
        return str(_("From %(low)d, least, to %(high)d, most.", low=low, high=high))
    return ""


def reply_words() -> dict[str, str]:
    """Say the three replies of a question that is answered by one word."""
    return {"yes": _("Yes"), "no": _("No"), "unsure": _("Not sure")}


def lines_of(question: Question, value: object) -> list[str]:
    """Say an answer as lines of text, a ranking one line a place; none for no answer."""
    words = {option.slug: option.text for option in question.options} | reply_words()
    if isinstance(value, list):
        texts = [words.get(str(one), "") for one in value]
        if question.prompt.type is FieldType.RANKING:
            return [f"{place}. {text}" for place, text in enumerate(texts, start=1) if text]
        return [", ".join(text for text in texts if text)]
    if isinstance(value, int):
        most = RANGES[question.prompt.type][1]
        return [str(_("%(number)d of %(most)d", number=value, most=most))]
    if isinstance(value, str) and value:
        is_word = question.prompt.type in {FieldType.MONEY_RANGE, FieldType.YES_NO_UNSURE}
        return [words.get(value, "")] if is_word else value.split("\n")
    return []
