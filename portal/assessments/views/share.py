"""Choosing what the partner may see of one's own sitting, seeing exactly that first."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

from flask import Response, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.assessments.drawing import band_word
from portal.assessments.forms import ShareForm, share_form
from portal.assessments.saying import answer_words, in_sentence
from portal.assessments.service import NotAsSeen, fingerprint, preview
from portal.assessments.service import share as share_sitting
from portal.assessments.sharing import ReleaseRefused, Shared, shared_from_rows
from portal.assessments.views.blueprint import blueprint
from portal.assessments.views.frame import ReadinessSitting, own_sitting
from portal.clock import utc_now
from portal.errors import NotFound
from portal.homework.rules import SHOWN, NotFinished
from portal.security.gate import requires
from portal.security.login import current_member
from portal.security.permissions import Permission
from portal.transaction import current_session, transaction
from portal.web.htmx import redirect_to, render


@blueprint.get("/questions/<uuid:response_id>/share")
@requires(Permission.HOMEWORK_TASK_WORK)
def choose(response_id: UUID) -> ResponseReturnValue:
    """Offer the choice; once it is shared, say what, and what happens next, the same words whatever the other did."""
    sitting = _sitting_for_two(response_id)
    if sitting.is_shared:
        rows = {name: row.value for name, row in sitting.rows.items() if name.startswith(SHOWN)}
        shared = shared_from_rows(sitting.test, rows)
        return render("assessments/shared.html", sitting=sitting, **_in_words(sitting, shared))
    if not sitting.may_be_shared:
        return redirect_to(url_for("assessments.start", response_id=response_id))
    return _choice(sitting, share_form(sitting.test, sitting.answers))


@blueprint.post("/questions/<uuid:response_id>/share")
@requires(Permission.HOMEWORK_TASK_WORK, keeps_typed=True)
def share(response_id: UUID) -> ResponseReturnValue:
    """Show what a choice comes to, or share it as it was seen."""
    sitting = _sitting_for_two(response_id)
    if not sitting.may_be_shared:
        raise NotFinished(str(response_id))
    form = share_form(sitting.test, sitting.answers)
    if not form.validate():
        return _choice(sitting, form, HTTPStatus.UNPROCESSABLE_ENTITY)
    if request.form.get("go") == "change":
        return _choice(sitting, form)
    try:
        if request.form.get("go") == "share":
            return _share(sitting, form)
        return _preview(sitting, form)
    except ReleaseRefused as refused:
        form.form_errors.append(_why_not(sitting, refused))
        return _choice(sitting, form, HTTPStatus.UNPROCESSABLE_ENTITY)
    except NotAsSeen:
        return _preview(_sitting_for_two(response_id), form, HTTPStatus.CONFLICT)


def _sitting_for_two(response_id: UUID) -> ReadinessSitting:
    sitting = own_sitting(response_id)
    if not sitting.is_for_two:
        raise NotFound(str(response_id))
    return sitting


def _share(sitting: ReadinessSitting, form: ShareForm) -> Response:
    with transaction() as session:
        share_sitting(
            session,
            current_member(),
            sitting.response.id,
            domain_ids=form.domain_ids,
            item_ids=form.item_ids,
            seen=form.seen.data or "",
            now=utc_now(),
        )
    return redirect_to(url_for("assessments.choose", response_id=sitting.response.id))


def _choice(sitting: ReadinessSitting, form: ShareForm, status: int = 200) -> Response:
    shown = set(form.domain_ids) | {value for value, *_rest in form.domains.choices}
    without_words = [one for one in sitting.test.domains if one.id not in shown]
    return render(
        "assessments/share.html", status=status, sitting=sitting, form=form, without_words=without_words
    )


def _preview(sitting: ReadinessSitting, form: ShareForm, status: int = 200) -> Response:
    shared = preview(
        current_session(),
        current_member(),
        sitting.response.id,
        domain_ids=form.domain_ids,
        item_ids=form.item_ids,
    )
    return render(
        "assessments/share_preview.html",
        status=status,
        sitting=sitting,
        form=form,
        seen=fingerprint(shared),
        **_in_words(sitting, shared),
    )


def _in_words(sitting: ReadinessSitting, shared: Shared) -> dict[str, Any]:
    """Say what is shared as the partner will read it: areas with their words, single answers with theirs."""
    test = sitting.test
    bands = [
        (str(_(one.title)), band_word(shared.bands[one.id])) for one in test.domains if one.id in shared.bands
    ]
    singles = [
        (str(_(item.text)), answer_words(test, item, shared.items[item.id]))
        for item in test.items
        if item.id in shared.items
    ]
    return {"bands": bands, "singles": singles}


def _why_not(sitting: ReadinessSitting, refused: ReleaseRefused) -> str:
    """Say to its author why a choice cannot be shared as it is."""
    told = [one for one in sitting.test.domains if refused.told_ids & {item.id for item in one.items}]
    if not told:
        return str(_("One of these answers is never shared. Please choose among what is shown here."))
    return str(
        _(
            "With these single answers beside the words for %(areas)s, another answer of yours could be worked out. "
            "Please share fewer single answers there, or leave out the words for the area.",
            areas=", ".join(in_sentence(one) for one in told),
        )
    )
