"""The page on which the practice lists the sites that may show the booking, and copies the line for each form."""

from dataclasses import dataclass
from html import escape
from typing import Any
from uuid import UUID

from flask import Response, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.blog.queries import latest_posts
from portal.embed.forms import SiteForm
from portal.embed.queries import get_site, list_sites
from portal.embed.rules import Frame, Theme, parse_colour, site_of
from portal.embed.service import add_site, remove_site
from portal.embed.views.area import blueprint
from portal.security.gate import requires
from portal.security.headers import let_show_frames
from portal.security.login import current_member
from portal.security.permissions import Permission
from portal.sources.queries import list_links
from portal.transaction import ConstraintViolated, current_session, transaction
from portal.web.htmx import redirect_to, render
from portal.web.links import public_link

FORMS = ("inline", "card", "button")
POST, LINK = "post:", "link:"


@dataclass(frozen=True, slots=True)
class Wish:
    """What the code to copy is wished for: a site of the list, a form, a source, and two colours or none."""

    site: str
    form: str
    source: str
    ink: str
    paper: str

    @property
    def theme(self) -> Theme | None:
        """Give the two colours, if both are some."""
        ink, paper = parse_colour(self.ink), parse_colour(self.paper)
        return Theme(ink, paper) if ink and paper else None

    @property
    def named(self) -> dict[str, str]:
        """Give the source as the frame's address names it."""
        kind, _colon, name = self.source.partition(":")
        return {kind: name} if name else {}


@blueprint.get("/practice/embed")
@requires(Permission.BOOKING_FORM_EDIT)
def settings() -> ResponseReturnValue:
    """Show the sites of the list, and the line to copy for one of them."""
    return _page(SiteForm(formdata=None))


@blueprint.post("/practice/embed")
@requires(Permission.BOOKING_FORM_EDIT, keeps_typed=True)
def add() -> ResponseReturnValue:
    """Put a site on the list."""
    form = SiteForm()
    if not form.validate():
        return _page(form, 422)
    try:
        with transaction() as session:
            add_site(session, current_member(), form.parsed)
    except ConstraintViolated:
        form.add_error("origin", _("This site is on the list already."))
        return _page(form, 409)
    return redirect_to(url_for("embed.settings", site=site_of(form.parsed)))


@blueprint.post("/practice/embed/<uuid:origin_id>/remove")
@requires(Permission.BOOKING_FORM_EDIT)
def remove(origin_id: UUID) -> ResponseReturnValue:
    """Take a site off the list."""
    viewer = current_member()
    with transaction() as session:
        remove_site(session, viewer, get_site(session, viewer, origin_id))
    return redirect_to(url_for("embed.settings"))


def _page(form: SiteForm, status: int = 200) -> Response:
    let_show_frames()
    session, viewer = current_session(), current_member()
    sites = list_sites(session, viewer)
    posts, links = latest_posts(session), [one for one in list_links(session, viewer) if not one.retired_at]
    sources = {POST + post.slug: post.title for post in posts} | {LINK + one.code: one.name for one in links}
    wish = _wish([site_of(site.origin) for site in sites], sources)
    theme = wish.theme
    return render(
        "embed/settings.html",
        status=status,
        form=form,
        sites=sites,
        sources=sources,
        wish=wish,
        codes=_codes(wish) if wish.site else {},
        preview=_preview(wish) if wish.site else "",
        is_pale=theme is not None and not theme.is_legible,
    )


def _wish(sites: list[str], sources: dict[str, str]) -> Wish:
    """Read what is wished for; whatever is not on offer becomes the first of what is."""
    said = request.args
    site, form, source = said.get("site", ""), said.get("form", ""), said.get("source", "")
    return Wish(
        site=site if site in sites else next(iter(sites), ""),
        form=form if form in FORMS else FORMS[0],
        source=source if source in sources else "",
        ink=said.get("ink", "") if parse_colour(said.get("ink", "")) else "",
        paper=said.get("paper", "") if parse_colour(said.get("paper", "")) else "",
    )


def _codes(wish: Wish) -> dict[str, str]:
    """Write the line for a script, and the frame for sites that forbid scripts. Attributes hold nothing but our own words."""
    frame = _frame_of(wish)
    data: dict[str, str] = {"form": wish.form, **wish.named}
    if wish.theme is not None:
        data |= {"ink": f"#{wish.theme.ink}", "paper": f"#{wish.theme.paper}"}
    attributes = " ".join(f'data-{name}="{escape(text)}"' for name, text in data.items())
    address = public_link("embed.arrive", frame=frame, **_query(wish))
    title = escape(_("Book a consultation"))
    return {
        "script": f'<script src="{public_link("embed.script")}" {attributes} async></script>',
        "frame": f'<iframe src="{escape(address)}" title="{title}" width="100%" height="900"></iframe>',
        "address": address,
        "link": f'<a href="{public_link("booking.times")}">{title}</a>',
    }


def _query(wish: Wish) -> dict[str, Any]:
    return ({"form": "card"} if wish.form == "card" else {}) | wish.named


def _preview(wish: Wish) -> str:
    """Give the address of the page that the frame begins with; not of its beginning, so that a look counts for nobody."""
    return url_for("embed.card" if wish.form == "card" else "embed.times", frame=_frame_of(wish))


def _frame_of(wish: Wish) -> str:
    theme = wish.theme
    return Frame(wish.site, theme if theme is not None and theme.is_legible else None).name
