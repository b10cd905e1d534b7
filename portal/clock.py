"""The one place that asks what time it is."""

from datetime import UTC, datetime


def utc_now() -> datetime:
    """Tell the present instant, aware and in UTC, for services that pass it on to the rules."""
    return datetime.now(UTC)
