"""What every table shares: identifiers that sort by time, and times that are always UTC."""

import secrets
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, DateTime, Dialect, MetaData, String, TypeDecorator
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase

from handoff import clock

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_last = 0


def new_id() -> str:
    """26 characters: 48 bits of milliseconds, then 82 random bits, so ids sort by time and cannot be guessed.

    Ids of one process never go back, not within a millisecond and not when the clock does: lanes of work and ledgers
    are ordered by them.
    """
    global _last
    number = _last = max((int(clock.now().timestamp() * 1000) << 82) | secrets.randbits(82), _last + 1)
    letters = []
    for _ in range(26):
        number, index = divmod(number, 32)
        letters.append(ALPHABET[index])
    return "".join(reversed(letters))


class UtcDateTime(TypeDecorator[datetime]):
    """SQLite forgets time zones; this gives them back, and refuses a time that never had one."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone; store UTC times only")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


Id = String(26)
Json = JSON().with_variant(JSONB(), "postgresql")


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {datetime: UtcDateTime(), dict[str, Any]: Json, list[Any]: Json}


def one_of(column: str, values: type) -> str:
    """The SQL of a CHECK that keeps `column` to the members of a StrEnum."""
    return f"{column} IN ({', '.join(repr(str(v)) for v in values)})"  # type: ignore[attr-defined]
