"""Where couples come from: a page and a file of numbers for therapists and the owner."""

import csv
import io
from datetime import date
from typing import Any

from flask import Response, make_response, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.booking.report import Line, Report, Stage, Which, months_before, read_report
from portal.booking.small_numbers import LEAST_SHOWN
from portal.booking.views.area import blueprint
from portal.clock import utc_now
from portal.marks import NO_SOURCE
from portal.security.gate import requires
from portal.security.login import current_member
from portal.security.permissions import Permission
from portal.transaction import current_session
from portal.web.htmx import render

FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what spreadsheets take for the beginning of a formula (INP-06)


@blueprint.get("/practice/sources")
@requires(Permission.SOURCES_REPORT_VIEW)
def report() -> ResponseReturnValue:
    """Show which articles and links bring couples, as a picture and as a table."""
    which, months, month = _asked()
    found = _read(which, months, month)
    return render(
        "booking/report.html",
        report=found,
        which=which,
        months=months[::-1],
        month=month,
        labels=_labels(),
        bars=_bars(found),
        is_empty=not any(total.number or total.number is None for total in found.totals),
        name_of=name_of,
        least=LEAST_SHOWN,
    )


@blueprint.get("/practice/sources.csv")
@requires(Permission.SOURCES_REPORT_VIEW)
def report_file() -> Response:
    """Hand the table out as a file for a spreadsheet, with the same numbers hidden."""
    which, months, month = _asked()
    found, labels = _read(which, months, month), _labels()
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow([_("Source"), _("Leads to"), *(labels[stage] for stage in found.stages)])
    for line in found.lines:
        numbers = [_written(line.numbers[stage]) for stage in found.stages]
        rows.writerow([as_text(name_of(line)), as_text(line.post_title), *numbers])
    response = make_response("\ufeff" + text.getvalue())  # the mark tells spreadsheets that it is UTF-8
    response.headers["Content-Type"] = "text/csv; charset=utf-8"
    response.headers["Content-Disposition"] = 'attachment; filename="sources.csv"'
    return response


def as_text(words: str) -> str:
    """Keep a spreadsheet from taking words for a formula."""
    return f"'{words}" if words.startswith(FORMULA) else words


def name_of(line: Line) -> str:
    """Name a source; one of which nothing is known any more is told from those who came by no link of ours."""
    if line.source == NO_SOURCE:
        return str(_("No article or link"))
    return line.name or str(_("No longer there"))


def _written(number: int | None) -> str:
    return str(_("hidden")) if number is None else str(number)


def _asked() -> tuple[Which, list[date], date | None]:
    """Read what the address asks for; whatever is not on offer becomes the first of what is."""
    months = months_before(utc_now().date())
    by_name = {f"{day:%Y-%m}": day for day in months}
    which = Which.FIRST if request.args.get("touch") == Which.FIRST else Which.LAST
    return which, months, by_name.get(request.args.get("month", ""))


def _read(which: Which, months: list[date], month: date | None) -> Report:
    return read_report(current_session(), current_member(), which=which, months=months, month=month)


def _labels() -> dict[Stage, str]:
    return {
        Stage.READ: _("Articles read"),
        Stage.SEEN: _("Form seen elsewhere"),
        Stage.TESTED: _("Tests taken"),
        Stage.BOOKED: _("Booked"),
        Stage.CAME: _("Came"),
        Stage.CLIENT: _("Became clients"),
    }


def _bars(found: Report) -> list[dict[str, Any]]:
    """Give each stage's bar: its share of the longest, in thousandths, at least a hair if there is anything at all."""
    longest = max((total.number or 0 for total in found.totals), default=0)
    return [
        {
            "total": total,
            "width": max(round(1000 * total.number / longest), 4) if total.number and longest else 0,
        }
        for total in found.totals
    ]
