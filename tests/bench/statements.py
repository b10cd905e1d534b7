"""How many SQL statements each page sends, for whoever can open it, in a small practice and in a large one."""

import secrets
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from unittest.mock import patch
from urllib.parse import urlencode

from flask import Flask
from flask.testing import FlaskClient

from portal.accounts.models import Account
from portal.security.login import cookie_name
from portal.security.viewer import Role
from portal.transaction import transaction
from tests.bench.figures import Figure
from tests.bench.installation import Install
from tests.bench.practice import GrowingPractice
from tests.support.cast import Actor, begin_sign_in, client_of, make_account, make_person
from tests.support.statements import counted

MOST = 12
# Where a page may cost more: everything about two people, after years; and a test beside the one before it.
MOST_OF = {"caseload.brief": 15, "caseload.couple": 15, "assessments.desk_together": 13}
FEW, MANY = 1, 40
NOT_A_PAGE = frozenset({"static"})
FIRST_OF_ITS_MINUTE = patch(
    "portal.accounts.presence.TOUCH_EVERY", timedelta()
)  # such a page also notes activity
OPENED = frozenset(
    {200, 302, 503}
)  # 302: it leads on, and that is all; 503: for supervisors, where a part is not there


@dataclass(frozen=True, slots=True, order=True)
class Visit:
    """One page as one visitor opened it."""

    endpoint: str
    visitor: str


Counts = dict[Visit, int]


def measure(install: Install) -> Iterator[Figure]:
    """Count the statements of each page with one couple and with forty."""
    installed = install(is_whole=True)
    practice = GrowingPractice(app=installed.app, cast=installed.cast)
    few, many = counts_at(practice, FEW, MANY)
    dearest = max(many, key=lambda visit: many[visit] - most_of(visit))
    grown = sorted({visit.endpoint for visit in many if many[visit] != few[visit]})
    pages = len({visit.endpoint for visit in many})
    yield Figure(f"Statements of the dearest page ({dearest.endpoint})", many[dearest], "", most_of(dearest))
    yield Figure(f"Pages of {pages} that send more for {MANY} couples than for {FEW}", len(grown), "", 0)
    for visit in sorted(many):
        if many[visit] > most_of(visit) or visit.endpoint in grown:
            yield Figure(
                f"  {visit.endpoint} for {visit.visitor}, beyond {few[visit]}", many[visit], "", few[visit]
            )


def most_of(visit: Visit) -> int:
    """Tell how many statements a page may send."""
    return MOST_OF.get(visit.endpoint, MOST)


def counts_at(practice: GrowingPractice, few: int, many: int) -> tuple[Counts, Counts]:
    """Open every page twice: with `few` couples added, and with `many`."""
    practice.grow(few)
    first = counts_now(practice)
    practice.grow(many - few)
    return first, counts_now(practice, again=first)


def counts_now(practice: GrowingPractice, *, again: Container[Visit] | None = None) -> Counts:
    """Open every page as every visitor, or those visits `again`, and count what those send who may see it."""
    addresses = addresses_of(practice)
    counts: Counts = {}
    for visitor, client in _visitors(practice).items():
        for endpoint, address in addresses.items():
            if again is not None and Visit(endpoint, visitor) not in again:
                continue
            practice.app.extensions.pop("readiness", None)  # it remembers its answer for two seconds
            with counted(practice.app) as statements, FIRST_OF_ITS_MINUTE:
                answer = client.get(address)
            if answer.status_code in OPENED:
                counts[Visit(endpoint, visitor)] = len(statements)
    return counts


def addresses_of(practice: GrowingPractice) -> dict[str, str]:
    """Give the address of every page, read from the application, so that none is forgotten. KeyError: one needs a value."""
    adapter = practice.app.url_map.bind("portal.example.org")
    addresses = {}
    for rule in practice.app.url_map.iter_rules():
        if "GET" not in (rule.methods or ()) or rule.endpoint in NOT_A_PAGE:
            continue
        given = {**practice.values, "token": practice.tokens.get(rule.endpoint)}
        path = adapter.build(
            rule.endpoint, {name: _value(given, name, rule.endpoint) for name in rule.arguments}
        )
        addresses[rule.endpoint] = f"{path}?{urlencode(practice.queries.get(rule.endpoint, {}))}"
    return addresses


def _value(given: Mapping[str, object], name: str, endpoint: str) -> object:
    """Give what stands in an address: the page's own, its area's, or the common one. KeyError: there is none."""
    area = endpoint.partition(".")[0]
    return next(
        (given[key] for key in (f"{name} of {endpoint}", f"{name} of {area}") if key in given), given[name]
    )


def _visitors(practice: GrowingPractice) -> dict[str, FlaskClient]:
    """Open a browser for each kind of visitor; those halfway through signing in are among them."""
    app, cast = practice.app, practice.cast
    with app.app_context(), transaction() as session:
        newcomer = make_account(
            session, make_person(session, "New"), f"new-{secrets.token_hex(4)}", Role.THERAPIST
        )
        session.get_one(Account, newcomer.account_id).is_totp_on = False
    return {
        "a visitor": client_of(app, None),
        "a partner": client_of(app, cast.ana),
        "a partner before the consents": client_of(app, cast.ben),
        "a partner after a mailed reset": client_of(app, cast.ana, limited=True),
        "the therapist": client_of(app, cast.therapist),
        "the front desk": client_of(app, cast.front_desk),
        "the owner": client_of(app, cast.owner),
        "the therapist before the code": _halfway(app, cast.therapist),
        "a new therapist before the set-up": _halfway(app, newcomer),
    }


def _halfway(app: Flask, actor: Actor) -> FlaskClient:
    client = client_of(app, None)
    with app.app_context(), transaction() as session:
        token, _ = begin_sign_in(session, actor.account_id, is_waiting=True)
        name = cookie_name()
    client.set_cookie(name, token, domain="portal.example.org", secure=True)
    return client
