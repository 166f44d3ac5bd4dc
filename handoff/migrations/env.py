"""How Alembic reaches the database: the same URL and metadata as the hub."""

import asyncio

from alembic import context
from sqlalchemy import Connection, pool
from sqlalchemy.ext.asyncio import async_engine_from_config

from handoff.models import Base, words


def _migrate(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=True,
        compare_type=True,
        include_name=lambda name, kind, parents: not words.is_word_index(name),
    )
    with context.begin_transaction():
        context.run_migrations()


async def _connect() -> None:
    engine = async_engine_from_config(
        {"sqlalchemy.url": context.config.get_main_option("sqlalchemy.url")}, poolclass=pool.NullPool
    )
    async with engine.connect() as connection:
        await connection.run_sync(_migrate)
        await connection.commit()
    await engine.dispose()


asyncio.run(_connect())
