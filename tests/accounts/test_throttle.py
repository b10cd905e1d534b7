from datetime import timedelta

import time_machine
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.accounts.models import Throttle
from portal.accounts.rules import Limit
from portal.accounts.sign_ins import may_try, note_success
from portal.accounts.throttle import forget_old_tries, forgive, is_allowed, throttle
from portal.app import create_app
from portal.clock import utc_now
from portal.extensions import db
from portal.settings import Settings
from portal.transaction import transaction
from tests.accounts.door import MINUTE, WRONG, come_in, in_database, send
from tests.conftest import settings_for
from tests.support.cast import PASSWORD, Cast, client_of
from tests.support.redis import RedisServer

THREE = Limit("three", 3, timedelta(minutes=10))
HOME, ELSEWHERE = {"REMOTE_ADDR": "192.0.2.7"}, {"REMOTE_ADDR": "198.51.100.9"}


class TestThrottle:
    def test_it_closes_after_the_last_allowed_try_and_opens_after_the_window(self, session: Session) -> None:
        now = utc_now()
        assert [throttle(session, THREE, "key", now) for _ in range(5)] == [True] * 3 + [False] * 2
        assert not is_allowed(session, THREE, "key", now + 9 * MINUTE)
        assert is_allowed(session, THREE, "key", now + 10 * MINUTE)
        assert throttle(session, THREE, "key", now + 10 * MINUTE)
        assert is_allowed(session, THREE, "key", now + 11 * MINUTE)

    def test_keys_and_kinds_are_counted_apart(self, session: Session) -> None:
        now = utc_now()
        for _ in range(4):
            throttle(session, THREE, "key", now)
        assert throttle(session, THREE, "other", now)
        assert throttle(session, Limit("more", 3, timedelta(minutes=10)), "key", now)

    def test_asking_costs_no_try(self, session: Session) -> None:
        now = utc_now()
        assert all(is_allowed(session, THREE, "key", now) for _ in range(9))

    def test_success_begins_anew(self, session: Session) -> None:
        now = utc_now()
        for _ in range(4):
            throttle(session, THREE, "key", now)
        forgive(session, THREE, "key")
        assert throttle(session, THREE, "key", now)

    def test_a_clock_that_jumped_back_blocks_nobody_for_long(self, session: Session) -> None:
        now = utc_now()
        for _ in range(4):
            throttle(session, THREE, "key", now + timedelta(days=400))
        assert throttle(session, THREE, "key", now)

    def test_the_table_tells_nobody_what_was_tried(self, session: Session) -> None:
        throttle(session, THREE, "ana@example.org", utc_now())
        assert b"ana" not in session.scalars(select(Throttle.key_code)).one()

    def test_what_no_limit_reads_any_more_is_forgotten(self, session: Session) -> None:
        now = utc_now()
        throttle(session, THREE, "old", now - timedelta(days=2))
        throttle(session, THREE, "new", now)
        forget_old_tries(session, now)
        assert len(session.scalars(select(Throttle)).all()) == 1


def test_it_counts_on_both_engines(database_url: str, settings: Settings) -> None:
    app = create_app(settings_for(settings.instance, database_url))
    now = utc_now()
    with app.app_context():
        with transaction() as session:
            answers = [throttle(session, THREE, "key", now) for _ in range(4)]
            answers += [throttle(session, THREE, "key", now + 11 * MINUTE)]
            answers += [is_allowed(session, THREE, "key", now + 12 * MINUTE)]
        db.engine.dispose()
    assert answers == [True, True, True, False, True, True]


class TestSignIn:
    def test_the_eleventh_try_is_refused_even_with_the_right_password(self, app: Flask, cast: Cast) -> None:
        client = client_of(app, None)
        for _ in range(10):
            assert come_in(client, "cleo", WRONG).status_code == 422
        answer = come_in(client, "cleo")
        assert answer.status_code == 429
        assert 'value="cleo"' in answer.text
        with time_machine.travel(utc_now() + 16 * MINUTE):
            assert come_in(client, "cleo").status_code == 303

    def test_unknown_names_are_limited_alike(self, app: Flask, cast: Cast) -> None:
        client = client_of(app, None)
        for _ in range(10):
            come_in(client, "nobody-here", WRONG)
        assert come_in(client, "nobody-here", WRONG).status_code == 429

    def test_one_network_cannot_try_many_names(self, app: Flask, cast: Cast) -> None:
        client = client_of(app, None)
        for number in range(30):
            come_in(client, f"name{number}", WRONG)
        assert come_in(client, "dan").status_code == 429

    def test_somebody_elses_tries_do_not_lock_the_owner_out(self, app: Flask, cast: Cast) -> None:
        attacker = client_of(app, None)
        for _ in range(12):
            come_in(attacker, "cleo", WRONG, environ_base=ELSEWHERE)
        assert come_in(attacker, "cleo", environ_base=ELSEWHERE).status_code == 429
        assert come_in(client_of(app, None), "cleo", environ_base=HOME).status_code == 303

    def test_tries_from_many_networks_stop_strangers_but_not_a_known_network(self, session: Session) -> None:
        now = utc_now()
        note_success(session, "cleo", "home", now)
        for number in range(100):
            assert may_try(session, "cleo", f"network {number}", now)
        assert not may_try(session, "cleo", "one more", now)
        assert may_try(session, "cleo", "home", now)
        assert not may_try(session, "Cleo ", "a last one", now)

    def test_the_same_person_comes_in_from_the_same_place_again_and_again(
        self, app: Flask, cast: Cast
    ) -> None:
        assert [come_in(client_of(app, None), "cleo").status_code for _ in range(3)] == [303] * 3

    def test_an_emptied_redis_gives_no_new_tries(
        self, settings: Settings, app: Flask, cast: Cast, redis_server: RedisServer
    ) -> None:
        with_redis = create_app(settings_for(settings.instance, redis_url=redis_server.url))
        for _ in range(10):
            come_in(client_of(with_redis, None), "cleo", WRONG)
        redis_server.flush()
        assert come_in(client_of(with_redis, None), "cleo").status_code == 429
        with with_redis.app_context():
            db.engine.dispose()

    def test_a_refused_try_is_counted(self, app: Flask, cast: Cast) -> None:
        come_in(client_of(app, None), "cleo", WRONG)
        rows = in_database(app, lambda session: session.scalars(select(Throttle)).all())
        assert {row.kind: row.count for row in rows} == {
            "sign_in_here": 1, "sign_in_network": 1, "sign_in_anywhere": 1
        }  # fmt: skip


def test_proofs_are_limited(app: Flask, cast: Cast) -> None:
    client = client_of(app, cast.cleo)
    for _ in range(10):
        assert send(client, "/prove", {"password": WRONG}).status_code == 422
    assert send(client, "/prove", {"password": PASSWORD}).status_code == 429
