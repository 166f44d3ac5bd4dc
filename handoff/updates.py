"""Updates: what a channel sent, kept before the channel is told that we have it, then applied once and in order.

A channel calls `store` and acknowledges after the commit; the `Applier` then turns rows into messages, edits and
presses, each in one transaction with the mark that it was done. A crash anywhere repeats nothing and loses nothing.
What a channel's updates mean is the channel's business: it gives the `Reader`.
"""

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

import structlog
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import clock, masking
from handoff.db import Database
from handoff.models import ChannelUpdate

log = structlog.get_logger(__name__)

ROUND_S = 0.5
ATTEMPTS = 3
BATCH = 200
# By these a channel names things. They are not a customer's words, and long digits in them are no cards; masked, a
# pressed button could not be answered.
IDS = frozenset({"id", "chat_instance", "media_group_id", "file_id", "file_unique_id", "inline_message_id"})


@dataclass(frozen=True)
class Taken:
    """One update as it came. `thread` is what must stay in order, `album` what belongs together."""

    number: int
    kind: str
    thread: str
    body: Mapping[str, Any]


@dataclass(frozen=True)
class Applied:
    """What became of an update: the message it is, or a note why it is none; and what to do once that is committed."""

    message_id: str | None = None
    note: str | None = None
    afterwards: Callable[[], Awaitable[None]] | None = None


class Reader(Protocol):
    """A channel's side: what its updates mean."""

    name: str
    gather_s: float
    """How long parts of one album may be apart."""

    def album(self, update: ChannelUpdate) -> str | None:
        """What several updates have in common that are one utterance; None for one that stands alone."""
        ...

    async def apply(self, session: AsyncSession, updates: Sequence[ChannelUpdate]) -> Applied:
        """Turn one update, or the parts of one album, into what they mean. Nothing but this session is touched."""
        ...

    async def give_up(self, session: AsyncSession, updates: Sequence[ChannelUpdate]) -> Applied:
        """Show what could not be applied as something that came and was not understood."""
        ...


async def store(session: AsyncSession, channel: str, account: str, taken: Sequence[Taken]) -> int:
    """Keep what is not kept already and say how many were new. Card numbers are masked in every string."""
    known = await _known(session, channel, account, [one.number for one in taken])
    fresh = 0
    for one in taken:
        digest = digest_of(one.body)
        if (one.number, digest) in known:
            continue
        known.add((one.number, digest))
        fresh += 1
        session.add(
            ChannelUpdate(
                channel=channel,
                account=account,
                number=one.number,
                digest=digest,
                thread=one.thread,
                kind=one.kind,
                body=_masked(one.body),
                received_at=clock.now(),
            )
        )
    await session.flush()
    return fresh


async def _known(session: AsyncSession, channel: str, account: str, numbers: Sequence[int]) -> set[tuple[int, str]]:
    rows = await session.execute(
        select(ChannelUpdate.number, ChannelUpdate.digest).where(
            ChannelUpdate.channel == channel, ChannelUpdate.account == account, ChannelUpdate.number.in_(numbers)
        )
    )
    return {(number, digest) for number, digest in rows}


def digest_of(body: Mapping[str, Any]) -> str:
    """The same content has the same digest, however its keys are ordered."""
    return hashlib.sha256(json.dumps(body, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _masked(value: Any) -> Any:
    """Every string without card numbers and without what no database keeps."""
    if isinstance(value, str):
        return masking.mask(value.replace("\x00", "").encode("utf-8", "replace").decode()).text
    if isinstance(value, Mapping):
        return {str(key): one if key in IDS and isinstance(one, str) else _masked(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_masked(one) for one in value]
    return value


@dataclass
class Applier:
    """Applies what was stored, thread by thread. One per channel and process; `async with` runs it."""

    database: Database
    reader: Reader

    def __post_init__(self) -> None:
        self._awake = asyncio.Event()
        self._loop: asyncio.Task[None] | None = None

    def wake(self) -> None:
        self._awake.set()

    async def __aenter__(self) -> "Applier":
        self._loop = asyncio.create_task(self._run(), name=f"updates-{self.reader.name}")
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._loop:
            self._loop.cancel()
            with suppress(asyncio.CancelledError):
                await self._loop

    async def _run(self) -> None:
        while True:
            try:
                while await self.round():
                    pass
            except (SQLAlchemyError, OSError) as error:
                log.error("updates_round_failed", channel=self.reader.name, error=type(error).__name__)
                await asyncio.sleep(1)
            with suppress(TimeoutError):
                async with asyncio.timeout(ROUND_S):
                    await self._awake.wait()
            self._awake.clear()

    async def round(self) -> int:
        """Apply the oldest of every thread, an album whole once it is complete. Says how many rows were done."""
        done = 0
        for updates in await self._next():
            done += await self._apply(updates)
        return done

    async def _next(self) -> list[list[ChannelUpdate]]:
        async with self.database.read() as session:
            waiting = await session.scalars(
                select(ChannelUpdate)
                .where(ChannelUpdate.channel == self.reader.name, ChannelUpdate.applied_at.is_(None))
                .order_by(ChannelUpdate.id)
                .limit(BATCH)
            )
            threads: dict[str, list[ChannelUpdate]] = {}
            for update in waiting:
                threads.setdefault(update.thread, []).append(update)
        # By number within a thread: a webhook's updates may overtake each other on their way to us.
        in_order = (sorted(rows, key=lambda row: row.number) for rows in threads.values())
        return [first for rows in in_order if (first := self._first(rows))]

    def _first(self, rows: Sequence[ChannelUpdate]) -> list[ChannelUpdate]:
        """What comes next in a thread: one update, a complete album, or nothing yet."""
        album = self.reader.album(rows[0])
        if album is None:
            return [rows[0]]
        parts = [row for row in rows if self.reader.album(row) == album]
        is_complete = clock.now() - parts[-1].received_at >= timedelta(seconds=self.reader.gather_s)
        return parts if is_complete else []

    async def _apply(self, updates: Sequence[ChannelUpdate]) -> int:
        ids = [update.id for update in updates]
        try:
            applied = await self.database.write(lambda session: self._step(session, ids, self.reader.apply))
        except IntegrityError as error:
            applied = await self._again_or_never(ids, error)
        except (SQLAlchemyError, OSError):
            raise
        except Exception as error:  # noqa: BLE001, one odd update must not hold up its thread for ever
            applied = await self._again_or_never(ids, error)
        if applied is None:
            return 0
        if applied.afterwards:
            await applied.afterwards()
        return len(ids)

    async def _step(
        self,
        session: AsyncSession,
        ids: Sequence[str],
        how: Callable[[AsyncSession, Sequence[ChannelUpdate]], Awaitable[Applied]],
    ) -> Applied | None:
        found = await session.scalars(
            select(ChannelUpdate)
            .where(ChannelUpdate.id.in_(ids), ChannelUpdate.applied_at.is_(None))
            .order_by(ChannelUpdate.id)
            .with_for_update()
        )
        updates = list(found)
        if not updates:
            return None
        applied = await how(session, updates)
        for update in updates:
            update.message_id, update.note, update.applied_at = applied.message_id, applied.note, clock.now()
        return applied

    async def _again_or_never(self, ids: Sequence[str], error: Exception) -> Applied | None:
        log.warning("update_not_applied", channel=self.reader.name, updates=ids, error=type(error).__name__)

        async def count(session: AsyncSession) -> int:
            rows = list(await session.scalars(select(ChannelUpdate).where(ChannelUpdate.id.in_(ids))))
            for row in rows:
                row.attempts += 1
            return max((row.attempts for row in rows), default=ATTEMPTS)

        if await self.database.write(count) < ATTEMPTS:
            return None
        return await self.database.write(lambda session: self._step(session, ids, self.reader.give_up))


async def waiting(session: AsyncSession, channel: str) -> int:
    """How many updates are stored and not applied yet."""
    query = select(func.count()).select_from(ChannelUpdate)
    found = await session.scalar(query.where(ChannelUpdate.channel == channel, ChannelUpdate.applied_at.is_(None)))
    return found or 0
