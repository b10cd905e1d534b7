"""Sentences about answers and their readers."""

from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from portal.exercises.answers import Flaw, Given
from portal.exercises.definition import RANGES, FieldType
from portal.exercises.money import names_currency
from portal.exercises.questions import Question
from portal.homework.rules import Gate, Scope
from portal.web.filters import date_words


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


def may_be_shown(partner: str, therapist: str) -> str:
    """Say that one line of an exercise for one person can be shown, by its author alone."""
    words = _(
        "Afterwards you may choose to show this one line to %(partner)s; %(therapist)s opens it then.",
        partner=partner,
        therapist=therapist,
    )
    return str(words)


def shown_from_words(number: int) -> str:
    """Say that a low number is shown to nobody but the therapist."""
    return str(_("Numbers below %(number)d are not shown to each other.", number=number))


FLAWS = {
    Flaw.TOO_FEW: _l("Please choose at least %(number)d."),
    Flaw.TOO_MANY: _l("Please choose %(number)d at most."),
    Flaw.TOO_MANY_LINES: _l("Please write at most %(number)d lines."),
    Flaw.LINE_TOO_LONG: _l("One line is longer than %(number)d characters. Please shorten it."),
    Flaw.TOO_LONG: _l("This is longer than %(number)d characters. Please shorten it."),
    Flaw.FORBIDDEN_LETTERS: _l("This contains characters that cannot be stored. Please type it again."),
    Flaw.NOT_OFFERED: _l("Please choose among what is shown here."),
    Flaw.TWICE: _l("The same one stands in two places. Please give each place its own."),
    Flaw.NO_DATE: _l("This is no day of the calendar. Please pick one."),
    Flaw.GAP: _l("A place before the last one is empty. Please fill it or move the others up."),
    Flaw.MISSING: _l("This one is needed before you can finish."),
}


def flaw_words(given: Given) -> str:
    """Say what is the matter with an answer, so that it helps."""
    return str(FLAWS[given.flaw]) % {"number": given.number} if given.flaw else ""


def hint_of(question: Question) -> str:
    """Say how many to choose, or where the ends of a scale are."""
    prompt = question.prompt
    if prompt.type is FieldType.RANKING:
        return str(_("Choose one for each place; leave a place empty if you like."))
    if prompt.type is FieldType.CHOOSE_MANY:
        return _how_many(prompt.least, prompt.most)
    if prompt.type is FieldType.MONEY_RANGE:
        return _about_sums(question)
    if prompt.lines:
        return str(_("One on each line, %(most)d at most.", most=prompt.lines))
    if prompt.type in RANGES and not prompt.has_named_ends:
        low, high = RANGES[prompt.type]
        return str(_("From %(low)d, least, to %(high)d, most.", low=low, high=high))
    return ""


def _about_sums(question: Question) -> str:
    if any(names_currency(option.text) for option in question.options):
        return str(_("No account and no exact sum is asked for."))
    return str(_("In the currency you use every day; no account and no exact sum is asked for."))


def _how_many(least: int, most: int) -> str:
    if least and most:
        return str(_("Choose %(least)d to %(most)d.", least=least, most=most))
    return str(_("Choose up to %(most)d.", most=most)) if most > 1 else ""


def reply_words() -> dict[str, str]:
    """Say the three replies of a question that is answered by one word."""
    return {"yes": _("Yes"), "no": _("No"), "unsure": _("Not sure")}


def said(question: Question, value: object) -> str:
    """Say an answer in one line, as a sentence takes it up."""
    words = {option.slug: option.text for option in question.options}
    if isinstance(value, list) and not question.is_from_lines:
        return ", ".join(words[str(one)] for one in value if str(one) in words)
    if isinstance(value, list):
        return ", ".join(str(one) for one in value if one)
    return ", ".join(lines_of(question, value))


def lines_of(question: Question, value: object) -> list[str]:
    """Say an answer as lines of text, a ranking one line a place; none for no answer."""
    words = {option.slug: option.text for option in question.options} | reply_words()
    if isinstance(value, list):
        texts = [words.get(str(one), str(one) if question.is_from_lines else "") for one in value]
        if question.prompt.type is FieldType.RANKING:
            return [f"{place}. {text}" for place, text in enumerate(texts, start=1) if text]
        return [", ".join(text for text in texts if text)]
    if isinstance(value, int):
        most = RANGES[question.prompt.type][1]
        return [str(_("%(number)d of %(most)d", number=value, most=most))]
    return _lines_of_text(question, value, words) if isinstance(value, str) and value else []


def _lines_of_text(question: Question, value: str, words: Mapping[str, str]) -> list[str]:
    if question.prompt.type is FieldType.DATE:
        return [date_words(date.fromisoformat(value))]
    is_word = question.prompt.type in {FieldType.MONEY_RANGE, FieldType.YES_NO_UNSURE}
    return [words.get(value, "")] if is_word else value.split("\n")
