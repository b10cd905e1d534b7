"""The pages inside a frame: those of the booking once more, a card, and where a frame begins and ends."""

from typing import Any

from flask import Flask, Response, g, make_response, redirect, request, url_for
from flask.blueprints import BlueprintSetupState
from flask.typing import ResponseReturnValue

from portal.blog.queries import get_post
from portal.booking.queries import get_consultation
from portal.booking.rules import ConsultationStatus
from portal.booking.views.area import open_to_all, signer
from portal.booking.views.way import read_way
from portal.clock import utc_now
from portal.diary.offers import short_name
from portal.embed.rules import is_dark, tokens_of
from portal.embed.views.area import ROOT, blueprint
from portal.errors import NotFound
from portal.practice.queries import get_practice, get_therapist
from portal.security.gate import framed, public
from portal.security.viewer import TokenHolder, TokenPurpose
from portal.sources.queries import find_link
from portal.transaction import current_session
from portal.web.htmx import render
from portal.web.marks import QUERY_WORD, mark_after, mark_token

SAME_AS_OUTSIDE = (
    "times", "hold", "renew", "details", "request_time", "verify", "enter", "send_again", "event",
    "waitlist_join", "join", "waiting", "leave_list",
)  # fmt: skip
OUTSIDE = "/consultations"
CARD_SLOTS = 3


@blueprint.record_once
def mount(state: BlueprintSetupState) -> None:
    """Show the pages of the booking's flow in frames too, by the same views, with everybody a visitor."""
    app: Flask = state.app  # type: ignore[assignment]  # the setup state knows the base class only
    rules = {rule.endpoint: rule for rule in app.url_map.iter_rules()}
    for name in SAME_AS_OUTSIDE:
        rule = rules[f"booking.{name}"]
        methods = sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
        view = framed(app.view_functions[rule.endpoint])
        app.add_url_rule(ROOT + rule.rule.removeprefix(OUTSIDE), f"embed.{name}", view, methods=methods)


@blueprint.get(f"{ROOT}/")
@framed
@public("where a frame in another site begins")
def arrive() -> ResponseReturnValue:
    """Mark by which article or link the site's visitor comes, and go on to the free times or the card."""
    session, now = current_session(), utc_now()
    link = find_link(session, request.args.get("link", "").lower()) if "link" in request.args else None
    post_id = link.post_id if link is not None else _post_id(request.args.get("post", ""))
    link_id = link.id if link is not None and link.retired_at is None else None
    carried: dict[str, Any] = {name: request.args[name] for name in ("zone", "with") if name in request.args}
    carried[QUERY_WORD] = mark_token(mark_after(post_id, link_id, now))
    page = "embed.card" if request.args.get("form") == "card" else "embed.times"
    return make_response(redirect(url_for(page, **carried), 302))


@blueprint.get(f"{ROOT}/card")
@framed
@public("the next free times, small enough for a column of another site")
def card() -> ResponseReturnValue:
    """Show who offers a consultation, and the next three free times."""
    now = utc_now()
    way = read_way(now)
    if way is None:
        return render("booking/closed.html", contact_line=get_practice(current_session()).contact_line)
    return open_to_all(
        render(
            "embed/card.html",
            way=way,
            offer=way.offer,
            slots=way.offer.next_by_day(now, CARD_SLOTS),
            zone=way.zone,
            name=short_name(way.offer.therapist_name),
        ),
        is_found=False,
    )


@blueprint.get(f"{ROOT}/booked/<token>")
@framed
@public("the signed link of one booking")
def booked(token: str) -> ResponseReturnValue:
    """Say that the time is booked or asked for; everything else stands on the booking's own page, outside the frame."""
    subject_id = signer().read_id(TokenPurpose.CONSULTATION, token)
    consultation = get_consultation(
        current_session(), TokenHolder(TokenPurpose.CONSULTATION, subject_id), subject_id
    )
    is_live = consultation.status in {ConsultationStatus.REQUESTED, ConsultationStatus.CONFIRMED}
    return render(
        "embed/booked.html",
        consultation=consultation,
        is_live=is_live and consultation.ends_at > utc_now(),
        is_confirmed=consultation.status is ConsultationStatus.CONFIRMED,
        name=short_name(get_therapist(current_session(), consultation.therapist_id).display_name),
        token=token,
    )


@blueprint.get(f"{ROOT}/theme.css")
@framed
@public("the two colours of another site")
def theme() -> Response:
    """Give the style sheet that the two colours of a frame make: numbers of ours only, whatever the address says."""
    if g.frame.theme is None:
        raise NotFound("theme")
    scheme = "dark" if is_dark(g.frame.theme) else "light"
    lines = [f"  --{name}: {colour};" for name, colour in tokens_of(g.frame.theme).items()]
    response = make_response(":root {\n" + "\n".join([f"  color-scheme: {scheme};", *lines]) + "\n}\n")
    response.headers["Content-Type"] = "text/css; charset=utf-8"
    response.headers["Cache-Control"] = "no-cache"
    return response


def _post_id(slug: str) -> Any:
    try:
        return get_post(current_session(), slug).id if slug else None
    except NotFound:
        return None
