"""Sums in the practice's currency: bands such as "50-150" are written without one, because each practice has its own."""

import re
import unicodedata
from dataclasses import replace
from typing import Any

from babel.numbers import format_currency, get_currency_symbol
from sqlalchemy.orm import Session

from portal.exercises.definition import Exercise, FieldType, Option, Prompt
from portal.extensions import present_locale
from portal.practice.queries import currency_of

SUM = re.compile(r"(?<![\w.,])(?:\d{1,3}(?:,\d{3})+|\d+)(?![\w,]|\.\d)")
CODE = re.compile(r"\b[A-Z]{3}\b")


def priced(session: Session, exercise: Exercise) -> Exercise:
    """Give an exercise with its sums in the currency of the practice; as it is where none was chosen.

    One statement where it asks for sums at all.
    """
    if not any(prompt.type is FieldType.MONEY_RANGE for prompt in exercise.prompts):
        return exercise
    currency = currency_of(session)
    return in_currency(exercise, currency, present_locale()) if currency else exercise


def in_currency(exercise: Exercise, currency: str, locale: Any) -> Exercise:
    """Say each sum of each band in this currency (ISO 4217), as the language writes it. What is stored stays the same."""

    def said(prompt: Prompt) -> Prompt:
        if prompt.type is not FieldType.MONEY_RANGE:
            return prompt
        options = (Option(one.slug, with_currency(one.text, currency, locale)) for one in prompt.options)
        return replace(prompt, options=tuple(options))

    return replace(exercise, prompts=tuple(said(prompt) for prompt in exercise.prompts))


def with_currency(words: str, currency: str, locale: Any) -> str:
    """Say every whole number of a band in a currency, unless its author named one."""
    if names_currency(words):
        return words
    pattern = locale.currency_formats["standard"].pattern.replace(".00", "")
    if get_currency_symbol(currency, locale)[-1:].isalpha():
        pattern = pattern.replace("¤#", "¤\N{NO-BREAK SPACE}#")

    def sum_in_words(found: re.Match[str]) -> str:
        number = int(found[0].replace(",", ""))
        return format_currency(number, currency, pattern, locale, currency_digits=False)

    return SUM.sub(sum_in_words, words)


def names_currency(words: str) -> bool:
    """Tell whether somebody wrote a currency: a sign such as €, or a code such as CHF."""
    return CODE.search(words) is not None or any(unicodedata.category(one) == "Sc" for one in words)
