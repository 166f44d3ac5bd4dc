"""Rasa's sessions: kept in memory while they are talked in, written through to SQL at the end of each turn.

Rasa's own SQL store reads a session again, event by event, several times a turn. This one reads it only when it does
not hold it: after a restart, or when too many others were busier. The table is Rasa's, so Rasa's own tools read it too.
`endpoints.yml` names this class; the door (`bot/channel.py`) calls `forget`.
"""

import json
import logging
from collections import OrderedDict
from itertools import islice
from typing import Any, Dict, List, NamedTuple, Optional, Text

import sqlalchemy as sa
from rasa.core.tracker_store import SQLTrackerStore, TrackerStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import Event, SessionStarted
from rasa.shared.core.trackers import DialogueStateTracker
from sqlalchemy.pool import QueuePool

from bot.live_tracker import LiveTracker

logger = logging.getLogger(__name__)

SESSIONS = 1000
EVENTS = 30_000
"""About 100 MB: with its share of the session, an event takes three kilobytes or so."""


class Held(NamedTuple):
    """A session in memory, as it was committed. `rows` is all that SQL has of its sender, older sessions included."""

    tracker: LiveTracker
    rows: int


class LiveTrackerStore(SQLTrackerStore):
    """`sessions` and `events` bound what is kept in memory; the session not used for longest goes first.

    Nobody shares a tracker: whoever retrieves one gets a copy, and what is saved is copied. Memory never knows what SQL
    does not: a session is held only as it was committed, and one that could not be committed is held no more. One
    process answers for a sender; another that wrote to the same database would not be noticed.
    """

    def __init__(
        self, domain: Optional[Domain] = None, sessions: int = SESSIONS, events: int = EVENTS, **database: Any
    ) -> None:
        self._held: OrderedDict[str, Held] = OrderedDict()
        self._held_events = 0
        self._sessions, self._events = int(sessions), int(events)
        super().__init__(domain, **database)
        self._keep_connection()

    def _keep_connection(self) -> None:
        """Rasa opens a new connection to SQLite for every question, and waits for the disk twice at each commit."""
        if self.engine.dialect.name == "sqlite":
            url = self.engine.url
            self.engine.dispose()
            self.engine = sa.create_engine(url, poolclass=QueuePool, connect_args={"check_same_thread": False})
            sa.event.listen(self.engine, "connect", _write_ahead)
            self.sessionmaker.configure(bind=self.engine)

    @property
    def domain(self) -> Domain:
        return self._domain

    @domain.setter
    def domain(self, domain: Optional[Domain]) -> None:
        """Another domain has other slots, so nothing that was built with the old one is kept."""
        self._domain = domain or Domain.empty()
        for sender in list(self._held):
            self._let_go(sender)

    def init_tracker(self, sender_id: Text) -> LiveTracker:
        return LiveTracker(sender_id, self.domain.slots, max_event_history=self.max_event_history)

    async def retrieve(self, sender_id: Text) -> Optional[DialogueStateTracker]:
        """The latest session of this sender, for the caller to change.

        One that has not begun is empty and never None: what wraps this store would make a tracker of Rasa's own.
        """
        held = self._held.get(sender_id) or self._read(sender_id)
        self._hold(sender_id, held)
        return held.tracker.copy()

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Write what is new in one transaction. Raises what the database raises; the session is then read again."""
        sender = tracker.sender_id
        live = tracker if isinstance(tracker, LiveTracker) else self._adopted(tracker)
        held = self._held.get(sender)
        rows = held.rows if held else self._rows_of(sender)
        new = list(islice(live.events, live.stored, None))
        self._let_go(sender)
        self._write(sender, new)
        is_alone = live.rows == rows
        live.stored, live.rows = len(live.events), rows + len(new) if is_alone else -1
        if is_alone:
            self._hold(sender, Held(self._latest_session(live), live.rows))
        else:
            logger.warning("Two turns of %s ran at once; both are stored, and the session is read again.", sender)
        if self.event_broker is not None:
            await self._stream_new_events(self.event_broker, new, sender)

    async def forget(self, sender_id: Text) -> int:
        """Erase every session of this sender, in memory and in SQL; answers how many events SQL had."""
        self._let_go(sender_id)
        rows = self.SQLEvent.__table__
        with self.engine.begin() as connection:
            return int(connection.execute(rows.delete().where(rows.c.sender_id == sender_id)).rowcount)

    def _read(self, sender_id: Text) -> Held:
        with self.session_scope() as session:
            rows = self._event_query(session, sender_id, fetch_events_from_all_sessions=False).all()
        if not rows:
            return Held(self.init_tracker(sender_id), 0)
        told = [json.loads(row.data) for row in rows]
        tracker = LiveTracker.from_dict(sender_id, told, self.domain.slots, self.max_event_history)
        tracker.stored, tracker.rows = len(tracker.events), self._rows_of(sender_id)
        return Held(tracker, tracker.rows)

    def _rows_of(self, sender_id: Text) -> int:
        rows = self.SQLEvent.__table__
        count = sa.select([sa.func.count()]).where(rows.c.sender_id == sender_id)
        with self.engine.connect() as connection:
            return int(connection.execute(count).scalar())

    def _adopted(self, tracker: DialogueStateTracker) -> LiveTracker:
        """A tracker that is not from here (Rasa's HTTP API makes some) holds what is stored and goes on from there."""
        before = self._read(tracker.sender_id)
        live = LiveTracker.from_events(tracker.sender_id, list(tracker.events), self.domain.slots)
        live.stored, live.rows = before.tracker.stored, before.rows
        return live

    def _latest_session(self, tracker: LiveTracker) -> LiveTracker:
        """What SQL would give back: all since the session started. Rasa puts two events before that one."""
        events = list(tracker.events)
        starts = [at for at, event in enumerate(events) if isinstance(event, SessionStarted)]
        if not starts or starts[-1] == 0:
            return tracker.copy()
        session = LiveTracker.from_events(tracker.sender_id, events[starts[-1] :], self.domain.slots)
        session.stored, session.rows = len(session.events), tracker.rows
        return session

    def _write(self, sender: str, events: List[Event]) -> None:
        if events:
            with self.engine.begin() as connection:
                connection.execute(self.SQLEvent.__table__.insert(), [_row(sender, event) for event in events])

    def _hold(self, sender: str, held: Held) -> None:
        self._let_go(sender)
        self._held[sender] = held
        self._held_events += held.tracker.stored
        while len(self._held) > self._sessions or self._held_events > self._events:
            self._let_go(next(iter(self._held)))

    def _let_go(self, sender: str) -> None:
        held = self._held.pop(sender, None)
        self._held_events -= held.tracker.stored if held else 0


def unwrapped(store: TrackerStore) -> LiveTrackerStore:
    """Our store inside what Rasa wraps around it, which passes on only what every store can do."""
    inner = getattr(store, "_tracker_store", store)
    if not isinstance(inner, LiveTrackerStore):
        raise TypeError("Set `tracker_store: type: bot.tracker_store.LiveTrackerStore` in endpoints.yml.")
    return inner


def _row(sender: str, event: Event) -> Dict[str, Any]:
    data = event.as_dict()
    intent = ((data.get("parse_data") or {}).get("intent") or {}).get("name")
    return {
        "sender_id": sender,
        "type_name": event.type_name,
        "timestamp": data.get("timestamp"),
        "intent_name": intent,
        "action_name": data.get("name"),
        "data": json.dumps(data),
    }


def _write_ahead(connection: Any, _record: Any) -> None:
    """A commit outlives the process at once, and the machine within moments: sessions are working copies of the hub's
    ledger, and waiting for the disk at each turn would cost more than the turn."""
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.close()
