"""What a therapist fills in to write an exercise: shape and wording of input; `checking` alone judges its sense."""

import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, IntegerField, RadioField, SelectField
from wtforms.fields import SelectChoice
from wtforms.validators import InputRequired, NumberRange, Optional, ValidationError

from portal.exercises.definition import (
    CHOICE_TYPES,
    RANGES,
    TEXTS,
    Author,
    FieldType,
    GoalType,
    Mode,
    Safety,
    Whose,
)
from portal.exercises.drafts import (
    MOST_OPTIONS,
    Draft,
    NewPrompt,
    gaps_in,
    group_named,
    options_from,
)
from portal.homework.rules import Scope
from portal.web.forms import Form, StringField, Text, TextAreaField, stripped, unix_lines

MOST_PARTS = 8
MOST_WORDS = 500
MOST_CHOICE = 120
MOST_REPEATS = 10
MOST_LINES = 20
MOST_LETTERS = 4000
MOST_QUOTED = 60  # characters of a question that another one names
TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")

KINDS = {
    FieldType.SHORT_TEXT: _l("A line of text"),
    FieldType.LONG_TEXT: _l("A longer text"),
    FieldType.CHOOSE_MANY: _l("Choices"),
    FieldType.RANKING: _l("A ranking"),
    FieldType.RATING_1_5: _l("A number from 1 to 5"),
    FieldType.SCALE_0_10: _l("A number from 0 to 10"),
    FieldType.SCALE_1_10: _l("A number from 1 to 10"),
    FieldType.YES_NO_UNSURE: _l("Yes, no, not sure"),
    FieldType.MONEY_RANGE: _l("A range of money"),
    FieldType.DATE: _l("A day"),
}
MODES = {
    Mode.ALONE_THEN_REVEAL: _l("Each alone, then they show each other"),
    Mode.ALONE_THEN_TOGETHER: _l("Each alone, then together"),
    Mode.TOGETHER: _l("Together from the beginning"),
    Mode.ALONE_PRIVATE: _l("One person alone; the other never learns of it"),
}
SHARES = {
    Scope.REVEAL: _l("Each other, once both have shared"),
    Scope.THERAPIST: _l("You alone"),
    Scope.PRIVATE: _l("Nobody but the writer"),
    Scope.JOINT: _l("Everybody at once: they write it together"),
}
OWN_LIST = "own"
BUILDS_ON = FieldType.LONG_TEXT, FieldType.SHORT_TEXT, FieldType.CHOOSE_MANY, FieldType.RANKING


class Words(Text):
    """A validator for words that others read: as `Text`, but no marks that turn the direction of writing, and something to see."""

    def __call__(self, form: Any, field: Any) -> None:
        """Raise ValidationError with a sentence that helps."""
        super().__call__(form, field)
        text: str = field.data or ""
        if TURNING & set(text):
            raise ValidationError(
                _l("This contains hidden marks that turn the direction of writing. Please type it again.")
            )
        if text and not any(unicodedata.category(letter)[0] in "LNPS" for letter in text):
            raise ValidationError(_l("There is nothing to read in this. Please type it again."))


def _number(label: str, least: int, most: int, hint: str = "") -> IntegerField:
    range_words = _l("From %(least)d to %(most)d.", least=least, most=most)
    return IntegerField(
        label, validators=[Optional(), NumberRange(least, most, range_words)], description=hint
    )


def _named(words: Mapping[Any, Any]) -> list[SelectChoice]:
    return [SelectChoice(one.value, text) for one, text in words.items()]


class HeadForm(Form):
    """What it is called, what it is for, and how two people go through it."""

    title = StringField(
        _l("Title"), filters=[stripped], validators=[InputRequired(_l("Please give it a title.")), Words(120)]
    )
    purpose = TextAreaField(
        _l("What it is for"),
        filters=[unix_lines],
        validators=[InputRequired(_l("Please say what it is for.")), Words(MOST_WORDS, lines=True)],
        description=_l("The couple reads this first."),
    )
    minutes = IntegerField(
        _l("Minutes for one person"),
        validators=[
            InputRequired(_l("Please say how many minutes it takes.")),
            NumberRange(1, 240, _l("From 1 to 240.")),
        ],
    )
    mode = RadioField(
        _l("How they go through it"), choices=_named(MODES), default=Mode.ALONE_THEN_REVEAL.value
    )
    is_marked = BooleanField(_l("Not while a safety hold is on"))
    follow_up = TextAreaField(
        _l("How to go on afterwards"),
        filters=[unix_lines],
        validators=[Words(MOST_WORDS, lines=True)],
        description=_l("A note for you and your colleagues."),
    )

    def show(self, draft: Draft) -> None:
        """Fill in what the draft says."""
        head = draft["exercise"]
        for name in ("title", "purpose", "minutes", "mode", "follow_up"):
            self[name].data = head[name]
        self.is_marked.data = head["safety"] == Safety.WITHHOLD_IF_FLAG.value

    def to_head(self) -> dict[str, Any]:
        """Give it as a draft keeps it."""
        safety = Safety.WITHHOLD_IF_FLAG if self.is_marked.data else Safety.NONE
        return {
            "title": self.title.data, "purpose": self.purpose.data, "minutes": self.minutes.data,
            "mode": self.mode.data, "safety": safety.value, "follow_up": self.follow_up.data or "",
        }  # fmt: skip


class PromptForm(Form):
    """One question. Which fields count depends on its kind (`belongs`); the others are neither shown nor read."""

    kind = SelectField(_l("Kind of answer"), choices=_named(KINDS), default=FieldType.SHORT_TEXT.value)
    text = TextAreaField(
        _l("What is asked"),
        filters=[lambda words: " ".join(unix_lines(words).split("\n"))],
        validators=[InputRequired(_l("Please write what is asked.")), Words(MOST_WORDS)],
    )
    share = RadioField(_l("Who reads the answer"), choices=_named(SHARES), default=Scope.REVEAL.value)
    origin = SelectField(_l("What can be chosen"), validate_choice=False, default=OWN_LIST)
    options = TextAreaField(
        _l("Choices, one on each line"),
        filters=[unix_lines],
        validators=[Words(MOST_OPTIONS * (MOST_CHOICE + 1), lines=True)],
    )
    least = _number(_l("Choose at least"), 1, MOST_OPTIONS)
    most = _number(_l("Choose at most"), 1, MOST_OPTIONS, _l("1: one of them only."))
    top = _number(_l("Places of the ranking"), 1, 10)
    length = _number(_l("Characters at most"), 20, MOST_LETTERS)
    lines = _number(
        _l("Lines at most"),
        1,
        MOST_LINES,
        _l("Only where a later question asks about each line by itself."),
    )
    shown_from = _number(
        _l("Show it to each other only from"),
        1,
        10,
        _l("Below this number nobody but you sees it. Only for what they share."),
    )
    is_lowest_first = BooleanField(_l("Sort by the lower of the two numbers, the best first"))
    per = SelectField(_l("Ask it"), validate_choice=False, default="")
    repeat = _number(_l("How many fields of it"), 2, MOST_REPEATS)
    author = SelectField(
        _l("Who of the two writes"),
        choices=[
            SelectChoice("", _l("Both")),
            SelectChoice(Author.A.value, _l("Only partner A")),
            SelectChoice(Author.B.value, _l("Only partner B")),
        ],
        default="",
    )
    recalls = SelectField(
        _l("From the last time it shows"),
        validate_choice=False,
        default="",
        description=_l(
            "What was shared when the two did this exercise before, as far as both can still read it."
        ),
    )
    is_once = BooleanField(_l("Settled once: not asked again when they do this exercise once more"))
    stage = SelectField(_l("In which part"), validate_choice=False, default="1")
    is_beside = BooleanField(_l("On one page with the question before it"))
    is_required = BooleanField(_l("Needed before they can finish"))

    def offer(self, draft: Draft, prompt_id: str | None) -> None:
        """Put in what it can build on: questions before it, and what it builds on already."""
        self._draft, self._prompt_id = draft, prompt_id
        self._kept: Mapping[str, Any] = next((one for one in draft["prompts"] if one["id"] == prompt_id), {})
        parts = max((int(one.get("stage", 1)) for one in draft["prompts"]), default=0) + 1
        self.stage.choices = [
            SelectChoice(str(number), _("Part %(number)d", number=number))
            for number in range(1, min(parts, MOST_PARTS) + 1)
        ]
        self.origin.choices = [SelectChoice(OWN_LIST, _("The list below")), *self._origins()]
        self.per.choices = [SelectChoice("", _("Once")), *self._pers()]
        self.recalls.choices = [SelectChoice("", _("Nothing")), *self._recallable()]

    def show(self) -> None:
        """Fill in what the question says now."""
        one = self._kept
        if not one:
            return
        self.kind.data, self.text.data, self.share.data = one["type"], one["text"], one["share"]
        self.origin.data, self.per.data = _origin_of(one), ",".join(one.get("per", ()))
        self.options.data = "\n".join(one.get("options", {}).values())
        is_text = FieldType(one["type"]) in TEXTS
        self.length.data, self.most.data = (one.get("max"), None) if is_text else (None, one.get("max"))
        self.least.data = one.get("min")
        for name in ("top", "lines", "shown_from", "repeat"):
            self[name].data = one.get(name)
        self.recalls.data = _recalled_of(one)
        self.author.data, self.stage.data = one.get("author", ""), str(one.get("stage", 1))
        self.is_lowest_first.data, self.is_once.data = one.get("lowest_first"), one.get("once")
        self.is_beside.data, self.is_required.data = one.get("beside"), one.get("required")

    @property
    def chosen_kind(self) -> FieldType:
        """Tell the kind that is chosen, the usual one where nothing that is known is."""
        known = {one.value: one for one in FieldType}
        return known.get(self.kind.data, FieldType.SHORT_TEXT)

    def belongs(self, name: str) -> bool:
        """Tell whether a field counts for the kind that is chosen."""
        kind, is_number = self.chosen_kind, self.chosen_kind in RANGES
        only_for = {
            "origin": kind in CHOICE_TYPES,
            "options": kind in CHOICE_TYPES,
            "least": kind is FieldType.CHOOSE_MANY,
            "most": kind is FieldType.CHOOSE_MANY,
            "top": kind is FieldType.RANKING,
            "length": kind in TEXTS,
            "lines": kind is FieldType.LONG_TEXT,
            "repeat": kind in TEXTS,
            "shown_from": is_number,
            "is_lowest_first": is_number,
        }
        return only_for.get(name, True)

    def drop_foreign(self) -> None:
        """Forget what was typed into fields that do not belong to the kind."""
        for field in self:
            if not self.belongs(field.short_name):
                field.data = None

    def check(self) -> bool:
        """Tell whether it can be stored; marks each slip with a sentence."""
        self.drop_foreign()
        self.validate()
        for name in ("origin", "per", "recalls", "stage"):
            field = self[name]
            if self.belongs(name) and field.data not in {choice.value for choice in field.choices}:
                self.add_error(name, _l("Please choose what is offered here."))
        lines = self._lines()
        if len(lines) > MOST_OPTIONS:
            self.add_error("options", _l("Please write at most %(most)d choices.", most=MOST_OPTIONS))
        if any(len(line) > MOST_CHOICE for line in lines):
            self.add_error(
                "options",
                _l("One choice is longer than %(most)d characters. Please shorten it.", most=MOST_CHOICE),
            )
        if len(set(lines)) < len(lines):
            self.add_error("options", _l("The same choice stands here twice."))
        return not self.errors

    def to_prompt(self) -> NewPrompt:
        """Give it as a draft keeps it, with what it has that this form does not show."""
        is_kept = self.chosen_kind is FieldType.CHOOSE_MANY and "labels_from" in self._kept
        kept = {"labels_from": self._kept["labels_from"]} if is_kept else {}
        is_text = self.chosen_kind in TEXTS
        numbers = {
            "min": self.least.data,
            "max": self.length.data if is_text else self.most.data,
            "top": self.top.data,
            "lines": self.lines.data,
            "shown_from": self.shown_from.data,
            "repeat": self.repeat.data,
            "stage": int(self.stage.data),
        }
        flags = {
            "required": self.is_required.data,
            "beside": self.is_beside.data,
            "once": self.is_once.data,
            "lowest_first": self.is_lowest_first.data,
        }
        per, groups = self._per()
        entry = {
            "type": self.chosen_kind.value, "share": self.share.data, "text": self.text.data, **kept,
            **{name: number for name, number in numbers.items() if number},
            **{name: True for name, is_so in flags.items() if is_so},
            **({"author": self.author.data} if self.author.data else {}),
            **({"per": per} if per else {}),
            **self._choices(), **self._recalls(),
        }  # fmt: skip
        return NewPrompt(entry, groups)

    def _lines(self) -> list[str]:
        return [line.strip() for line in (self.options.data or "").split("\n") if line.strip()]

    def _choices(self) -> dict[str, Any]:
        if not self.belongs("origin"):
            return {}
        how, _colon, name = self.origin.data.partition(":")
        if how == "from":
            return {"from": name}
        if how in {"same", "guess"}:
            return {"options_from": name, **({"guess_of": name} if how == "guess" else {})}
        lines = self._lines()
        return {"options": options_from(lines, self._kept.get("options", {}))} if lines else {}

    def _per(self) -> tuple[list[str], dict[str, Any]]:
        how, colon, name = (self.per.data or "").partition(":")
        if not colon:
            return [one for one in how.split(",") if one], {}
        group, new = group_named(self._draft, Whose(how), name)
        return [group], new

    def _recalls(self) -> dict[str, Any]:
        whose, _colon, name = (self.recalls.data or "").partition(":")
        if not name:
            return {}
        return {"recalls": name, **({"recalls_of": whose} if whose != Whose.BOTH.value else {})}

    def _recallable(self) -> list[SelectChoice]:
        """List the earlier answers that can stand beside it: those that both could read, of both or of the other."""
        found = []
        for one in self._draft["prompts"]:
            if one["share"] == Scope.REVEAL.value and not one.get("per") and not one.get("repeat"):
                words = _short(one["text"])
                both = _("What both answered to “%(words)s”", words=words)
                other = _("What the other answered to “%(words)s”", words=words)
                found += [
                    SelectChoice(f"{Whose.BOTH.value}:{one['id']}", both),
                    SelectChoice(f"{Whose.PARTNER.value}:{one['id']}", other),
                ]
        return _with_kept(found, _recalled_of(self._kept), _as_copied)

    def _before(self) -> list[Mapping[str, Any]]:
        ids = [one["id"] for one in self._draft["prompts"]]
        place = ids.index(self._prompt_id) if self._prompt_id in ids else len(ids)
        return list(self._draft["prompts"][:place])

    def _origins(self) -> list[SelectChoice]:
        found = []
        for one in self._before():
            kind, words = FieldType(one["type"]), _short(one["text"])
            if kind in CHOICE_TYPES:
                found.append(SelectChoice(f"same:{one['id']}", _("The choices of “%(words)s”", words=words)))
                guess = _("The choices of “%(words)s”, guessing what the other chose", words=words)
                found.append(SelectChoice(f"guess:{one['id']}", guess))
            if kind in CHOICE_TYPES or kind is FieldType.LONG_TEXT:
                found.append(
                    SelectChoice(f"from:{one['id']}", _("What was answered to “%(words)s”", words=words))
                )
        return _with_kept(found, _origin_of(self._kept) if self._kept else OWN_LIST, self._group_words)

    def _pers(self) -> list[SelectChoice]:
        found = []
        for one in self._before():
            kind, words = FieldType(one["type"]), _short(one["text"])
            if kind in BUILDS_ON:
                found.append(SelectChoice(one["id"], _("For each answer to “%(words)s”", words=words)))
            if kind in TEXTS:
                other = _("For each answer of the other’s to “%(words)s”", words=words)
                both = _("For each answer of both to “%(words)s”", words=words)
                found += [
                    SelectChoice(f"partner:{one['id']}", other),
                    SelectChoice(f"both:{one['id']}", both),
                ]
        return _with_kept(found, ",".join(self._kept.get("per", ())), self._group_words)

    def _group_words(self, key: str) -> str:
        """Say what a kept choice builds on that this form would not offer."""
        texts = {one["id"]: one["text"] for one in self._draft["prompts"]}
        names = key.removeprefix("from:").split(",")
        groups = self._draft.get("groups", {})
        members = [one for name in names for one in groups.get(name, {"prompts": [name]})["prompts"]]
        if any(groups.get(name, {}).get("whose") == Whose.GOALS.value for name in names):
            return str(_("For each goal that the two have kept"))
        words = ", ".join(f"“{_short(texts.get(one, one))}”" for one in members)
        whose = groups.get(names[0], {}).get("whose")
        if whose == Whose.PARTNER.value:
            return str(_("The other’s answers to %(words)s", words=words))
        if whose == Whose.BOTH.value:
            return str(_("The answers of both to %(words)s", words=words))
        return str(_("The answers to %(words)s", words=words))


class GoalForm(Form):
    """The goal that can grow from an exercise: its sentence, and where the words for its gaps come from."""

    type = RadioField(
        _l("Whose goal it is"),
        choices=[
            SelectChoice("", _l("No goal grows from this")),
            SelectChoice(GoalType.SHARED.value, _l("One goal of both")),
            SelectChoice(GoalType.PERSONAL_SUPPORTED.value, _l("One of each, which the other supports")),
        ],
        default="",
    )
    template = StringField(
        _l("The goal’s sentence"),
        filters=[stripped],
        validators=[Words(300)],
        description=_l("Put a word in braces where an answer goes, such as: We do {step} by {day}."),
    )

    def offer(self, draft: Draft) -> None:
        """Let a copied exercise keep the kind of goal that only it has."""
        if draft.get("creates_goal", {}).get("type") == GoalType.REVISION.value:
            revision = _l("A goal of theirs that they have changed, as in the exercise it was copied from")
            self.type.choices = [*self.type.choices, SelectChoice(GoalType.REVISION.value, revision)]

    def gaps(self, draft: Draft) -> list[tuple[str, str, list[SelectChoice]]]:
        """List the gaps of the sentence: name, what fills it now, and what can fill it."""
        fill = draft.get("creates_goal", {}).get("fill", {})
        readable = {Scope.REVEAL.value, Scope.JOINT.value}
        answers = [
            SelectChoice(one["id"], _("The answer to “%(words)s”", words=_short(one["text"])))
            for one in draft["prompts"]
            if one["share"] in readable and not one.get("per") and not one.get("repeat")
        ]
        names = [
            SelectChoice("name:owner", _("The name of whose goal it is")),
            SelectChoice("name:partner", _("The name of the other")),
        ]
        found = []
        for gap in gaps_in(self.template.data or ""):
            now = fill.get(gap, "")
            offered = [SelectChoice("", _("The two fill it in")), *answers, *names]
            if now and now not in {one.value for one in offered}:
                offered.append(SelectChoice(now, _("As in the exercise it was copied from")))
            found.append((gap, now, offered))
        return found

    def show(self, draft: Draft) -> None:
        """Fill in what the draft says."""
        goal = draft.get("creates_goal", {})
        self.type.data, self.template.data = goal.get("type", ""), goal.get("template", "")

    def check(self) -> bool:
        """Tell whether it can be stored."""
        self.validate()
        if self.type.data and not self.template.data and not self.template.errors:
            self.add_error("template", _l("Please write the goal’s sentence."))
        return not self.errors

    def to_goal(self, draft: Draft, sent: Mapping[str, str]) -> dict[str, Any] | None:
        """Give it as a draft keeps it. `sent`: what was chosen for each gap; what is not offered counts as nothing."""
        if not self.type.data:
            return None
        earlier = draft.get("creates_goal", {})
        fill = {}
        for gap, now, offered in self.gaps(draft):
            origin = sent.get(gap, now)
            if origin and origin in {one.value for one in offered}:
                fill[gap] = origin
        kept = {name: earlier[name] for name in ("levels_from",) if name in earlier}
        return {
            "type": self.type.data, "domain": earlier.get("domain", "any"), "template": self.template.data, "fill": fill,
            **kept,
        }  # fmt: skip


def _as_copied(_key: str) -> str:
    return str(_("As in the exercise it was copied from"))


def _recalled_of(entry: Mapping[str, Any]) -> str:
    return f"{entry.get('recalls_of', Whose.BOTH.value)}:{entry['recalls']}" if "recalls" in entry else ""


def _origin_of(entry: Mapping[str, Any]) -> str:
    if "from" in entry:
        return f"from:{entry['from']}"
    if "options_from" in entry:
        return f"{'guess' if 'guess_of' in entry else 'same'}:{entry['options_from']}"
    return OWN_LIST


def _with_kept(offered: Sequence[SelectChoice], kept: str, say: Any) -> list[SelectChoice]:
    known = {one.value for one in offered} | {"", OWN_LIST}
    return [*offered, *([] if kept in known else [SelectChoice(kept, say(kept))])]


def _short(words: str) -> str:
    return words if len(words) <= MOST_QUOTED else f"{words[: MOST_QUOTED - 2].rstrip()} …"
