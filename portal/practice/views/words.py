"""The pages on which the practice writes its public words and pages."""

from dataclasses import asdict

from flask import Response, request, url_for
from flask.typing import ResponseReturnValue

from portal.accounts.rescue import hand_back
from portal.clock import utc_now
from portal.errors import NotFound
from portal.practice.forms import PageForm, WordsForm
from portal.practice.models import PageKind
from portal.practice.pages import TITLES, default_page
from portal.practice.queries import find_page_text, get_practice, page_texts
from portal.practice.rules import PublicWords
from portal.practice.service import change_words, restore_page, write_page
from portal.practice.views.area import blueprint
from portal.security.gate import requires
from portal.security.login import current_member
from portal.security.permissions import Permission
from portal.transaction import current_session, transaction
from portal.web.htmx import redirect_to, render


@blueprint.route("/practice/words", methods=["GET", "POST"])
@requires(Permission.PRACTICE_PAGES_EDIT, keeps_typed=True, rescue=hand_back)
def words() -> ResponseReturnValue:
    """Write what the practice says of itself, and find the pages to write."""
    practice = get_practice(current_session())
    saved = PublicWords(
        practice.name, practice.tagline, practice.about, practice.contact_line, practice.security_contact, practice.currency
    )  # fmt: skip
    form = WordsForm(**(asdict(saved) if request.method == "GET" else {}))
    if not form.is_submitted():
        return _words_page(form)
    if not form.validate():
        return _words_page(form, 422)
    with transaction() as session:
        change_words(
            session, current_member(), PublicWords(**{name: form[name].data for name in asdict(saved)})
        )
    return redirect_to(url_for("practice.words"))


@blueprint.route("/practice/pages/<kind>", methods=["GET", "POST"])
@requires(Permission.PRACTICE_PAGES_EDIT, keeps_typed=True, rescue=hand_back)
def page(kind: str) -> ResponseReturnValue:
    """Write one public page."""
    wanted = _kind(kind)
    session = current_session()
    text = find_page_text(session, wanted)
    body = text.body if text is not None else default_page(wanted, get_practice(session))
    form = PageForm(body=body if request.method == "GET" else "")
    if not form.is_submitted():
        return _text_page(form, wanted, is_ours=text is None)
    if not form.validate():
        return _text_page(form, wanted, is_ours=text is None, status=422)
    with transaction() as session:
        write_page(session, current_member(), wanted, form.body.data, utc_now())
    return redirect_to(url_for("practice.page", kind=kind))


@blueprint.post("/practice/pages/<kind>/restore")
@requires(Permission.PRACTICE_PAGES_EDIT)
def restore(kind: str) -> ResponseReturnValue:
    """Go back to our own text of a page."""
    wanted = _kind(kind)
    with transaction() as session:
        restore_page(session, current_member(), wanted)
    return redirect_to(url_for("practice.page", kind=kind))


def _kind(text: str) -> PageKind:
    try:
        return PageKind(text)
    except ValueError:
        raise NotFound("page") from None


def _words_page(form: WordsForm, status: int = 200) -> Response:
    own = page_texts(current_session())
    return render(
        "practice/words.html",
        form=form,
        pages=[(kind, TITLES[kind], kind in own) for kind in PageKind],
        status=status,
    )


def _text_page(form: PageForm, kind: PageKind, *, is_ours: bool, status: int = 200) -> Response:
    return render(
        "practice/page.html", form=form, kind=kind, page_title=TITLES[kind], is_ours=is_ours, status=status
    )
