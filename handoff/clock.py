"""The time, in one place, so that tests can hold it still."""

from collections.abc import Callable
from datetime import UTC, datetime

_source: Callable[[], datetime] = lambda: datetime.now(UTC)  # noqa: E731


def now() -> datetime:
    """The present moment, UTC."""
    return _source()


def use(source: Callable[[], datetime] | None) -> None:
    """Take the time from `source`, or from the machine again when it is None."""
    global _source
    _source = source or (lambda: datetime.now(UTC))
