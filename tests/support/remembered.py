"""What every application works out anew from the same sources, worked out once a worker: a test has an application of its own.

Only what depends on nothing but the sources is kept: the code of templates, what rules of addresses compile to, and the
text of SQL statements.
"""

from types import CodeType
from typing import Any, NamedTuple, cast

from flask import Flask
from jinja2.bccache import Bucket, BytecodeCache
from sqlalchemy import Engine
from sqlalchemy.util import LRUCache
from werkzeug.routing import Rule

_templates: dict[tuple[str, str], CodeType] = {}
_rules: dict[object, "_Compiled"] = {}
_lenders: dict[str, Engine] = {}
STATEMENTS = 5_000  # more than the portal has, so that none is compiled twice


class _RememberedTemplates(BytecodeCache):
    """The code of each template, by its name and the digest of its source."""

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = _templates.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        assert bucket.code is not None
        _templates[bucket.key, bucket.checksum] = bucket.code


class _Compiled(NamedTuple):
    """What a rule works out from its text: parts to match, their trace and converters, names, and the two builders."""

    parts: Any
    trace: Any
    converters: Any
    arguments: frozenset[str]
    builders: tuple[Any, Any]


class _RememberedRule(Rule):
    """A rule that is compiled, which is nine tenths of the price of an application, once for all equal rules."""

    def compile(self) -> None:
        key = (self.rule, self.subdomain, self.host, self.merge_slashes, repr(self.defaults))
        if key not in _rules:
            super().compile()
            builders = (cast("Any", self._build).__func__, cast("Any", self._build_unknown).__func__)
            _rules[key] = _Compiled(
                self._parts, self._trace, self._converters, frozenset(self.arguments), builders
            )
        known = _rules[key]
        self._parts, self._trace, self._converters = known.parts, known.trace, known.converters
        self.arguments |= known.arguments
        self._build, self._build_unknown = (one.__get__(self, None) for one in known.builders)


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
