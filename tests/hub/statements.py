"""What a hub asks its database."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

from handoff.db import Database

NOT_COUNTED = ("BEGIN", "SAVEPOINT", "RELEASE", "COMMIT", "PRAGMA", "SELECT PG_CATALOG", "SELECT CURRENT", "SHOW")


@contextmanager
def counted(database: Database) -> Iterator[list[tuple[str, Any]]]:
    """Each statement with its parameters, in order; not what only begins and ends transactions."""
    seen: list[tuple[str, Any]] = []

    def note(connection: Any, cursor: Any, statement: str, parameters: Any, *rest: Any) -> None:
        if not statement.upper().startswith(NOT_COUNTED):
            seen.append((statement, parameters))

    engines = {database.engine.sync_engine, database.writing.sync_engine}
    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", note)
