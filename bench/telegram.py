"""Telegram on its worst days (trial R12): what is lost, doubled, reordered, and who has to wait for whom.

    python -m bench.telegram --chats 20 --messages 10

A real hub, killed and started again, against the stub of Telegram. Prints one JSON line. `sent` counts different
updates, each of which came at least once; an answer is counted where the customer sees it.
"""

import argparse
import asyncio
import json
import random
import sqlite3
import subprocess
import tempfile
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from bench import hub
from bench.telegram_account import account_of, pace_of, tokens_in
from tests.support.telegram import TOKEN, Telegram, TelegramCustomer
from tests.support.waiting import until

Json = dict[str, Any]
BATCH = 100
COPIES = 3
WAIT_S = 35
PATIENCE_S = 600.0


@dataclass
class Trial:
    """The stub, the hub, the people, and what they have said so far, in order."""

    telegram: Telegram
    folder: Path
    port: int
    people: list[TelegramCustomer]
    said: dict[int, list[str]] = field(default_factory=lambda: defaultdict(list))
    process: subprocess.Popen[bytes] | None = None
    kills: int = 0
    # Unlike updates, messages are never numbered anew.
    numbers: Iterator[int] = field(default_factory=lambda: count(10_000))

    @property
    def env(self) -> dict[str, str]:
        return {
            **hub.environment(self.port, self.folder),
            "TELLONCE_TELEGRAM_TOKEN": TOKEN,
            "TELLONCE_TELEGRAM_API_URL": self.telegram.url,
            "TELLONCE_TELEGRAM_MODE": "polling",
            "TELLONCE_LOG_LEVEL": "DEBUG",
            "BENCH_TURN_S": "0.05",
        }

    async def start(self) -> None:
        with (self.folder / "hub.log").open("ab") as log:
            self.process = await asyncio.to_thread(hub.start, self.port, self.env, log)

    def kill(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait()
            self.kills += 1

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.folder / "bench.db", timeout=30)) as database:
            return database.execute(query, values).fetchall()

    def updates(self, number: int, name: str, *, first_id: int) -> list[Json]:
        """`number` words of random people, numbered as Telegram would, in the order they were said."""
        made = []
        for update_id in range(first_id, first_id + number):
            person = random.choice(self.people)
            text = f"{name} {len(self.said[person.id])} of {person.id}"
            self.said[person.id].append(text)
            chat = {"id": person.id, "type": "private", "first_name": "Maya"}
            message = {"message_id": next(self.numbers), "date": int(time.time()), "chat": chat, "from": chat}
            made.append({"update_id": update_id, "message": {**message, "text": text}})
        return made

    async def applied(self) -> None:
        """Everything was fetched and taken in."""

        async def look() -> bool:
            waiting = (await self.telegram.account())["waiting"]
            return not waiting and not self.rows("SELECT 1 FROM channel_updates WHERE applied_at IS NULL LIMIT 1")

        await until(look, "every update to be taken in", PATIENCE_S, 0.2)

    async def quiet(self) -> None:
        """Every answer has left the hub."""

        async def look() -> bool:
            return not self.rows("SELECT 1 FROM outbox WHERE NOT is_dead AND lane IN ('turn', 'deliver') LIMIT 1")

        await self.applied()
        await until(look, "every answer to be sent", PATIENCE_S, 0.2)


# The bad days


async def repeated_and_shuffled(trial: Trial, number: int) -> None:
    """Every update three times: the first time in its batch, then anywhere later; every batch shuffled."""
    updates = trial.updates(number, "repeated", first_id=200_001)
    size = BATCH // COPIES
    batches: list[list[Json]] = [list(updates[at : at + size]) for at in range(0, number, size)]
    for place in range(len(batches)):
        for update in updates[place * size : (place + 1) * size]:
            for _ in range(COPIES - 1):
                batches[random.randrange(place, len(batches))].append(update)
    for batch in batches:
        random.shuffle(batch)
    await trial.telegram.hand_out(batches)
    await trial.applied()


async def killed_with_a_full_batch(trial: Trial, kills: int) -> None:
    """A batch of 100 is handed out, and then the hub dies: at once, or a moment later in the middle of it."""
    for kill in range(kills):
        first = trial.telegram.world.bots[TOKEN].queue.next_id
        handed_out = trial.telegram.world.bots[TOKEN].queue.handed_out
        await trial.telegram.feed(trial.updates(BATCH, f"killed{kill}", first_id=first))

        async def look(before: int = handed_out) -> bool:
            return trial.telegram.world.bots[TOKEN].queue.handed_out > before

        await until(look, "the batch to be handed out", poll_s=0.001)
        await asyncio.sleep(random.choice((0.0, random.uniform(0, 0.1), random.uniform(0, 1.5))))
        trial.kill()
        await trial.start()
        await trial.applied()


async def numbered_lower(trial: Trial, number: int) -> None:
    """A quiet week, and numbering begins again below, over numbers that were used before for something else."""
    await trial.telegram.feed(trial.updates(number, "renumbered", first_id=200_001))
    await trial.applied()


async def contested(trial: Trial) -> None:
    """409 twice, as from a second poller, and then words."""
    await trial.telegram.makes({"rival_calls": 2})
    first = trial.telegram.world.bots[TOKEN].queue.next_id
    await trial.telegram.feed(trial.updates(10, "contested", first_id=first))
    await trial.applied()


async def told_to_wait(trial: Trial) -> Json:
    """429 with `retry_after` 35 for one chat: it gets everything afterwards, the others do not notice."""
    await trial.quiet()
    slow, *others = trial.people
    await trial.telegram.makes({"wait": {"chat": slow.id, "seconds": WAIT_S}})
    early, began_at = (await trial.telegram.account())["early"], time.monotonic()
    for person in trial.people:
        trial.said[person.id].append(f"waiting {len(trial.said[person.id])} of {person.id}")
        await person.says(trial.said[person.id][-1])

    async def heard(person: TelegramCustomer) -> float:
        await person.hears(trial.said[person.id][-1], PATIENCE_S)
        return time.monotonic() - began_at

    waited_s, *others_s = await asyncio.gather(*(heard(person) for person in (slow, *others)))
    return {
        "told_to_wait_s": WAIT_S,
        "its_answer_after_s": round(waited_s, 1),
        "slowest_other_answer_s": round(max(others_s), 1),
        "called_too_early": (await trial.telegram.account())["early"] - early,
    }


async def albums(trial: Trial, number: int) -> Json:
    """Ten pictures each; one message each."""
    for person in trial.people[:number]:
        await person.sends_album(10, caption=f"album of {person.id}")
    await trial.applied()
    found = trial.rows(
        "SELECT count(a.id) FROM messages m JOIN attachments a ON a.message_id = m.id"
        " WHERE m.author = 'customer' AND m.text LIKE 'album of %' GROUP BY m.id"
    )
    return {"albums_sent": number, "albums_of_ten_stored_as_one_message": [count for (count,) in found].count(10)}


async def edits(trial: Trial) -> Json:
    """Everybody corrects a word; nobody is answered again for it."""
    turns = trial.rows("SELECT count(*) FROM turns")[0][0]
    for person in trial.people:
        number = await person.says("my box is brokn")
        await person.edits(number, "my box is broken")
    await trial.quiet()
    kept = trial.rows("SELECT count(*) FROM message_edits WHERE text = 'my box is broken'")[0][0]
    more = trial.rows("SELECT count(*) FROM turns")[0][0] - turns
    return {"edits_sent": len(trial.people), "edits_kept": kept, "turns_caused_by_edits": more - len(trial.people)}


async def old_buttons(trial: Trial) -> Json:
    """Buttons nobody offered any more: each press is answered, none is taken for words."""
    before = trial.rows("SELECT count(*) FROM messages WHERE author = 'customer'")[0][0]
    queries = []
    for person in trial.people:
        shown = (await person.sees())[-1]
        queries.append(await person.presses_data(shown, f"{'0' * 26}.0"))
    notices = await asyncio.gather(*(one.reads_notice(query) for one, query in zip(trial.people, queries, strict=True)))
    after = trial.rows("SELECT count(*) FROM messages WHERE author = 'customer'")[0][0]
    answered = sum(bool(notice) for notice in notices)
    return {"old_buttons_pressed": len(queries), "old_buttons_answered": answered, "taken_for_words": after - before}


async def run(folder: Path, port: int, chats: int, messages: int, kills: int) -> Json:
    with Telegram() as telegram:
        people = [await telegram.customer(f"Person {number}") for number in range(chats)]
        trial = Trial(telegram, folder, port, people)
        await asyncio.to_thread(hub.migrate, trial.env)
        await trial.start()
        try:
            for person in people:
                await person.starts()
            figures: Json = {}
            days: list[Callable[[], Awaitable[Json | None]]] = [
                lambda: repeated_and_shuffled(trial, chats * messages),
                lambda: killed_with_a_full_batch(trial, kills),
                lambda: numbered_lower(trial, chats * 2),
                lambda: contested(trial),
                lambda: told_to_wait(trial),
                lambda: albums(trial, min(5, chats)),
                lambda: edits(trial),
                lambda: old_buttons(trial),
            ]
            for day in days:
                figures |= await day() or {}
            await trial.quiet()
            calls = (await telegram.account())["calls"]
            return {
                **await account_of(people, trial.said, trial.rows),
                "copies_of_repeated": COPIES,
                "kills": trial.kills,
                **figures,
                **pace_of(calls),
                "token_in_log": tokens_in(folder / "hub.log"),
            }
        finally:
            trial.kill()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chats", type=int, default=20)
    parser.add_argument("--messages", type=int, default=10, help="words of each that come three times")
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--port", type=int, default=8091)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tellonce-bench-") as name:
        figures = run(Path(name), chosen.port, chosen.chats, chosen.messages, chosen.kills)
        print(json.dumps({"trial": "R12", **asyncio.run(figures)}))


if __name__ == "__main__":
    main()
