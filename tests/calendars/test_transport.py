"""The way out: where it leads to, where it never leads to, and that it ends."""

import gzip
import time
from pathlib import Path
from typing import Any

import httpcore
import pytest

from portal.calendars.rules import CalendarRefused, Failure
from portal.calendars.transport import Elsewhere, checked_address, is_of_the_internet
from tests.support.calendar_server import Answering, answering, tls_for

HERE = ("127.0.0.1",)
NAME = "calendar.example.org"


def refusal_of(way: Elsewhere, address: str) -> Failure:
    with pytest.raises(CalendarRefused) as refused, way:
        way.fetch(address)
    return refused.value.failure


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.8.9.1", "0.1.2.3", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
        "100.127.255.254", "192.0.2.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "::", "::1", "fe80::1",
        "fe80::1%eth0", "fc00::1", "fd12::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254",
        "64:ff9b::7f00:1", "64:ff9b::a00:1", "64:ff9b:1::a00:1", "2002:7f00:1::", "2001:0:7f00:1::", "::127.0.0.1", "nowhere", "",
    ],
)  # fmt: skip
def test_addresses_that_are_not_of_the_internet(address: str) -> None:
    assert not is_of_the_internet(address)


@pytest.mark.parametrize(
    "address", ["93.184.216.34", "8.8.8.8", "2606:2800:220:1:248:1893:25c8:1946", "::ffff:8.8.8.8"]
)
def test_addresses_of_the_internet(address: str) -> None:
    assert is_of_the_internet(address)


@pytest.mark.parametrize(
    "address",
    [
        "", "calendar", "http://example.org/a.ics", "ftp://example.org/", "file:///etc/passwd", "https://", "https:///a",
        "gopher://example.org", "https://jane:sesame@example.org/", "javascript:alert(1)", "https://exa mple.org:port/",
        "https://example.org/" + "a" * 3_000, "//example.org/", "https://[::1", "data:text/calendar,BEGIN",
    ],
)  # fmt: skip
def test_addresses_that_are_refused_at_sight(address: str) -> None:
    with pytest.raises(CalendarRefused) as refused:
        checked_address(address, HERE)
    assert refused.value.failure is Failure.ADDRESS


def test_webcal_means_https_and_http_is_for_named_hosts_only() -> None:
    assert str(checked_address(" webcal://example.org/a.ics#x", ())) == "https://example.org/a.ics"
    assert checked_address("http://127.0.0.1:5232/", HERE).port == 5232


def test_a_file_is_fetched_from_a_host_that_was_named(server: Answering) -> None:
    server.body = b"BEGIN:VCALENDAR"
    with Elsewhere(HERE, auth=("jane", "sesame")) as way:
        assert way.fetch(server.url) == b"BEGIN:VCALENDAR"
    ((line, headers),) = server.asked
    assert line == "GET /calendar.ics"
    assert headers["Accept-Encoding"] == "identity"
    assert headers["Authorization"].startswith("Basic ")


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "017700000001", "[::ffff:127.0.0.1]", "127.1"]
)
def test_no_spelling_of_this_machine_is_reached(server: Answering, host: str) -> None:
    assert refusal_of(Elsewhere(()), f"https://{host}:{server.port}/") in {
        Failure.PRIVATE,
        Failure.UNREACHABLE,
    }
    assert server.asked == []


def test_a_name_with_one_private_address_among_public_ones_is_refused() -> None:
    way = Elsewhere((), resolve=lambda _host, _port: ["93.184.216.34", "10.0.0.7"])
    assert refusal_of(way, f"https://{NAME}/") is Failure.PRIVATE


def test_a_name_that_changes_its_mind_is_resolved_once_and_pinned() -> None:
    answers, tried = [["93.184.216.34"], ["127.0.0.1"], ["127.0.0.1"]], []

    class Refusing(httpcore.NetworkBackend):
        """Notes where a connection would go to, and opens none."""

        def connect_tcp(self, host: str, port: int, *_more: Any, **_options: Any) -> httpcore.NetworkStream:
            tried.append((host, port))
            raise httpcore.ConnectError

    way = Elsewhere((), resolve=lambda _host, _port: answers.pop(0))
    way._network._sockets = Refusing()  # type: ignore[assignment]  # instead of the real internet
    with way:
        for _ in range(2):
            with pytest.raises(CalendarRefused):
                way.fetch(f"https://{NAME}/")
    assert tried == [("93.184.216.34", 443)] * 2
    assert len(answers) == 2


def test_the_certificate_is_that_of_the_name_though_the_connection_goes_to_an_address(tmp_path: Path) -> None:
    ours, theirs = tls_for(NAME, tmp_path)
    with answering(ours) as server:
        server.body = b"BEGIN:VCALENDAR"

        def way() -> Elsewhere:
            return Elsewhere(
                (NAME, "other.example.org"), tls=theirs, resolve=lambda _host, _port: ["127.0.0.1"]
            )

        with way() as open_way:
            assert open_way.fetch(f"https://{NAME}:{server.port}/a.ics") == b"BEGIN:VCALENDAR"
        assert server.asked[0][1]["Host"] == f"{NAME}:{server.port}"
        assert refusal_of(way(), f"https://other.example.org:{server.port}/") is Failure.UNREACHABLE
        strange = Elsewhere((NAME,), resolve=lambda _host, _port: ["127.0.0.1"])
        assert refusal_of(strange, f"https://{NAME}:{server.port}/") is Failure.UNREACHABLE
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("status", "failure"),
    [
        (301, Failure.MOVED), (302, Failure.MOVED), (307, Failure.MOVED), (401, Failure.REFUSED), (403, Failure.REFUSED),
        (404, Failure.MISSING), (410, Failure.MISSING), (429, Failure.ERROR), (500, Failure.ERROR), (204, Failure.NO_CALENDAR),
    ],
)  # fmt: skip
def test_other_answers_are_words_and_nobody_is_sent_elsewhere(
    server: Answering, status: int, failure: Failure
) -> None:
    with answering() as other:
        server.status, server.headers = status, {"Location": other.url, "Content-Length": "0"}
        assert refusal_of(Elsewhere(HERE), server.url) is failure
        assert other.asked == []


def test_more_than_a_megabyte_is_refused_however_it_is_packed(server: Answering) -> None:
    server.body = b"a" * (1024 * 1024 + 1)
    assert refusal_of(Elsewhere(HERE), server.url) is Failure.LARGE
    server.headers = {"Content-Encoding": "gzip"}
    server.body = gzip.compress(b"\0" * 20_000_000)
    before = time.process_time()
    assert refusal_of(Elsewhere(HERE), server.url) is Failure.LARGE
    assert time.process_time() - before < 0.5
    server.body = gzip.compress(b"BEGIN:VCALENDAR")
    with Elsewhere(HERE) as way:
        assert way.fetch(server.url) == b"BEGIN:VCALENDAR"


@pytest.mark.parametrize(
    ("coding", "body"), [("br", b"x"), ("gzip", b"not packed"), ("identity, gzip", b"x")]
)
def test_what_is_packed_in_other_ways_is_not_read(server: Answering, coding: str, body: bytes) -> None:
    server.headers, server.body = {"Content-Encoding": coding}, body
    assert refusal_of(Elsewhere(HERE), server.url) is Failure.NO_CALENDAR


def test_one_byte_now_and_then_does_not_keep_it_waiting(
    server: Answering, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portal.calendars.transport.FETCH_SECONDS", 0.6)
    server.body, server.pause_seconds = b"a" * 100, 0.1
    began = time.monotonic()
    assert refusal_of(Elsewhere(HERE), server.url) is Failure.SLOW
    assert time.monotonic() - began < 2


def test_a_resolver_that_never_answers_does_not_keep_it_waiting() -> None:
    def resolve(_host: str, _port: int) -> list[str]:
        time.sleep(3)
        return []

    way = Elsewhere((), until=time.monotonic() + 0.3, resolve=resolve)
    began = time.monotonic()
    assert refusal_of(way, f"https://{NAME}/") is Failure.SLOW
    assert time.monotonic() - began < 2


def test_nobody_listens() -> None:
    assert refusal_of(Elsewhere(HERE), "http://127.0.0.1:1/") is Failure.UNREACHABLE
