"""The eight individual questions, in our own words (clinical specification 7.2). Not validated, never scored. Pure.

The same for everybody, all at once: no answer lengthens, shortens or changes the form.
"""

from dataclasses import dataclass

MINUTES = 5


@dataclass(frozen=True, slots=True)
class Question:
    """One question, answered with yes, no or "prefer not to say"."""

    id: str
    text: str


QUESTIONS = (
    Question("s1", "Is there anything about being at home or with your partner that makes you feel unsafe?"),
    Question(
        "s2", "Have you been pushed, hit, held against your will or hurt in another way by your partner?"
    ),
    Question(
        "s3",
        "Are you sometimes afraid of how your partner may react to what you say, also to what you say here?",
    ),
    Question("s4", "Does someone check or limit your phone, your money, where you go or whom you meet?"),
    Question("s5", "Have you been pressed into sex or touch that you did not want?"),
    Question("s6", "Have you yourself done any of these things to your partner?"),
    Question("s7", "Is it safe for your therapist to contact you?"),
    Question("s8", "Would you like to talk with your therapist alone?"),
)
