"""What the check of an exercise says to the therapist who writes it: one sentence, and the field it belongs to."""

from typing import NamedTuple

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from portal.exercises.checking import Problem, Slip
from portal.exercises.definition import Exercise, Mode
from portal.homework.rules import Scope


class Advice(NamedTuple):
    """One sentence about one prompt (empty: about the whole), and the field of its form that it is beside."""

    prompt_id: str
    field: str
    words: str


# Each with the field of the form where it is put right; "" where no single field is wrong.
WORDS = {
    Slip.NO_WORDS_IN_HEAD: ("", _l("Please say what is missing here.")),
    Slip.NO_MINUTES: ("minutes", _l("Please say how many minutes it takes.")),
    Slip.NO_PROMPTS: ("", _l("It asks nothing yet. Add at least one question.")),
    Slip.TWICE: ("", _l("The same question is in it twice under one name. Remove one and add it anew.")),
    Slip.NO_PLAIN_ID: ("", _l("This question cannot be stored. Remove it and add it anew.")),
    Slip.NO_WORDS: ("text", _l("Please write what is asked.")),
    Slip.NO_SUCH_NUMBER: ("", _l("One of the numbers is out of reach.")),
    Slip.NO_PLAIN_OPTION: ("options", _l("One of the choices has no words.")),
    Slip.NO_OPTIONS: ("origin", _l("There is nothing to choose from. Write choices, or take them from an earlier question.")),
    Slip.OPTIONS_NOT_HERE: ("kind", _l("This kind of question has no choices.")),
    Slip.MIN_MAX_NOT_HERE: ("kind", _l("This kind of question has no least and most.")),
    Slip.MIN_OF_TEXT: ("least", _l("A text has no least length.")),
    Slip.MIN_ABOVE_MAX: ("least", _l("The least is above the most.")),
    Slip.MORE_THAN_OPTIONS: ("most", _l("That is more than there are choices.")),
    Slip.TOP_AND_RANKING: ("top", _l("Please say how many places the ranking has.")),
    Slip.TOO_LONG: ("length", _l("That is longer than an answer may be.")),
    Slip.REPEAT_AND_PER: ("repeat", _l("Asked several times, or for each answer to another question: please choose one of the two.")),
    Slip.LINES_NOT_HERE: ("lines", _l("Only a long text has lines that something else is asked about.")),
    Slip.BOUND_NOT_HERE: ("shown_from", _l("Low numbers can be kept back only where numbers are shared with each other.")),
    Slip.ONCE_NOT_JOINT: ("is_once", _l("Only what both write together can be settled once for all.")),
    Slip.UNKNOWN_LABELS: ("", _l("The words of its choices come from nowhere.")),
    Slip.RUNGS_MISSING: ("options", _l("This one words the five rungs of a goal, so it needs five choices.")),
    Slip.AUTHOR_NOT_JOINT: ("author", _l("Only what both write together can have one writer.")),
    Slip.AUTHOR_REQUIRED: ("is_required", _l("What one of them alone may write cannot be required of both.")),
    Slip.MISSING: ("", _l("It names a question that is no longer there.")),
    Slip.STAGES_WITH_GAPS: ("", _l("The parts do not follow each other.")),
    Slip.NOTHING_REVEALED: ("", _l("Nothing in part %(other)s is shared with each other, so the part after it would never open. Share one of its questions, or move the later ones up.")),
    Slip.HIDDEN_SHOWS_MORE: ("", _l("What is for one person alone has one part, and at most one short text that its author may show to the other. Choose other readers, or another course.")),
    Slip.HIDDEN_IS_JOINT: ("", _l("What is for one person alone has nothing that both write, and asks about nothing of the other’s.")),
    Slip.BESIDE_NOTHING: ("is_beside", _l("There is no question before it in its part.")),
    Slip.OTHER_WRITERS: ("is_beside", _l("It cannot stand on one page with “%(other)s”: other people write it.")),
    Slip.ABOUT_OWN_PAGE: ("is_beside", _l("It asks about an answer on its own page, which is not there before the page is saved. Give it a page of its own.")),
    Slip.NO_SUCH_GAP: ("", _l("The goal’s sentence has no gap of that name.")),
    Slip.CANNOT_BE_FILLED: ("", _l("A gap of the goal’s sentence is filled from a question that is not there.")),
    Slip.NO_FIVE_RUNGS: ("", _l("The goal’s five rungs come from a question that does not ask five times.")),
    Slip.GOAL_TELLS_MORE: ("", _l("The gap “%(other)s” of the goal’s sentence would be filled from an answer that they do not both read.")),
    Slip.NO_DECISION: ("", _l("It revises goals, but no longer asks what becomes of each.")),
    Slip.CIRCLE: ("", _l("It asks about itself by a detour. Take its choices, or what it is asked for, from elsewhere.")),
    Slip.LATER: ("", _l("It builds on “%(other)s”, which comes after it. Move one of them.")),
    Slip.NOT_CHOSEN_FROM: ("origin", _l("Nothing can be chosen from that answer: only from choices, rankings, and long texts line by line.")),
    Slip.NOT_OPEN_BEFORE: ("per", _l("“%(other)s” is not open to both before this part. It must be shared with each other, in an earlier part.")),
    Slip.TELLS_MORE: ("share", _l("Its readers would learn from it what “%(other)s” said, which fewer people read. Choose fewer readers here, or more there.")),
    Slip.ASKED_SEVERAL_TIMES: ("per", _l("“%(other)s” is asked several times itself, so nothing can build on each of its answers.")),
    Slip.NO_LINES: ("per", _l("Say in “%(other)s” how many lines it has, so that each can be asked about.")),
    Slip.GUESS_NOT_REVEALED: ("share", _l("A guess, and what it guesses, must both be shared with each other.")),
    Slip.NO_RECALL: ("recalls", _l("It recalls an earlier answer that has no such name.")),
    Slip.RECALLS_ONE: ("recalls", _l("What both write is one page for both, so it shows the earlier answers of both.")),
    Slip.RECALL_NOT_OPEN: ("recalls", _l("It shows earlier answers to “%(other)s”, which are not shared with each other any more.")),
    Slip.GUESS_OF_OTHERS: ("origin", _l("A guess needs the same choices as what it guesses.")),
}  # fmt: skip
HEAD = {
    "title": _l("Please give it a title."),
    "purpose": _l("Please say what it is for."),
    "follow_up": _l("Please say how to go on afterwards."),
}


def advice_on(exercise: Exercise, problems: list[Problem]) -> list[Advice]:
    """Say each problem to its author, naming other questions by their own words. What is written for them is left out."""
    texts = {prompt.id: prompt.text for prompt in exercise.prompts}
    found = []
    for problem in problems:
        if problem.slip is Slip.NO_WORDS_IN_HEAD:
            if problem.other in HEAD:
                found.append(Advice("", problem.other, str(HEAD[problem.other])))
            continue
        field, words = WORDS[problem.slip]
        names = {"other": texts.get(problem.other, problem.other)}
        prompt_id = problem.place if problem.is_of_prompt else ""
        found.append(Advice(prompt_id, field, str(words) % names))
    return found


def told_therapist(exercise: Exercise) -> str:
    """Say what the therapist reads of it."""
    shares = {prompt.share for prompt in exercise.prompts}
    parts = []
    if shares & {Scope.REVEAL, Scope.THERAPIST}:
        parts.append(_("What each of them writes, once it is finished."))
    if Scope.JOINT in shares:
        parts.append(_("What both write together, at once."))
    if Scope.PRIVATE in shares:
        parts.append(_("Never what they keep for themselves."))
    return " ".join(str(part) for part in parts)


def told_partner(exercise: Exercise) -> str:
    """Say what the two see of each other."""
    shares = {prompt.share for prompt in exercise.prompts}
    if exercise.mode is Mode.ALONE_PRIVATE:
        line = (
            _("One line, if its author chooses to show it and you open it.") if Scope.REVEAL in shares else ""
        )
        return " ".join(one for one in (str(_("The other never learns of it.")), str(line)) if one)
    parts = []
    if Scope.REVEAL in shares:
        opens = _("What both shared, once both have shared and you open it.")
        parts.append(opens if exercise.is_marked else _("What both shared, once both have shared."))
    if Scope.JOINT in shares:
        parts.append(_("What they write together, at once."))
    if shares & {Scope.THERAPIST, Scope.PRIVATE}:
        parts.append(_("Nothing else, nor whether it was answered."))
    return " ".join(str(part) for part in parts)
