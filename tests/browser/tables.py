"""The tables of a hub that is started in a thread: made before it opens the file, as `make run` does by migrating."""

from pathlib import Path

from sqlalchemy import create_engine

from handoff.models import Base


def make_tables(path: Path) -> None:
    engine = create_engine(f"sqlite:///{path}")
    Base.metadata.create_all(engine)
    engine.dispose()
