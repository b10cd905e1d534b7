"""The way out to calendars elsewhere: one vetted address for each name, no detours, and an end to everything.

Whoever enters an address makes this machine ask for it. So the name is resolved once, every address it has must lie in
the internet, and the connection goes to just that one, while TLS still checks the name. Hosts of the own network are
reached only where the installation names them (`CALENDAR_HOSTS`).
"""

import ipaddress
import queue
import socket
import ssl
import threading
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Self

import httpcore
import httpx

from portal.calendars.rules import FETCH_SECONDS, MOST_BYTES, CalendarRefused, Failure

Resolve = Callable[[str, int], list[str]]
MOST_ADDRESS_LETTERS = 2_000
AGENT = "CommonGround (calendar)"
# Addresses that wrap one of IPv4, so that what they lead to would not be seen: RFC 6052, 8215, 3056, 4380.
WRAPPING = tuple(map(ipaddress.ip_network, ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32")))
STATUS_FAILURES: Mapping[int, Failure] = {
    401: Failure.REFUSED, 403: Failure.REFUSED, 404: Failure.MISSING, 405: Failure.READ_ONLY, 410: Failure.MISSING,
    507: Failure.ERROR,
}  # fmt: skip


def system_addresses(host: str, port: int) -> list[str]:
    """Ask the system's resolver for all addresses of a name. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]


def is_of_the_internet(address: str) -> bool:
    """Tell whether an address leads to a public host: not to this machine, its network, or through a wrapping to either."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return is_of_the_internet(str(found.ipv4_mapped))
        if any(found in network for network in WRAPPING):
            return False
    return found.is_global and not (found.is_multicast or found.is_reserved or found.is_unspecified)


def checked_address(text: str, hosts: tuple[str, ...]) -> httpx.URL:
    """Read the address of a calendar: https, or http where the host is one of `hosts`; `webcal` means https.

    Raises:
        CalendarRefused: anything else, a name and password in it, or too long.
    """
    try:
        url = httpx.URL(text.strip()) if len(text) <= MOST_ADDRESS_LETTERS else httpx.URL("")
    except httpx.InvalidURL:
        raise CalendarRefused(Failure.ADDRESS) from None
    if url.scheme in {"webcal", "webcals"}:
        url = url.copy_with(scheme="https")
    is_open = url.scheme == "http" and url.host in hosts
    if not url.host or url.userinfo or not (url.scheme == "https" or is_open):
        raise CalendarRefused(Failure.ADDRESS)
    return url.copy_with(fragment=None)


class Elsewhere:
    """A way to one or a few servers. Each request has its own seconds; `until` (of `time.monotonic`) ends them all.

    `hosts`: names or addresses in the own network that may be asked. `tls`: whom to believe; None: the usual authorities.
    """

    def __init__(
        self,
        hosts: tuple[str, ...],
        *,
        auth: tuple[str, str] | None = None,
        until: float | None = None,
        resolve: Resolve = system_addresses,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.hosts = hosts
        self._until = until
        self._network = _VettedNetwork(hosts, resolve)
        self._client = httpx.Client(
            transport=_Transport(self._network, tls or httpx.create_ssl_context()),
            auth=httpx.BasicAuth(*auth) if auth else None,
            follow_redirects=False,
            trust_env=False,
            timeout=FETCH_SECONDS,
            headers={"User-Agent": AGENT, "Accept-Encoding": "identity"},
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._client.close()

    def fetch(self, address: str) -> bytes:
        """Load a file. Raises CalendarRefused."""
        return self.ask("GET", address)[1]

    def ask(
        self,
        method: str,
        address: str,
        *,
        content: bytes = b"",
        headers: Mapping[str, str] | None = None,
        expected: Iterable[int] = (200,),
    ) -> tuple[httpx.Response, bytes]:
        """Send one request and read the whole answer. Raises CalendarRefused for any status but those expected."""
        url = checked_address(address, self.hosts)
        self._network.deadline = self._deadline()
        with _as_refusal(), self._client.stream(method, url, content=content, headers=headers) as answer:
            if answer.status_code not in expected:
                raise CalendarRefused(_failure_of(answer.status_code))
            return answer, b"".join(_bounded(answer))

    def _deadline(self) -> float:
        deadline = time.monotonic() + FETCH_SECONDS
        return deadline if self._until is None else min(deadline, self._until)


def _failure_of(status: int) -> Failure:
    if httpx.codes.is_redirect(status):
        return Failure.MOVED
    default = Failure.ERROR if httpx.codes.is_server_error(status) or status == httpx.codes.TOO_MANY_REQUESTS else Failure.NO_CALENDAR  # fmt: skip
    return STATUS_FAILURES.get(status, default)


def _bounded(answer: httpx.Response) -> Iterator[bytes]:
    """Give the body, unpacked by no more than may be read: a small packed answer can hold gigabytes."""
    coding = answer.headers.get("Content-Encoding", "identity").strip().lower()
    if coding not in {"identity", "", "gzip", "x-gzip", "deflate"}:
        raise CalendarRefused(Failure.NO_CALENDAR)
    unpack = zlib.decompressobj(zlib.MAX_WBITS | 32) if coding in {"gzip", "x-gzip", "deflate"} else None
    left = MOST_BYTES
    for raw in answer.iter_raw():
        part = unpack.decompress(raw, left + 1) if unpack else raw
        left -= len(part)
        if left < 0 or (unpack and unpack.unconsumed_tail):
            raise CalendarRefused(Failure.LARGE)
        yield part


@contextmanager
def _as_refusal() -> Iterator[None]:
    """Say in a word what went wrong on the way; a server's own words are never repeated."""
    try:
        yield
    except httpx.TimeoutException as error:
        raise CalendarRefused(Failure.SLOW) from error
    except httpx.TransportError as error:
        raise CalendarRefused(Failure.UNREACHABLE) from error
    except (httpx.HTTPError, httpx.InvalidURL, zlib.error, UnicodeError, ValueError) as error:
        raise CalendarRefused(Failure.NO_CALENDAR) from error


class _Transport(httpx.HTTPTransport):
    """httpx's own transport on a network that is vetted. Environment and proxies have no say."""

    def __init__(self, network: "_VettedNetwork", tls: ssl.SSLContext) -> None:
        super().__init__(verify=tls, trust_env=False)
        self._pool = httpcore.ConnectionPool(
            ssl_context=tls, network_backend=network, max_connections=2, retries=0
        )


class _VettedNetwork(httpcore.NetworkBackend):
    """Connects to names by the one address that was looked at. `deadline`: when the present request must be over."""

    def __init__(self, hosts: tuple[str, ...], resolve: Resolve) -> None:
        self._hosts = hosts
        self._resolve = resolve
        self._pinned: dict[str, str] = {}
        self._sockets = httpcore.SyncBackend()
        self.deadline = time.monotonic() + FETCH_SECONDS

    def left(self) -> float:
        """Give the seconds that the present request still has. Raises httpcore.ReadTimeout when there are none."""
        seconds = self.deadline - time.monotonic()
        if seconds <= 0:
            raise httpcore.ReadTimeout
        return seconds

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Any = None,
    ) -> httpcore.NetworkStream:
        """Connect to the pinned address; the caller goes on to speak TLS to the name."""
        if host not in self._pinned:
            self._pinned[host] = self._vetted(host, port)
        stream = self._sockets.connect_tcp(
            self._pinned[host], port, self.left(), local_address, socket_options
        )
        return _TimedStream(stream, self)

    def _vetted(self, host: str, port: int) -> str:
        addresses = self._addresses(host, port)
        if not addresses:
            raise httpcore.ConnectError
        if host not in self._hosts and not all(map(is_of_the_internet, addresses)):
            raise CalendarRefused(Failure.PRIVATE)
        return addresses[0]

    def _addresses(self, host: str, port: int) -> list[str]:
        """Resolve within the time left: the system's resolver itself knows no end."""
        answer: queue.Queue[list[str] | Exception] = queue.Queue()

        def resolve() -> None:
            try:
                answer.put(self._resolve(host, port))
            except (OSError, UnicodeError) as error:
                answer.put(error)

        threading.Thread(target=resolve, daemon=True).start()
        try:
            found = answer.get(timeout=self.left())
        except queue.Empty:
            raise httpcore.ConnectTimeout from None
        if isinstance(found, Exception):
            raise httpcore.ConnectError from found
        return found


class _TimedStream(httpcore.NetworkStream):
    """A connection whose every step ends when the request must: one byte a second does not keep it alive."""

    def __init__(self, stream: httpcore.NetworkStream, network: _VettedNetwork) -> None:
        self._stream = stream
        self._network = network

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Read what has come."""
        return self._stream.read(max_bytes, self._network.left())

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send."""
        self._stream.write(buffer, self._network.left())

    def close(self) -> None:
        """Hang up."""
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        """Go on under TLS, which is to prove the name."""
        inner = self._stream.start_tls(ssl_context, server_hostname, self._network.left())
        return _TimedStream(inner, self._network)

    def get_extra_info(self, info: str) -> Any:
        """Tell about the connection."""
        return self._stream.get_extra_info(info)
