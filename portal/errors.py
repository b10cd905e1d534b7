"""The four facts that a rule, a query or a service may report; `portal.web.errors` turns them into answers.

Exceptions carry ids at most: no name, no address and no sentence that a person wrote.
"""


class DomainError(Exception):
    """A fact of the domain that stops what was asked for."""


class NotFound(DomainError):
    """There is no such thing for this viewer: absent, deleted and foreign are one (404)."""


class Forbidden(DomainError):
    """The viewer may never do this. Shown like `NotFound`, so that nothing can be probed (404)."""


class Conflict(DomainError):
    """Somebody or something was faster, or the thing is no longer in the state that was seen (409)."""


class Invalid(DomainError):
    """The input cannot be accepted as it stands (422)."""
