"""The words of results: a key for each sentence, and its English text to be translated where it is shown. Pure.

Never: pass or fail, compatible or not, a percentage called compatibility, a ranking of two people, a prediction.
"""

from enum import StrEnum

from portal.assessments.joint import Zone
from portal.assessments.readiness import Band
from portal.psychometrics.statistics import Undefined


class Words(StrEnum):
    """Sentences about results. What a text fills in stands in braces."""

    OWN_EARLY_CONVERSATIONS = "own_early_conversations"
    OWN_TAKING_SHAPE = "own_taking_shape"
    OWN_WELL_UNDER_WAY = "own_well_under_way"
    OWN_FIRM_GROUND = "own_firm_ground"
    OWN_STRAIGHT_LINE = "own_straight_line"
    JOINT_STRENGTH = "joint_strength"
    JOINT_ALIKE = "joint_alike"
    JOINT_ROOM = "joint_room"
    JOINT_DIFFERENT = "joint_different"
    JOINT_AGREE_TO_DIFFER = "joint_agree_to_differ"
    JOINT_NOT_DISCUSSED = "joint_not_discussed"
    PREFERENCE_FAR_APART = "preference_far_apart"
    NOT_ENOUGH_ANSWERS = "not_enough_answers"
    IDENTICAL_ANSWERS = "identical_answers"
    NO_AGREEMENT_BEYOND_CHANCE = "no_agreement_beyond_chance"
    TALK_SUGGESTED = "talk_suggested"


TEXTS = {
    Words.OWN_EARLY_CONVERSATIONS: (
        "You describe the conversations about {domain} as just beginning. "
        "That is a common starting point; {exercise} is a gentle first step."
    ),
    Words.OWN_TAKING_SHAPE: "Some of {domain} has been talked through, some is still open.",
    Words.OWN_WELL_UNDER_WAY: "Much of {domain} is already spoken about and lived.",
    Words.OWN_FIRM_GROUND: "You describe {domain} as something you can lean on. Worth protecting: {ritual}.",
    Words.OWN_STRAIGHT_LINE: (
        "Most answers were the same, so we are not showing a summary. "
        "Would you like to look at them again, or talk them through?"
    ),
    Words.JOINT_STRENGTH: "You both describe this as something you can lean on.",
    Words.JOINT_ALIKE: "You see this in a similar way.",
    Words.JOINT_ROOM: "You both see room here - that is already common ground.",
    Words.JOINT_DIFFERENT: (
        "You see this differently. That is not a verdict; it is an invitation to ask each other why."
    ),
    Words.JOINT_AGREE_TO_DIFFER: "You have agreed to see this differently.",
    Words.JOINT_NOT_DISCUSSED: "Not discussed yet.",
    Words.PREFERENCE_FAR_APART: (
        "On “{stem}” your wishes point in different directions. "
        "Before looking for a middle, try listening for the reason behind each wish."
    ),
    Words.NOT_ENOUGH_ANSWERS: "Not enough answers yet.",
    Words.IDENTICAL_ANSWERS: "Identical answers.",
    Words.NO_AGREEMENT_BEYOND_CHANCE: "No agreement beyond chance.",
    Words.TALK_SUGGESTED: "Individual conversation suggested.",
}

OWN_WORDS = {
    Band.EARLY_CONVERSATIONS: Words.OWN_EARLY_CONVERSATIONS,
    Band.TAKING_SHAPE: Words.OWN_TAKING_SHAPE,
    Band.WELL_UNDER_WAY: Words.OWN_WELL_UNDER_WAY,
    Band.FIRM_GROUND: Words.OWN_FIRM_GROUND,
}

ZONE_WORDS = {
    Zone.SHARED_STRENGTH: Words.JOINT_STRENGTH,
    Zone.SEEN_ALIKE: Words.JOINT_ALIKE,
    Zone.BOTH_SEE_ROOM: Words.JOINT_ROOM,
    Zone.SEEN_DIFFERENTLY: Words.JOINT_DIFFERENT,
    Zone.AGREE_TO_DIFFER: Words.JOINT_AGREE_TO_DIFFER,
    Zone.NOT_DISCUSSED: Words.JOINT_NOT_DISCUSSED,
}


def words_for_agreement(icc: float | None, reason: Undefined | None) -> Words | None:
    """The words beside an ICC on the therapist's page: why there is none, or that it is not above chance; else None."""
    if reason is Undefined.IDENTICAL_ANSWERS:
        return Words.IDENTICAL_ANSWERS
    if icc is None:
        return Words.NOT_ENOUGH_ANSWERS
    return Words.NO_AGREEMENT_BEYOND_CHANCE if icc <= 0 else None
