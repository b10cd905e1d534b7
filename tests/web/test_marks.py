"""Marks: what links carry about the way somebody came, and what an altered one may not do."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
import time_machine
from flask import Flask

from portal.marks import Mark
from portal.web.marks import current_mark, mark_after, mark_token, read_mark

POST, LINK, NOW = UUID(int=1), UUID(int=2), datetime(2026, 11, 21, 9, 30, tzinfo=UTC)


def test_first_touch_stays_and_last_touch_follows() -> None:
    mark = Mark.of(POST, None, NOW).then(None, LINK, NOW + timedelta(days=2))

    assert (mark.first_at, mark.first_post_id, mark.first_link_id) == (NOW, POST, None)
    assert (mark.last_at, mark.last_post_id, mark.last_link_id) == (NOW + timedelta(days=2), None, LINK)
    assert mark.source == f"link:{LINK}"


def test_a_page_that_is_no_source_changes_nothing() -> None:
    mark = Mark.of(POST, None, NOW)

    assert mark.then(None, None, NOW + timedelta(days=2)) == mark


@pytest.mark.parametrize(
    "mark", [Mark.of(POST, LINK, NOW), Mark.of(None, LINK, NOW), Mark.of(None, None, NOW)]
)
def test_a_token_gives_back_what_it_was_made_of(context: Flask, mark: Mark) -> None:
    token = mark_token(mark)

    assert read_mark(token) == mark
    assert len(token) <= 200


def test_an_altered_foreign_or_old_token_only_loses_the_mark(context: Flask) -> None:
    with time_machine.travel(NOW, tick=False):
        token = mark_token(Mark.of(POST, None, NOW))
        altered = token[:-1] + ("A" if token[-1] != "A" else "B")

        assert [read_mark(text) for text in (altered, "x", "a.b.c", token * 3, "\ud800")] == [None] * 5
    with time_machine.travel(NOW + timedelta(days=91), tick=False):
        assert read_mark(token) is None


def test_a_page_that_is_a_source_follows_the_mark_of_its_link(context: Flask) -> None:
    token = mark_token(Mark.of(POST, None, NOW))
    with context.app_context(), context.test_request_context(query_string={"from": token}):
        later = mark_after(None, LINK, NOW + timedelta(hours=1))
        assert current_mark() == later
    with context.app_context(), context.test_request_context():
        before, fresh = current_mark(), mark_after(None, LINK, NOW)

    assert (later.first_post_id, later.last_link_id) == (POST, LINK)
    assert (before, fresh.first_link_id) == (None, LINK)
