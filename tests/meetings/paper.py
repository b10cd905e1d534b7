"""The invented summary with what it quotes: a line of each, one of both, and the map."""

from dataclasses import replace

from portal.assessments.map_view import NOWHERE, Lane, MapView
from portal.meetings.summary_view import Quoted, ShownMap, Voice
from tests.support.pdf import SUMMARY

BANDS = ("Early talks", "Taking shape", "Well under way", "Firm ground")
SILENT = Lane(
    "FAM", "Family life", NOWHERE, NOWHERE, "Not discussed", "Not discussed", "not_discussed", "Not discussed",
    "Family life. Not discussed yet.",
)  # fmt: skip


def lane(number: int, title: str, a: int, b: int, zone: str = "seen_alike") -> Lane:
    """Draw one domain."""
    sentence = f"{title}. Ana: {BANDS[a].lower()}. Ben: {BANDS[b].lower()}."
    return Lane(
        f"D{number}", title, a, b, BANDS[a], BANDS[b], zone, zone.replace("_", " ").capitalize(), sentence
    )


LANES = (
    lane(1, "Values", 3, 2, "shared_strength"),
    lane(2, "Expectations", 2, 2, "shared_strength"),
    lane(3, "Finances", 3, 3, "shared_strength"),
    lane(4, "Autonomy and togetherness", 1, 2),
    lane(5, "Vision for the future", 1, 1, "both_see_room"),
    lane(6, "Communication and repair", 0, 3, "seen_differently"),
    lane(7, "Rituals and accountability", 0, 2, "agree_to_differ"),
    SILENT,
)
SHOWN_MAP = ShownMap(
    MapView("Ana", "Ben", BANDS, LANES, ()),
    "Relationship Readiness Test, opened to both on Tuesday 17 November 2026.",
    "This is a reflection aid written by the project. It has not been validated, has no norms, and does not diagnose or "
    "predict. Answers describe one moment.",
)
QUOTING = replace(
    SUMMARY,
    voices=(
        Voice(
            "a",
            "Ana",
            (Quoted("A goal of mine for the next 12 months", "Half a marathon, or the feeling of it."),),
        ),
        Voice(
            "b",
            "Ben",
            (Quoted("A goal of mine for the next 12 months", "To cook on Thursdays, without a phone near."),),
        ),
    ),
    together=(Quoted("The one we choose", "Four screen-free evenings by Christmas."),),
    shown_map=SHOWN_MAP,
)
