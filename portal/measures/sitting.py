"""One person's sitting as it is stored, and what it came to: its pages, and a frozen result. Pure."""

import json
import re
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from portal.psychometrics.instrument import Instrument, KeyItem
from portal.psychometrics.items import Absent, Answer, AnswersRefused, Flag, Item, Status, check_answer
from portal.psychometrics.results import Result, ScaleScore
from portal.psychometrics.scoring import Basis

ITEMS_A_PAGE = 9  # a screen or two; the longest questionnaire has four pages
LEFT_OUT = Absent.PREFER_NOT_TO_SAY  # chosen by hand; for a score the same as no answer


def pages_of(key: Instrument) -> list[Sequence[KeyItem]]:
    """Lay a questionnaire out in pages of about the same length, in printed order."""
    number = -(-len(key.items) // ITEMS_A_PAGE)
    size = -(-len(key.items) // number)
    return [key.items[start : start + size] for start in range(0, len(key.items), size)]


def read_typed(item: Item, typed: str) -> Answer:
    """Read what a form says of one item: the score beside a place, or that it is left out. Raises AnswersRefused."""
    if typed == LEFT_OUT.value:
        return LEFT_OUT
    if not re.fullmatch("[0-9]{1,2}", typed):
        raise AnswersRefused([item.id])
    return check_answer(item, int(typed))


def result_json(result: Result) -> str:
    """Write a result for keeping."""
    data = asdict(result)
    data["basis"]["scored_at"] = result.basis.scored_at.isoformat()
    return json.dumps(data, sort_keys=True)


def result_from_json(text: str) -> Result:
    """Read a kept result, as it was on the day."""
    data = json.loads(text)
    basis = Basis(**{**data["basis"], "scored_at": datetime.fromisoformat(data["basis"]["scored_at"])})
    scales = tuple(
        ScaleScore(**{**one, "status": Status(one["status"]), "flags": tuple(map(Flag, one["flags"]))})
        for one in data["scales"]
    )
    return Result(basis, scales, tuple(map(Flag, data["flags"])))
