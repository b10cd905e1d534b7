"""Compression for static files and public pages only: a compressed page that mixes secrets with input leaks (BREACH)."""

import gzip
from functools import lru_cache

import brotli
from flask import Flask, Response, request

from portal.security.login import current_viewer
from portal.security.viewer import Anonymous

WORTH_IT = 600  # bytes; below this the headers weigh more than what is won
QUALITY = 4  # our choice: a page of free times 8 % longer than at 5, in half the time
KINDS = ("text/", "application/javascript", "image/svg+xml", "application/json", "application/xml")


def init_compression(app: Flask) -> None:
    """Compress what leaves, where that is safe."""
    app.after_request(compress)


def compress(response: Response) -> Response:
    """Encode the body with what the browser accepts; static files are compressed once and kept (at most 64)."""
    coding = _accepted_coding()
    if coding is None or not _may_compress(response):
        return response
    response.direct_passthrough = False
    body = response.get_data()
    if len(body) < WORTH_IT:
        return response
    is_static = request.endpoint == "static"
    response.set_data(_packed_once(coding, body) if is_static else _packed(coding, body, quality=QUALITY))
    response.headers["Content-Encoding"] = coding
    response.headers.add("Vary", "Accept-Encoding")
    response.headers.pop("ETag", None) if not is_static else None
    return response


def _accepted_coding() -> str | None:
    accepted = request.accept_encodings
    return next((coding for coding in ("br", "gzip") if accepted.quality(coding)), None)


def _may_compress(response: Response) -> bool:
    return (
        response.status_code == 200  # noqa: PLR2004 - HTTP's own number
        and "Content-Encoding" not in response.headers
        and (response.mimetype or "").startswith(KINDS)
        and (request.endpoint == "static" or _is_public(response))
    )


def _is_public(response: Response) -> bool:
    return response.headers.get("Cache-Control") == "no-cache" and isinstance(current_viewer(), Anonymous)


@lru_cache(maxsize=64)
def _packed_once(coding: str, body: bytes) -> bytes:
    return _packed(coding, body, quality=11)


def _packed(coding: str, body: bytes, *, quality: int) -> bytes:
    if coding == "br":
        packed: bytes = brotli.compress(body, quality=quality)
        return packed
    return gzip.compress(body, compresslevel=min(quality, 9), mtime=0)
