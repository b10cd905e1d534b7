"""An exercise while a therapist writes it: the same shape as a data file, allowed not to make sense yet. Pure.

Every change gives a new draft that is tidy: prompts in the order of their stages, stages without a gap, nothing named that
is no longer there. Whether it makes sense is for `checking` alone to say.
"""

import json
import re
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from types import MappingProxyType
from typing import Any, NamedTuple

from portal.exercises.checking import Problem, Slip
from portal.exercises.definition import (
    Exercise,
    Group,
    Mode,
    Safety,
    Whose,
    data_of,
    exercise_from,
)
from portal.slugs import numbered, slug_from

Draft = Mapping[str, Any]


class NewPrompt(NamedTuple):
    """A prompt as its author wrote it, without its id, and the groups that it names for the first time."""

    entry: Mapping[str, Any]
    groups: Mapping[str, Group] = MappingProxyType({})


MOST_PROMPTS = 60  # our choice; the longest exercise of the library has 8
MOST_OPTIONS = 40
MOST_SLUG = 41
GAP = re.compile(r"\{([^{}]+)\}")
HARMLESS = frozenset(
    {
        Slip.NO_WORDS_IN_HEAD, Slip.NO_MINUTES, Slip.NOTHING_REVEALED, Slip.NO_SUCH_GAP, Slip.CANNOT_BE_FILLED,
        Slip.NO_FIVE_RUNGS, Slip.GOAL_TELLS_MORE, Slip.NO_DECISION, Slip.RECALLS_ONE, Slip.RECALL_NOT_OPEN,
    }
)  # fmt: skip
# Each names another prompt; with a dot, one of another exercise.
LINKS = ("options_from", "from", "guess_of", "recalls")
ABOUT_PLACE = frozenset({"required", "beside", "stage", "min", "max"})


def blank() -> Draft:
    """Begin with nothing but the usual."""
    return _draft(
        {"title": "", "purpose": "", "minutes": 20, "mode": Mode.ALONE_THEN_REVEAL.value,
         "safety": Safety.NONE.value, "follow_up": ""},
        [],
    )  # fmt: skip


def copy_of(exercise: Exercise) -> Draft:
    """Begin with another exercise, all its modifiers included."""
    data = data_of(exercise)
    head = {name: words for name, words in data["exercise"].items() if name not in {"id", "version"}}
    return tidy({**data, "exercise": {**head, "therapist": "", "partner": ""}})


def as_exercise(
    draft: Draft, exercise_id: str, version: str, *, therapist: str = "", partner: str = ""
) -> Exercise:
    """Read a draft as an exercise, whether it makes sense or not. `therapist`, `partner`: who reads what, in sentences."""
    head = {
        **draft["exercise"],
        "id": exercise_id,
        "version": version,
        "therapist": therapist,
        "partner": partner,
    }
    return exercise_from({**draft, "exercise": head})


def says_the_same(one: Exercise, other: Exercise) -> bool:
    """Tell whether two exercises differ in nothing that a couple or a therapist reads of them."""
    same = replace(other, id=one.id, version=one.version, therapist=one.therapist, partner=one.partner)
    return same == one


def read_draft(text: str) -> Draft:
    """Read a draft as it is stored."""
    found: Draft = json.loads(text)
    return found


def written(draft: Draft) -> str:
    """Write a draft as it is stored; the order of options is part of it."""
    return json.dumps(draft, ensure_ascii=False, separators=(",", ":"))


def can_be_shown(problems: Sequence[Problem]) -> bool:
    """Tell whether a draft with these problems has pages to look at."""
    return all(problem.slip in HARMLESS for problem in problems)


def with_head(draft: Draft, head: Mapping[str, Any]) -> Draft:
    """Give it another title, purpose and course."""
    return tidy({**draft, "exercise": {**draft["exercise"], **head}})


def with_goal(draft: Draft, goal: Mapping[str, Any] | None) -> Draft:
    """Let another goal grow out of it, or none."""
    rest = {name: part for name, part in draft.items() if name != "creates_goal"}
    return tidy({**rest, "creates_goal": dict(goal)} if goal else rest)


def entry_of(draft: Draft, prompt_id: str) -> dict[str, Any]:
    """Give one prompt as it is stored. Raises LookupError."""
    return dict(draft["prompts"][_place(draft, prompt_id)])


def added(draft: Draft, prompt_id: str, new: NewPrompt) -> Draft:
    """Put a prompt at the end of its stage."""
    entry = {**new.entry, "id": prompt_id}
    return tidy({**_with_groups(draft, new.groups), "prompts": [*draft["prompts"], entry]})


def changed(draft: Draft, prompt_id: str, new: NewPrompt) -> Draft:
    """Put other words in the place of a prompt. Raises LookupError."""
    prompts = list(draft["prompts"])
    prompts[_place(draft, prompt_id)] = {**new.entry, "id": prompt_id}
    return tidy({**_with_groups(draft, new.groups), "prompts": prompts})


def moved(draft: Draft, prompt_id: str, step: int) -> Draft:
    """Move a prompt one place up (-1) or down (1); over the edge of its part it goes into the next one. Raises LookupError."""
    prompts, place = list(draft["prompts"]), _place(draft, prompt_id)
    other = place + step
    if not 0 <= other < len(prompts):
        return draft
    if _stage(prompts[other]) == _stage(prompts[place]):
        prompts[place], prompts[other] = prompts[other], prompts[place]
    else:
        prompts[place] = {**prompts[place], "stage": _stage(prompts[other])}
    return tidy({**draft, "prompts": prompts})


def doubled(draft: Draft, prompt_id: str, new_id: str) -> Draft:
    """Put the same prompt once more, below itself. Raises LookupError."""
    prompts, place = list(draft["prompts"]), _place(draft, prompt_id)
    prompts.insert(place + 1, {**deepcopy(prompts[place]), "id": new_id})
    return tidy({**draft, "prompts": prompts})


def without(draft: Draft, prompt_id: str) -> Draft:
    """Take a prompt out, and every mention of it; who took its options keeps them. Raises LookupError."""
    gone = draft["prompts"][_place(draft, prompt_id)]
    prompts = [
        _without_mention(one, prompt_id, gone.get("options"))
        for one in draft["prompts"]
        if one["id"] != prompt_id
    ]
    groups = {
        name: {**group, "prompts": [one for one in group["prompts"] if one != prompt_id]}
        for name, group in draft.get("groups", {}).items()
    }
    rest = {**draft, "prompts": prompts, "groups": groups}
    if draft.get("opposed", {}).get("prompt") == prompt_id:
        rest.pop("opposed")
    return tidy(rest)


def renamed(draft: Draft, prompt_id: str, new_id: str) -> Draft:
    """Give a prompt another id wherever it is named, because it asks something else than it did. Raises LookupError."""
    _place(draft, prompt_id)

    def name(one: str) -> str:
        return new_id if one == prompt_id else one

    def entry(one: Mapping[str, Any]) -> dict[str, Any]:
        links = {key: name(one[key]) for key in (*LINKS, "id") if key in one}
        return {**one, **links, **({"per": [name(each) for each in one["per"]]} if "per" in one else {})}

    new = dict(draft)
    new["prompts"] = [entry(one) for one in draft["prompts"]]
    if "groups" in draft:
        new["groups"] = {
            key: {**group, "prompts": [name(one) for one in group["prompts"]]}
            for key, group in draft["groups"].items()
        }
    if "opposed" in draft:
        new["opposed"] = {**draft["opposed"], "prompt": name(draft["opposed"]["prompt"])}
    if "creates_goal" in draft:
        goal = draft["creates_goal"]
        new["creates_goal"] = {
            **goal,
            "fill": {gap: _origin_with(origin, prompt_id, new_id) for gap, origin in goal["fill"].items()},
            **({"levels_from": name(goal["levels_from"])} if "levels_from" in goal else {}),
        }
    return new


def asks_the_same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Tell whether answers to both mean the same: the same words to the same readers, wherever they stand."""
    return {name: part for name, part in one.items() if name not in ABOUT_PLACE} == {
        name: part for name, part in other.items() if name not in ABOUT_PLACE
    }


def options_from(lines: Sequence[str], earlier: Mapping[str, str]) -> dict[str, str]:
    """Make options of lines; one whose words were there before keeps what is stored for it."""
    slugs = {words: slug for slug, words in earlier.items()}
    taken = {slugs[line] for line in lines if line in slugs}
    options: dict[str, str] = {}
    for line in lines:
        slug = slugs.get(line) or numbered(
            slug_from(line, "option")[: MOST_SLUG - 4].rstrip("-"), taken | {*options}
        )
        options[slug] = line
    return options


def group_named(draft: Draft, whose: Whose, prompt_id: str) -> tuple[str, dict[str, Group]]:
    """Name the group of the answers to one prompt of both or of the other, and give it if it is not there yet."""
    wanted = {"whose": whose.value, "prompts": [prompt_id]}
    for name, group in draft.get("groups", {}).items():
        if dict(group) == wanted:
            return name, {}
    name = f"{whose.value}_{prompt_id}"[:31]
    return name, {name: Group(whose, (prompt_id,))}


def gaps_in(template: str) -> list[str]:
    """List the gaps of a goal's sentence, each once."""
    return list(dict.fromkeys(GAP.findall(template)))


def tidy(draft: Draft) -> Draft:
    """Put prompts in order and drop what names nothing."""
    prompts = sorted((dict(one) for one in draft["prompts"]), key=_stage)
    numbers = {
        stage: number for number, stage in enumerate(sorted({_stage(one) for one in prompts}), start=1)
    }
    before = 0
    for one in prompts:
        stage = numbers[_stage(one)]
        one.pop("stage", None)
        if stage > 1:
            one["stage"] = stage
        if stage != before:
            one.pop("beside", None)
        before = stage
    named = {name for one in prompts for name in (*one.get("per", ()), one.get("from", ""))}
    groups = {
        name: group
        for name, group in draft.get("groups", {}).items()
        if name in named and (group["prompts"] or group["whose"] == Whose.GOALS.value)
    }
    rest = {name: part for name, part in draft.items() if name in {"opposed", "creates_goal"}}
    known = {one["id"] for one in prompts}
    for one in prompts:
        _keep_known(one, known | groups.keys())
    return {
        **_draft(dict(draft["exercise"]), prompts),
        **rest,
        **({"groups": groups} if groups else {}),
        **_goal_among(rest.get("creates_goal"), known),
    }


def _goal_among(goal: Mapping[str, Any] | None, known: set[str]) -> dict[str, Any]:
    if goal is None:
        return {}
    fill = {
        gap: origin
        for gap, origin in goal["fill"].items()
        if gap in gaps_in(goal["template"]) and _is_about(origin, known)
    }
    kept = {**goal, "fill": fill}
    if kept.get("levels_from") not in known:
        kept.pop("levels_from", None)
    return {"creates_goal": kept}


def _is_about(origin: str, known: set[str]) -> bool:
    how, _colon, name = origin.rpartition(":")
    return how == "name" or origin == "goal:words" or name.partition(".")[0] in known


def _origin_with(origin: str, old: str, new: str) -> str:
    how, colon, name = origin.rpartition(":")
    base, dot, rest = name.partition(".")
    return f"{how}{colon}{new}{dot}{rest}" if base == old and how != "name" else origin


def _keep_known(entry: dict[str, Any], known: set[str]) -> None:
    per = [one for one in entry.pop("per", ()) if one in known]
    if per:
        entry["per"] = per
    for key in LINKS:
        if entry.get(key) not in known and "." not in entry.get(key, ""):
            entry.pop(key, None)
    if "recalls" not in entry:
        entry.pop("recalls_of", None)


def _without_mention(entry: Mapping[str, Any], gone: str, options: Any) -> dict[str, Any]:
    kept = dict(entry)
    for key in ("options_from", "from"):
        if kept.get(key) == gone:
            del kept[key]
            if options:
                kept["options"] = dict(options)
    for key in ("guess_of", "recalls"):
        if kept.get(key) == gone:
            del kept[key]
    if gone in kept.get("per", ()):
        kept["per"] = [one for one in kept["per"] if one != gone]
    return kept


def _with_groups(draft: Draft, groups: Mapping[str, Group]) -> dict[str, Any]:
    new = {
        name: {"whose": group.whose.value, "prompts": list(group.prompts)} for name, group in groups.items()
    }
    return {**draft, "groups": {**draft.get("groups", {}), **new}}


def _draft(head: dict[str, Any], prompts: list[dict[str, Any]]) -> dict[str, Any]:
    return {"exercise": head, "prompts": prompts}


def _stage(entry: Mapping[str, Any]) -> int:
    return int(entry.get("stage", 1))


def _place(draft: Draft, prompt_id: str) -> int:
    for place, one in enumerate(draft["prompts"]):
        if one["id"] == prompt_id:
            return place
    raise LookupError(prompt_id)
