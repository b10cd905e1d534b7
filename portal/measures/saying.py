"""Results, changes and what is wrong with a file, in words and in the reader's language."""

from flask_babel import gettext as _

from portal.measures.imports import Flaw, Problem
from portal.measures.rules import Outcome
from portal.psychometrics.change import ChangeClass
from portal.psychometrics.instrument import ClientWords, Headline, Instrument
from portal.psychometrics.items import Status, round_half_up
from portal.psychometrics.results import Certainty, ScaleScore


def figure(key: Instrument, one: ScaleScore) -> str:
    """Say the headline figure as it is printed: whole points, or two places of a mean; a dash where there is none."""
    if one.headline is None:
        return "–"
    return number(key, one.headline)


def number(key: Instrument, value: float) -> str:
    """Say a figure of this questionnaire: whole points rounded halves up where bands do so, else at most two places."""
    if key.rounds:
        return str(round_half_up(value))
    places = 2 if key.headline is Headline.MEAN else 1
    return f"{value:.{places}f}".removesuffix(".0")


def reach_words(key: Instrument) -> str:
    """Say between which figures a result lies."""
    low, high = key.span
    return str(_("from %(low)s to %(high)s", low=f"{low:g}", high=f"{high:g}"))


def band_words(band: str | None) -> str:
    """Name a band for the therapist, as the literature names it; empty without one."""
    words = {
        "below_cutoff": _("below the cut-off"),
        "at_or_above_cutoff": _("at or above the cut-off"),
        "minimal": _("minimal"),
        "mild": _("mild"),
        "moderate": _("moderate"),
        "moderately_severe": _("moderately severe"),
        "severe": _("severe"),
        "very_low": _("very low (likely low mood)"),
        "low": _("reduced well-being"),
        "not_low": _("not reduced"),
        "below_serious_distress": _("below the mark for serious distress"),
        "serious_distress": _("at or above the mark for serious distress"),
    }
    return str(words[band]) if band in words else ""


def own_band_words(band: str | None) -> str:
    """Say a band to the person who answered: calm, no verdict, no diagnosis; empty without one."""
    words = {
        "below_cutoff": _("This is in the range where many couples describe notable dissatisfaction. It is a place to start talking from."),
        "at_or_above_cutoff": _("This is in the range where many couples describe themselves as rather content."),
        "minimal": _("You describe few of these difficulties."),
        "mild": _("You describe some of these difficulties."),
        "moderate": _("You describe a fair number of these difficulties. It is worth speaking about them with your therapist."),
        "moderately_severe": _("You describe many of these difficulties. Please speak about them with your therapist, or with your doctor."),
        "severe": _("You describe very many of these difficulties. Please speak about them soon, with your therapist or with your doctor."),
        "very_low": _("You describe feeling low most of the time. Please speak about it soon, with your therapist or with your doctor."),
        "low": _("You describe feeling well less often than many people do."),
        "not_low": _("You describe feeling well more than half of the time."),
        "below_serious_distress": _("You describe some distress, below the mark from which people usually look for help."),
        "serious_distress": _("You describe a great deal of distress. Please speak about it soon, with your therapist or with your doctor."),
    }  # fmt: skip
    return str(words[band]) if band in words else ""


def own_change_words(key: Instrument, direction: int | None) -> str:
    """Say to the person how the answers changed since the start; empty where nothing can be said."""
    if direction is None or key.client_words is ClientWords.NONE:
        return ""
    if key.client_words is ClientWords.SATISFACTION:
        words = {
            1: _("You describe yourself as clearly more satisfied than at the start."),
            0: _("You describe yourself as about the same as at the start."),
            -1: _("You describe yourself as clearly less satisfied than at the start."),
        }
    else:
        words = {
            1: _("You describe clearly fewer difficulties than at the start."),
            0: _("You describe about the same as at the start."),
            -1: _("You describe clearly more difficulties than at the start."),
        }
    return str(words[direction])


def class_words(change_class: ChangeClass | None) -> str:
    """Name a class of change for the therapist."""
    words = {
        ChangeClass.RECOVERED: _("recovered: reliably better, and across the cut-off"),
        ChangeClass.IMPROVED: _("reliably better"),
        ChangeClass.UNCHANGED: _("no reliable change"),
        ChangeClass.DETERIORATED: _("reliably worse"),
        ChangeClass.DETERIORATED_CROSSED: _("reliably worse, and across the cut-off"),
    }
    return str(words[change_class]) if change_class else "–"


def certainty_words(certainty: Certainty) -> str:
    """Say how sure a change is by two views."""
    words = {
        Certainty.NOISE: _("within measurement noise"),
        Certainty.PROBABLY_REAL: _("probably real"),
        Certainty.CLEARLY_REAL: _("clearly real"),
    }
    return str(words[certainty])


def view_words(view_id: str) -> str:
    """Name a way to judge how exactly a questionnaire measures."""
    words = {
        "alpha": _("by internal consistency"),
        "conservative": _("by a conservative, retest-like reliability"),
        "local": _("by the practice’s own figures"),
    }
    return str(words.get(view_id, view_id))


def scale_words(scale_id: str) -> str:
    """Name a scale of a questionnaire that has several."""
    words = {"anxiety": _("Anxiety"), "avoidance": _("Avoidance"), "composite": _("Composite")}
    return str(words.get(scale_id, _("Result")))


def status_words(one: ScaleScore) -> str:
    """Say how much was answered, and what follows from that."""
    answered = _("%(answered)d of %(asked)d answered", answered=one.answered, asked=one.asked)
    if one.status is Status.INSUFFICIENT:
        return str(_("%(answered)s, not enough for a result", answered=answered))
    if one.status is Status.PRORATED:
        return str(_("%(answered)s, the rest stood in for: provisional", answered=answered))
    return str(answered)


def outcome_words(outcome: Outcome) -> str:
    """Say what became of a due day."""
    words = {
        Outcome.GIVEN: _("given"),
        Outcome.STILL_OPEN: _("not given: the one before was still with them"),
        Outcome.PAUSED: _("not given: it rested"),
        Outcome.NO_WORDING: _("not given: there were no words for it"),
        Outcome.PASSED: _("not given: a later day had come"),
    }
    return str(words[outcome])


def flaw_words(problem: Problem) -> str:
    """Say what is wrong with a file, and how it should be."""
    detail = problem.detail
    words = {
        Flaw.ANSWERS_COUNT: _("It has another number of answers than the questionnaire (%(detail)s).", detail=detail),
        Flaw.ANSWERS_MISSING: _("Its answers are missing: a list of scores with words."),
        Flaw.ANSWERS_SCORES: _("Its answers must be scored %(detail)s, in this order, each once.", detail=detail),
        Flaw.ANSWER_WORDLESS: _("The answer scored %(detail)s has no words.", detail=detail),
        Flaw.COUNT: _("The file has another number of items than the questionnaire (%(detail)s).", detail=detail),
        Flaw.EMPTY: _("The file is empty, or none was chosen."),
        Flaw.FORBIDDEN_LETTERS: _("It contains control characters, or marks that turn the direction of writing (%(detail)s).", detail=detail),
        Flaw.MISSING: _("This item is missing."),
        Flaw.NAME_TWICE: _("A name stands twice in one place: %(detail)s", detail=detail),
        Flaw.NOT_A_LIST: _("A list is missing: %(detail)s", detail=detail),
        Flaw.NOT_READABLE: _("From here on the file is neither TOML nor JSON. A quotation mark, comma or bracket may be missing."),
        Flaw.NOT_UTF8: _("The file is not in UTF-8. Please save it as UTF-8 text."),
        Flaw.NO_LANGUAGE: _("The language should be a code such as “en” or “de-CH”, not: %(detail)s", detail=detail),
        Flaw.NO_SUCH_ITEM: _("There is no item of this number in the questionnaire: %(detail)s", detail=detail),
        Flaw.NO_TEXT: _("Words are missing: %(detail)s", detail=detail),
        Flaw.OTHER_FORMAT: _("The format should be 1, not: %(detail)s", detail=detail),
        Flaw.OTHER_QUESTIONNAIRE: _("The file says that it is for another questionnaire: %(detail)s", detail=detail),
        Flaw.POLES_MISSING: _("A pole has no words: %(detail)s", detail=detail),
        Flaw.SAME_TEXT: _("It has the same words as item %(detail)s.", detail=detail),
        Flaw.TOO_DEEP: _("Here the file nests deeper than the format ever does."),
        Flaw.TOO_LARGE: _("The file is larger than 128 kB."),
        Flaw.TOO_LONG: _("These words are longer than they may be (%(detail)s characters).", detail=detail),
        Flaw.TWICE: _("This item stands in the file twice."),
        Flaw.UNKNOWN: _("The format knows no such name: %(detail)s", detail=detail),
    }  # fmt: skip
    return str(words[problem.flaw])
