"""What a form says of an item, and the time that went into a sitting. Pure."""

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import pairwise

from portal.psychometrics.items import Absent, Answer, AnswersRefused, Item, check_answer

LONGEST_STRETCH = timedelta(minutes=30)  # more between two answers was a pause


def read_typed(item: Item, typed: str) -> Answer:
    """Read what a form says of one item: a whole number of its range, or a reason for none. Raises AnswersRefused."""
    value: object = int(typed) if re.fullmatch("[0-9]{1,3}", typed) else typed
    answer = check_answer(item, value)
    if answer is Absent.NOT_ANSWERED:  # the absence of a row, and nothing that could be chosen
        raise AnswersRefused([item.id])
    return answer


def seconds_spent(begun_at: datetime | None, saved_at: Iterable[datetime]) -> int | None:
    """Measure a sitting from its own instants, as the server saw them: from the beginning to the last answer saved.

    A stretch without a save counts for half an hour at most. None when the beginning was not seen, or nothing was saved.
    """
    instants = sorted(saved_at)
    if begun_at is None or not instants or instants[0] <= begun_at:
        return None
    stretches = (later - earlier for earlier, later in pairwise([begun_at, *instants]))
    spent = sum((min(one, LONGEST_STRETCH) for one in stretches), timedelta())
    return int(spent.total_seconds())
