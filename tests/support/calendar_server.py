"""Real servers of calendars on this machine: a web server with bad manners on demand, and Radicale."""

import ipaddress
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.support.processes import free_port, wait_until

USER, PASSWORD = "jane", "sesame open"


@dataclass(kw_only=True)
class Answering:
    """What a web server says, and what it was asked. `pause_seconds`: before each byte of the body."""

    port: int
    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    pause_seconds: float = 0.0
    asked: list[tuple[str, Mapping[str, str]]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/calendar.ics"


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    said: Answering

    def handle_error(self, *_arguments: object) -> None:
        """A client that hangs up, or trusts nobody, is what some tests are about."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def _answer(self) -> None:
        assert isinstance(self.server, _Server)
        said = self.server.said
        said.asked.append((f"{self.command} {self.path}", dict(self.headers)))
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        with suppress(OSError):
            self.send_response_only(said.status)
            for name, value in {"Content-Length": str(len(said.body)), **said.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            for part in [said.body] if not said.pause_seconds else [bytes([byte]) for byte in said.body]:
                self.wfile.write(part)
                time.sleep(said.pause_seconds)

    do_GET = do_PROPFIND = do_REPORT = do_PUT = do_DELETE = _answer  # noqa: N815 - names of the library

    def log_message(self, *_arguments: object) -> None:
        """Stay silent."""


@contextmanager
def answering(tls: ssl.SSLContext | None = None) -> Iterator[Answering]:
    """Serve one body at every address, for every method."""
    server = _Server(("127.0.0.1", 0), _Handler)
    server.said = Answering(port=server.server_address[1])
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server.said
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def tls_for(name: str, folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Make a certificate for a host name: the side of the server, and that of somebody who believes it."""
    key, today = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName(
                [x509.DNSName(name), x509.IPAddress(ipaddress.ip_address("127.0.0.2"))]
            ),
            critical=False,
        )
        .sign(key, hashes.SHA256())
    )
    path = folder / f"{name}.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(path)
    return server, ssl.create_default_context(cafile=str(path))


@dataclass(frozen=True, kw_only=True)
class CalDavServer:
    """A Radicale with one account, whose calendars tests make and look into as its owner would."""

    home: str
    folder: Path

    def ask(self, method: str, path: str, content: str = "", **headers: str) -> httpx.Response:
        """Do what the owner's own program would do."""
        address = path if path.startswith("http") else self.home + path
        answer = httpx.request(
            method, address, content=content.encode(), headers=headers, auth=(USER, PASSWORD), trust_env=False
        )
        assert answer.is_success, f"{method} {path} answered {answer.status_code}"
        return answer

    def add_calendar(self, name: str) -> str:
        """Make an empty calendar; gives its address."""
        path = f"/{USER}/{name.lower()}/"
        self.ask(
            "MKCALENDAR",
            path,
            '<c:mkcalendar xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav"><d:set><d:prop>'
            f"<d:displayname>{name}</d:displayname></d:prop></d:set></c:mkcalendar>",
        )
        return self.home + path

    def entries(self, address: str) -> dict[str, str]:
        """Read all entries of a calendar: their text by the last part of their address."""
        listed = self.ask("PROPFIND", address, Depth="1").text
        names = {part.split("<")[0].rpartition("/")[2] for part in listed.split("href>")[1:]}
        return {name: self.ask("GET", address + name).text for name in names if name.endswith(".ics")}


@contextmanager
def radicale_process(folder: Path, **settings: str) -> Iterator[CalDavServer]:
    """Run Radicale on a free port. `settings`: more of its options."""
    port = free_port()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "users").write_text(f"{USER}:{PASSWORD}\n")
    options = {
        "server-hosts": f"127.0.0.1:{port}", "auth-type": "htpasswd", "auth-htpasswd-filename": str(folder / "users"),
        "auth-htpasswd-encryption": "plain", "auth-delay": "0", "storage-filesystem-folder": str(folder / "collections"),
        "logging-level": "critical", **settings,
    }  # fmt: skip
    command = [sys.executable, "-m", "radicale", "--config", ""]
    for name, value in options.items():
        command += [f"--{name}", value]
    server = CalDavServer(home=f"http://127.0.0.1:{port}", folder=folder)
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: _answers(server.home), "Radicale should answer")
        yield server
    finally:
        process.terminate()
        process.wait()


def _answers(home: str) -> bool:
    with suppress(httpx.TransportError):
        return httpx.get(home, trust_env=False).status_code < 500
    return False
