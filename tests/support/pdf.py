"""An invented summary, the template without Flask, and ways to ask a PDF what it holds."""

import io
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from pypdf import PdfReader
from pypdf.generic import ArrayObject, DictionaryObject

from portal.documents.render import render_pdf
from portal.meetings.summary_view import AgreementLine, Remembered, SummaryView, summary_html

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"

SUMMARY = SummaryView(
    practice_name="Common Ground",
    therapist_line="Jane Parker, couples therapy",
    language="en-GB",
    paper="a4",
    names="Ana and Ben",
    session_number=6,
    session_line="Tuesday 17 November 2026, 18:00 to 18:50 (GMT), online, both came",
    focus="You looked for one evening a week that belongs to neither work nor phones, and agreed how December will begin.",
    going_well=(
        "Three of the last four screen-free evenings were kept.",
        "Sunday coffee took place, also in a hard week.",
        "You each asked one question before answering.",
    ),
    working_on=(
        "Starting talks about money earlier in the month.",
        "Saying “not tonight” and staying in the room.",
        "Naming the day when a talk will continue.",
    ),
    remembered=(
        Remembered("a", "Ana", "I want a quiet evening more than a perfect one."),
        Remembered("b", "Ben", "I can be late for the film but not for you."),
    ),
    agreements=(
        AgreementLine("Choose the screen-free evening for December", "Both", "Sunday 29 November"),
        AgreementLine("Find a drawer where two phones can sleep", "Ben", "Saturday 28 November"),
        AgreementLine("Ask about the second ceramics term", "Ana", "Tuesday 1 December"),
    ),
    next_time=(
        "Talking about values: about 20 minutes, each alone.",
        "Check-in on Sundays, whenever coffee is ready.",
    ),
    next_meeting="Tuesday 1 December 2026, 18:00 to 18:50 (GMT), online",
    contact_line="Messages in the portal, usually read within one working day",
    help_notice="If you or someone else is in immediate danger, call your local emergency number. The portal lists help "
    "lines for your country at the foot of every page. It is not watched around the clock.",
    version=2,
    is_superseded=False,
    audience_line="Prepared for both of you. Not a medical report.",
)


def template_renderer() -> Callable[..., str]:
    """Make what `flask.render_template` is to the application, with untranslated texts."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        autoescape=True,
        extensions=["jinja2.ext.i18n"],
    )
    environment.install_null_translations(newstyle=True)  # type: ignore[attr-defined]  # added by the extension

    def render(name: str, **context: object) -> str:
        return environment.get_template(name).render(**context)

    return render


def summary_markup(**changes: Any) -> str:
    return summary_html(replace(SUMMARY, **changes), template_renderer())


def summary_pdf(**changes: Any) -> bytes:
    return render_pdf(summary_markup(**changes), language="en-GB")


def reader_of(pdf: bytes) -> PdfReader:
    return PdfReader(io.BytesIO(pdf), strict=True)


def text_of(pdf: bytes) -> str:
    return "\n".join(page.extract_text() for page in reader_of(pdf).pages)


def root_of(reader: PdfReader) -> Any:
    """Return the catalogue; `Any`, because a PDF object may be of every kind."""
    return reader.root_object


def elements_of(reader: PdfReader) -> Iterator[Any]:
    """Walk the structure tree in reading order."""
    yield from _walk(root_of(reader)["/StructTreeRoot"]["/K"])


def _walk(kids: Any) -> Iterator[Any]:
    kids = kids.get_object() if kids is not None else ArrayObject()
    for kid in kids if isinstance(kids, ArrayObject) else [kids]:
        element = kid.get_object()
        if isinstance(element, DictionaryObject) and "/S" in element:
            yield element
            yield from _walk(element.get("/K"))


def tags_of(reader: PdfReader) -> list[str]:
    return [str(element["/S"]) for element in elements_of(reader)]


def every_object(reader: PdfReader) -> Iterator[Any]:
    """Go through the file's objects, whether anything points to them or not."""
    in_the_open = {number for generation in reader.xref.values() for number in generation}
    for number in sorted(in_the_open | set(reader.xref_objStm)):
        found = reader.get_object(number)
        if found is not None:
            yield found
