"""What every application works out anew from the same sources, worked out once a worker: a test has an application of its own.

Only what depends on nothing but the sources is kept: the code of templates, of the builders of addresses, and the text
of SQL statements.
"""

from collections.abc import Callable
from types import CodeType
from typing import Any, cast

from flask import Flask
from jinja2.bccache import Bucket, BytecodeCache
from sqlalchemy import Engine
from sqlalchemy.util import LRUCache
from werkzeug.routing import Rule

_templates: dict[tuple[str, str], CodeType] = {}
_builders: dict[object, Callable[..., tuple[str, str]]] = {}
_lenders: dict[str, Engine] = {}
STATEMENTS = 5_000  # more than the portal has, so that none is compiled twice


class _RememberedTemplates(BytecodeCache):
    """The code of each template, by its name and the digest of its source."""

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = _templates.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        assert bucket.code is not None
        _templates[bucket.key, bucket.checksum] = bucket.code


class _RememberedRule(Rule):
    """A rule whose two builders, nine tenths of the price of an application, are written once for equal rules."""

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        key = (self.rule, tuple(self._trace), repr(self.defaults), append_unknown)
        if key not in _builders:
            _builders[key] = super()._compile_builder(append_unknown)
        return _builders[key]


def remember() -> None:
    """Let every application made from now on in this process take from what was worked out before."""
    cast("Any", Flask).jinja_options = {"bytecode_cache": _RememberedTemplates()}
    Flask.url_rule_class = _RememberedRule


def lend_statements(engine: Engine) -> None:
    """Keep what this engine compiles; it must have been connected once, for then its dialect knows the server."""
    engine._compiled_cache = LRUCache(STATEMENTS)
    _lenders.setdefault(engine.dialect.name, engine)


def share_statements(engine: Engine) -> None:
    """Let an engine that was not used yet take the compiled statements of the one that lends them."""
    lender = _lenders.get(engine.dialect.name)
    if lender is not None:
        engine.dialect = cast("Any", engine.pool)._dialect = lender.dialect
        engine._compiled_cache = lender._compiled_cache
