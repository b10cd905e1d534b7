"""The author's side: the list of own articles, and the page on which one is written."""

from typing import Any
from uuid import UUID

from flask import Response, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.accounts.rescue import hand_back
from portal.blog.forms import PostForm, words_of
from portal.blog.models import Post
from portal.blog.queries import get_own_post, list_own_posts, list_shelf
from portal.blog.rules import (
    AddressKept,
    AddressTaken,
    PostKept,
    PostSavedElsewhere,
    Standing,
    standing_of,
)
from portal.blog.service import begin_post, delete_draft, save_post, set_publication
from portal.blog.views.area import blueprint, shown
from portal.clock import utc_now
from portal.errors import Conflict, Invalid, NotFound
from portal.practice.queries import find_profile, get_practice
from portal.security.gate import requires
from portal.security.login import current_member
from portal.security.permissions import Permission
from portal.transaction import ConstraintViolated, current_session, transaction
from portal.web.htmx import redirect_to, render

CONFLICT, INVALID = 409, 422


@blueprint.get("/desk/articles")
@requires(Permission.BLOG_POST_WRITE)
def desk() -> ResponseReturnValue:
    """List what the author has written: drafts, what waits for its time, what is published."""
    return _desk_page()


@blueprint.route("/desk/articles/new", methods=["GET", "POST"])
@requires(Permission.BLOG_POST_WRITE, keeps_typed=True, rescue=hand_back)
def begin() -> ResponseReturnValue:
    """Write a new article."""
    viewer, session = current_member(), current_session()
    author = find_profile(session, viewer)
    if author is None:
        return redirect_to(url_for("practice.profile"))
    form = _form(None)
    if not _is_to_save(form):
        return _editor(form, None, _status(form))
    try:
        with transaction() as session:
            post = begin_post(session, viewer, author, form.to_words())
            _publish(session, post, form)
    except (AddressTaken, ConstraintViolated) as refusal:
        return _refused(form, None, refusal)
    return redirect_to(url_for("blog.edit", post_id=post.id))


@blueprint.route("/desk/articles/<uuid:post_id>", methods=["GET", "POST"])
@requires(Permission.BLOG_POST_WRITE, keeps_typed=True, rescue=hand_back)
def edit(post_id: UUID) -> ResponseReturnValue:
    """Go on with an article; what another window saved meanwhile is shown beside what was typed here."""
    viewer = current_member()
    post = get_own_post(current_session(), viewer, post_id)
    form = _form(post)
    if not _is_to_save(form):
        return _editor(form, post, _status(form))
    try:
        with transaction() as session:
            saved = save_post(
                session, viewer, post_id, form.to_words(), seen_version=form.seen_version, now=utc_now()
            )
            _publish(session, saved, form)
    except (PostSavedElsewhere, AddressKept, AddressTaken, ConstraintViolated) as refusal:
        return _refused(form, get_own_post(current_session(), viewer, post_id), refusal)
    return redirect_to(url_for("blog.edit", post_id=post_id))


@blueprint.get("/desk/articles/<uuid:post_id>/preview")
@requires(Permission.BLOG_POST_WRITE)
def preview(post_id: UUID) -> ResponseReturnValue:
    """Show an article as readers will see it, to its author alone."""
    session = current_session()
    post = get_own_post(session, current_member(), post_id)
    zone = get_practice(session).zone
    return render(
        "blog/preview.html", shown=shown(post, zone), standing=standing_of(post.published_at, utc_now())
    )


@blueprint.post("/desk/articles/<uuid:post_id>/withdraw")
@requires(Permission.BLOG_POST_WRITE)
def withdraw(post_id: UUID) -> ResponseReturnValue:
    """Take an article back to the drafts."""
    try:
        with transaction() as session:
            set_publication(
                session, current_member(), post_id, None, seen_version=_seen_version(), now=utc_now()
            )
    except PostSavedElsewhere as refusal:
        return _desk_page(refusal)
    return redirect_to(url_for("blog.desk"))


@blueprint.post("/desk/articles/<uuid:post_id>/delete")
@requires(Permission.BLOG_POST_WRITE)
def delete(post_id: UUID) -> ResponseReturnValue:
    """Delete a draft."""
    try:
        with transaction() as session:
            delete_draft(session, current_member(), post_id, seen_version=_seen_version())
    except (PostKept, PostSavedElsewhere) as refusal:
        return _desk_page(refusal)
    return redirect_to(url_for("blog.desk"))


def _act() -> str:
    return request.form.get("act", "save")


def _seen_version() -> int:
    return PostForm().seen_version


def _form(post: Post | None) -> PostForm:
    # What a sent form lacks is empty, not as it was saved.
    form = PostForm(**words_of(post)) if post is not None and request.method == "GET" else PostForm()
    form.offer_covers(list_shelf(current_session()), post.cover_id if post is not None else None)
    return form


def _is_to_save(form: PostForm) -> bool:
    """Tell whether a whole form was sent, and not to be looked at only."""
    if not form.is_submitted() or _act() == "preview":
        return False
    return bool(form.validate()) and _has_time(form)


def _has_time(form: PostForm) -> bool:
    """Tell whether the time to publish at can be read, should it be asked for."""
    return _act() != "schedule" or form.instant(_zone(), utc_now()) is not None


def _publish(session: Any, post: Post, form: PostForm) -> None:
    """Publish what was just saved, in the same transaction, if the button said so."""
    now = utc_now()
    at = {"publish": now, "schedule": form.instant(_zone(), now) if _act() == "schedule" else None}.get(
        _act()
    )
    if at is not None and not (
        _act() == "publish" and standing_of(post.published_at, now) is Standing.PUBLISHED
    ):
        set_publication(session, current_member(), post.id, at, seen_version=post.edit_version, now=now)


def _zone() -> str:
    return get_practice(current_session()).zone


def _status(form: PostForm) -> int:
    return INVALID if form.errors else 200


def _refused(form: PostForm, post: Post | None, refusal: Conflict | Invalid) -> Response:
    match refusal:
        case PostSavedElsewhere() if post is not None:
            form.version.data = str(post.edit_version)
            return _editor(form, post, CONFLICT, is_conflict=True)
        case AddressKept():
            form.add_error(
                "slug",
                _(
                    "This article is published, and links lead to its address. Withdraw it first if it must change."
                ),
            )
            return _editor(form, post, INVALID)
    form.add_error("slug", _("Another article has this address. Please choose a different one."))
    return _editor(form, post, CONFLICT)


def _editor(form: PostForm, post: Post | None, status: int = 200, *, is_conflict: bool = False) -> Response:
    is_preview = form.is_submitted() and _act() == "preview"
    return render(
        "blog/write.html",
        fragment="blog/_preview.html" if is_preview else None,
        status=status,
        form=form,
        post=post,
        standing=standing_of(post.published_at if post else None, utc_now()),
        zone=_zone(),
        shelf=list_shelf(current_session()),
        is_conflict=is_conflict,
        saved_words=words_of(post) if post is not None and is_conflict else {},
        previewed=_previewed(form) if is_preview else None,
    )


def _previewed(form: PostForm) -> Any:
    draft = Post(
        title=form.title.data or _("Without a title yet"),
        lead=form.lead.data or "",
        body=form.body.data or "",
    )
    return shown(draft, _zone())


def _desk_page(refusal: Conflict | NotFound | None = None) -> Response:
    session, viewer, now = current_session(), current_member(), utc_now()
    posts = list_own_posts(session, viewer)
    groups = {one: [post for post in posts if standing_of(post.published_at, now) is one] for one in Standing}
    return render(
        "blog/desk.html",
        status=CONFLICT if refusal else 200,
        groups=groups,
        Standing=Standing,
        zone=_zone(),
        has_profile=find_profile(session, viewer) is not None,
        is_kept=isinstance(refusal, PostKept),
        was_saved_elsewhere=isinstance(refusal, PostSavedElsewhere),
    )
