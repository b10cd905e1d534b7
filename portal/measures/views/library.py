"""The practice's shelf of published questionnaires: what each is, and the words that the owner brings for it."""

from dataclasses import dataclass
from http import HTTPStatus

from flask import Response, make_response, request, url_for
from flask.typing import ResponseReturnValue

from portal.accounts.rescue import hand_back
from portal.clock import utc_now
from portal.files.forms import FORM_BYTES
from portal.measures.definition import keys
from portal.measures.forms import BringForm, FiguresForm
from portal.measures.imports import MOST_BYTES, FileRefused, read_file, skeleton
from portal.measures.models import MeasureWording
from portal.measures.queries import current_wordings, get_key, own_figures, wordings_of
from portal.measures.rules import WordingOlder
from portal.measures.saying import flaw_words, reach_words
from portal.measures.service import keep_wording, retire_wording, set_figures
from portal.measures.views.blueprint import blueprint
from portal.people.queries import get_self
from portal.psychometrics.instrument import Instrument
from portal.security.gate import requires
from portal.security.login import current_member
from portal.security.permissions import Permission
from portal.transaction import current_session, transaction
from portal.web.forms import Form
from portal.web.htmx import redirect_to, render


@dataclass(frozen=True, slots=True)
class Shelved:
    """One questionnaire of the list, with the words that can be given at present."""

    key: Instrument
    wording: MeasureWording | None


@dataclass(frozen=True, slots=True)
class Said:
    """One problem of a file, for the report."""

    line: int | None
    item: str
    sentence: str


@blueprint.get("/practice/questionnaires")
@requires(Permission.MEASURES_SHELF_VIEW)
def shelf() -> ResponseReturnValue:
    """List what there is: what it measures, how long it takes, for whom, and whether its words are here."""
    found = current_wordings(current_session())
    shelved = [Shelved(key, found.get(key.id)) for key in keys().values()]
    return render("measures/shelf.html", shelved=shelved)


@blueprint.get("/practice/questionnaires/<key_id>")
@requires(Permission.MEASURES_SHELF_VIEW)
def one(key_id: str) -> ResponseReturnValue:
    """Show one questionnaire: its key with all sources, its licence, its words in all versions."""
    return _one(get_key(key_id), BringForm(formdata=None), FiguresForm(formdata=None))


@blueprint.get("/practice/questionnaires/<key_id>/empty.toml")
@requires(Permission.MEASURES_SHELF_VIEW)
def empty_file(key_id: str) -> ResponseReturnValue:
    """Hand out the empty file that is to be filled in."""
    response = make_response(skeleton(get_key(key_id)))
    response.headers["Content-Type"] = "application/toml; charset=utf-8"
    response.headers["Content-Disposition"] = f'attachment; filename="{key_id}.toml"'
    return response


@blueprint.post("/practice/questionnaires/<key_id>")
@requires(Permission.MEASURES_WORDING_IMPORT, keeps_typed=True, rescue=hand_back, most_bytes=MOST_BYTES * 8 + FORM_BYTES)  # fmt: skip
def bring(key_id: str) -> ResponseReturnValue:
    """Take a file with words, whole or not at all, with what was confirmed about the licence."""
    key, form = get_key(key_id), BringForm()
    is_sound = form.validate()
    sent = request.files.get("file")
    try:
        wording = read_file(key, sent.read(MOST_BYTES + 1) if sent else b"")
    except FileRefused as refused:
        return _one(key, form, FiguresForm(formdata=None), refused, HTTPStatus.UNPROCESSABLE_ENTITY)
    if not is_sound:
        return _one(key, form, FiguresForm(formdata=None), status=HTTPStatus.UNPROCESSABLE_ENTITY)
    with transaction() as session:
        keep_wording(session, current_member(), key_id, wording, form.to_licence())
    return redirect_to(url_for("measures.one", key_id=key_id))


@blueprint.post("/practice/questionnaires/<key_id>/retire/<int:version>")
@requires(Permission.MEASURES_WORDING_IMPORT)
def retire(key_id: str, version: int) -> ResponseReturnValue:
    """Let the words be given to nobody from now on."""
    get_key(key_id)
    try:
        with transaction() as session:
            retire_wording(session, current_member(), key_id, version, now=utc_now())
    except WordingOlder:
        return _one(get_key(key_id), BringForm(formdata=None), FiguresForm(formdata=None), status=409)
    return redirect_to(url_for("measures.one", key_id=key_id))


@blueprint.post("/practice/questionnaires/<key_id>/figures")
@requires(Permission.MEASURES_WORDING_IMPORT, keeps_typed=True)
def figures(key_id: str) -> ResponseReturnValue:
    """Let figures of the practice's own decide about change."""
    key, form = get_key(key_id), FiguresForm()
    if key.threshold is not None or not form.validate():
        return _one(key, BringForm(formdata=None), form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    with transaction() as session:
        set_figures(
            session, current_member(), key_id, deviation=float(form.deviation.data),
            reliability=float(form.reliability.data), citation=form.citation.data,
        )  # fmt: skip
    return redirect_to(url_for("measures.one", key_id=key_id))


@blueprint.post("/practice/questionnaires/<key_id>/figures/published")
@requires(Permission.MEASURES_WORDING_IMPORT)
def published_figures(key_id: str) -> ResponseReturnValue:
    """Let the published figures decide again."""
    with transaction() as session:
        set_figures(session, current_member(), key_id, deviation=None, reliability=None, citation="")
    return redirect_to(url_for("measures.one", key_id=key_id))


def _one(
    key: Instrument,
    form: BringForm,
    figures_form: FiguresForm,
    refused: FileRefused | None = None,
    status: int = 200,
) -> Response:
    session = current_session()
    wordings = wordings_of(session, key.id)
    current = wordings[0] if wordings and wordings[0].retired_at is None else None
    problems = [Said(one.line, one.item, flaw_words(one)) for one in refused.problems] if refused else []
    return render(
        "measures/one.html",
        key=key,
        form=form,
        figures_form=figures_form,
        plain_form=Form(),
        problems=problems,
        is_cut=refused.is_cut if refused else False,
        wordings=wordings,
        current=current,
        own=own_figures(session).get(key.id),
        reach_words=reach_words,
        zone=get_self(session, current_member()).zone,
        status=status,
    )
