"""The pathways that come with the portal, to be started or copied. Made of exercises that ship with it."""

from dataclasses import dataclass

from flask_babel import lazy_gettext as _l

from portal.homework.models import TaskKind
from portal.pathways.rules import Delivery, Rule


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """One step before it belongs to anything. `is_in_session`, `due_days`: as in `models.StepFields`."""

    kind: str
    task_id: str
    rule: Rule
    is_in_session: bool = False
    due_days: int | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """A pathway before it is anybody's. `key`: of a shipped one its name, of a template its id."""

    key: str
    title: str
    purpose: str
    steps: tuple[PlannedStep, ...]


def _exercise(task_id: str, rule: Rule, **more: int) -> PlannedStep:
    return PlannedStep(TaskKind.EXERCISE.value, task_id, rule, due_days=more.get("due_days"))


AFTER = Rule(Delivery.AFTER_PREVIOUS)


def shipped() -> tuple[Plan, ...]:
    """Give them in the reader's language, the first from values to one shared goal (product.md S4)."""
    return (
        Plan(
            "values-to-goal",
            str(_l("From values to one shared goal")),
            str(
                _l(
                    "Talk about values, name personal goals, choose one shared goal, and look at it again after a month."
                )
            ),
            (
                _exercise("values-compass", Rule(Delivery.AT_ONCE), due_days=7),
                _exercise("my-goals-our-overlap", AFTER, due_days=10),
                _exercise("one-shared-goal", AFTER, due_days=10),
                _exercise("revisit-and-revise", Rule(Delivery.AFTER_DAYS, days=30, hour=9), due_days=7),
            ),
        ),
        Plan(
            "weekly-start",
            str(_l("A calm start, week by week")),
            str(_l("One small conversation each Monday, so that nobody is handed a pile.")),
            (
                _exercise("values-compass", Rule(Delivery.AT_ONCE), due_days=6),
                _exercise("one-shared-goal", Rule(Delivery.WEEKDAY, weekday=0, hour=8), due_days=6),
                _exercise("my-goals-our-overlap", Rule(Delivery.WEEKDAY, weekday=0, hour=8), due_days=6),
            ),
        ),
        Plan(
            "rooting",
            str(_l("Rooting for each other, with a look back")),
            str(
                _l(
                    "Each offers the other one thing for a goal of their own; after a fortnight each says whether it happened."
                )
            ),
            (
                _exercise("rooting-for-you", Rule(Delivery.AT_ONCE), due_days=5),
                _exercise("rooting-two-weeks-on", Rule(Delivery.AFTER_DAYS, days=14, hour=9), due_days=7),
            ),
        ),
    )
