"""What a worker believes of what it finds in Redis: nothing that the installation's key does not vouch for.

RQ imports whatever dotted path stands in a job, its callbacks included, and posts to whatever address stands in its
webhooks (security.md P1). Here a job can only name one of our functions, and everything else that it brings is ignored.
"""

import hmac
import json
from collections.abc import Callable, Mapping
from typing import Any, cast
from uuid import UUID

from redis import Redis
from rq.exceptions import NoSuchJobError
from rq.job import Job

from jobs import bounces, calendars, documents, messages
from portal.queueing import FAILURE_SECONDS, JOB_SECONDS, JobName, job_mac

MOST_BYTES = (
    8 * 1024
)  # of one job in Redis; ours have 600. Compressed a thousandfold it still fits into memory
FUNCTIONS: Mapping[str, Callable[[str], None]] = {
    JobName.READ_BOUNCES: bounces.read,
    JobName.RENDER_DOCUMENT: documents.render,
    JobName.SEND_MESSAGE: messages.send,
    JobName.SYNC_CALENDAR: calendars.sync,
}


class NotOurs(Exception):
    """A job names a function that is not ours."""


class PlainJob(Job):
    """A job without anything that could run code, reach out or wait for another job; `func` knows our functions only."""

    is_readable = True

    @classmethod
    def fetch(cls, id: str, connection: Redis | None = None, serializer: Any = None) -> "PlainJob":  # noqa: A002 - RQ's name
        """Load a job; one whose very id is malformed does not exist for us, or it would stop the worker."""
        try:
            job = super().fetch(id, connection=connection, serializer=serializer)
        except (ValueError, TypeError) as error:
            raise NoSuchJobError from error
        return cast("PlainJob", job)

    def restore(self, raw_data: Mapping[bytes, bytes]) -> None:
        """Read a job's hash. Whatever cannot be read is marked, and refused later, with a trace of it."""
        try:
            if sum(map(len, raw_data.values())) > MOST_BYTES:
                raise ValueError  # noqa: TRY301 - one way for all that cannot be read
            super().restore(raw_data)
        except Exception:  # noqa: BLE001 - RQ parses a dozen fields, each in its own way
            self.is_readable = False
        self._drop_extras()

    def _drop_extras(self) -> None:
        self.webhooks = []
        self._dependency_ids = []
        self.group_id = self.repeats_left = self.retries_left = self.description = None
        self.timeout, self.result_ttl, self.failure_ttl, self.ttl = JOB_SECONDS, 0, FAILURE_SECONDS, None

    @property
    def func(self) -> Callable[[str], None]:
        """Look the function up among ours; nothing is imported. Raises NotOurs."""
        try:
            return FUNCTIONS[str(self.func_name)]
        except KeyError:
            raise NotOurs from None

    @property
    def success_callback(self) -> None:
        """Never run any."""

    @property
    def failure_callback(self) -> None:
        """Never run any."""

    @property
    def stopped_callback(self) -> None:
        """Never run any."""


def why_refused(job: PlainJob, key: bytes) -> str | None:
    """Say in one word why this job must not run; None if it is ours, whole and signed for this very id."""
    if not job.is_readable:
        return "unreadable"
    try:
        function, target, arguments, named = json.loads(job.data)
    except Exception:  # noqa: BLE001 - bytes of unknown origin
        return "unreadable"
    if function not in FUNCTIONS or target is not None or named != {}:
        return "unknown"
    if not (isinstance(arguments, list) and len(arguments) == 1 and _is_id(arguments[0])):
        return "arguments"
    mac = job.meta.get("mac") if isinstance(job.meta, dict) else None
    expected = job_mac(key, job.id, function, arguments)
    is_signed = isinstance(mac, str) and hmac.compare_digest(
        mac.encode("utf-8", "replace"), expected.encode()
    )
    return None if is_signed else "unsigned"


def _is_id(argument: object) -> bool:
    try:
        return isinstance(argument, str) and str(UUID(argument)) == argument
    except ValueError:
        return False
