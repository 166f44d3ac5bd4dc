"""The half of the tracker tests that runs in Rasa's own environment: `python -m tests.bot.rasa_side FOLDER`.

Reads one command a line, `[name, arguments…]` as JSON, and answers each with one line of JSON. The tests are on the
other side of the pipe (`tracker_bench.py`), where hypothesis is.
"""

import asyncio
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

from bot import without_tensorflow

without_tensorflow.install()

import jsonschema  # noqa: E402
from rasa.core.actions.action import RemoteAction  # noqa: E402
from rasa.core.actions.forms import FormAction  # noqa: E402
from rasa.core.tracker_store import SQLTrackerStore  # noqa: E402
from rasa.shared.core.domain import Domain  # noqa: E402
from rasa.shared.core.events import deserialise_events  # noqa: E402
from rasa.shared.core.trackers import DialogueStateTracker, EventVerbosity  # noqa: E402

from bot import action_calls  # noqa: E402
from bot.live_tracker import LiveTracker  # noqa: E402
from bot.tracker_store import LiveTrackerStore  # noqa: E402

DOMAIN = Domain.from_yaml("""
version: "3.1"
intents: [greet, bill, stop]
entities: [amount]
slots:
  amount: {type: text, influence_conversation: true, mappings: [{type: custom}]}
  is_sure: {type: bool, mappings: [{type: custom}]}
  notes: {type: list, influence_conversation: false, mappings: [{type: custom}]}
forms:
  pay_form: {required_slots: [amount]}
  move_form: {required_slots: [notes]}
actions: [action_say, action_look, validate_pay_form]
responses: {utter_ask_amount: [{text: "How much?"}]}
""")
RULE_ONLY = {"rule_only_slots": ["amount"], "rule_only_loops": ["move_form"]}

Json = dict[str, Any]
Events = list[Json]


class Stores:
    """Ours and Rasa's, side by side, each on a database of its own."""

    def __init__(self, folder: Path, **bounds: int) -> None:
        name = uuid4().hex
        self._ours, self._bounds = str(folder / f"{name}-ours.db"), bounds
        self.stock = SQLTrackerStore(DOMAIN, db=str(folder / f"{name}-stock.db"))
        self.restart()

    def restart(self) -> None:
        """What kill -9 leaves: the file, and nothing of the process."""
        self.ours = LiveTrackerStore(DOMAIN, db=self._ours, **self._bounds)

    def fresh(self) -> LiveTrackerStore:
        return LiveTrackerStore(DOMAIN, db=self._ours)

    async def turn(self, sender: str, events: Events) -> None:
        for store in (self.ours, self.stock):
            await store.save(_told(await store.get_or_create_tracker(sender, append_action_listen=False), events))

    async def broken_turn(self, sender: str, events: Events) -> None:
        """A turn that raises half-way and is never saved."""
        _told(await self.ours.get_or_create_tracker(sender, append_action_listen=False), events)

    async def refused_turn(self, sender: str, events: Events) -> bool:
        """A turn that the database does not take; whether the store said so."""
        tracker = _told(await self.ours.get_or_create_tracker(sender, append_action_listen=False), events)
        self._refuse_writing(True)
        try:
            await self.ours.save(tracker)
            return False
        except Exception:  # noqa: BLE001 (whatever the driver raises)
            return True
        finally:
            self._refuse_writing(False)

    async def two_turns(self, sender: str, one: Events, other: Events) -> None:
        """Both begin before either ends."""
        trackers = [await self.ours.get_or_create_tracker(sender, append_action_listen=False) for _ in range(2)]
        for tracker, events in zip(trackers, (one, other), strict=True):
            await self.ours.save(_told(tracker, events))

    def _refuse_writing(self, is_on: bool) -> None:
        with self.ours.engine.connect() as connection:
            connection.exec_driver_sql(f"PRAGMA query_only={int(is_on)}")


class RasaSide:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._stores: Stores | None = None

    @property
    def stores(self) -> Stores:
        if self._stores is None:
            raise RuntimeError("`open` comes first")
        return self._stores

    async def open(self, **bounds: int) -> None:
        self._stores = Stores(self._folder, **bounds)

    async def step(self, name: str, *words: Any) -> Any:
        done = getattr(self.stores, name)(*words)
        return await done if asyncio.iscoroutine(done) else done

    async def told(self, sender: str) -> Json:
        """One session as our store, our store after a restart and Rasa's store give it back."""
        stores = (("ours", self.stores.ours), ("restarted", self.stores.fresh()), ("stock", self.stores.stock))
        return {name: _whole(await store.retrieve(sender)) for name, store in stores}

    async def forget(self, sender: str) -> int:
        return await self.stores.ours.forget(sender)

    async def held(self) -> Json:
        held = self.stores.ours._held
        return {"sessions": list(held), "events": sum(len(one.tracker.events) for one in held.values())}

    async def remembers(self, turns: list[Events]) -> Json:
        """The same turns in both kinds of tracker, asked everything after each event, as policies and actions do."""
        live, asked = LiveTracker("s", DOMAIN.slots), []
        so_far: Events = []
        for told in (one for events in turns for one in events):
            so_far.append(told)
            _told(live, [told])
            stock = DialogueStateTracker.from_dict("s", so_far, DOMAIN.slots)
            asked.append({"live": _answers(live), "copy": _answers(live.copy()), "stock": _answers(stock)})
            live = live.copy() if told["event"] == "bot" else live
        return {"wrong": [one for one in asked if not one["live"] == one["copy"] == one["stock"]]}

    async def sent(self, events: Events) -> Json:
        tracker: Any = _told(LiveTracker("s", DOMAIN.slots), events)
        return dict(RemoteAction("action_say", None)._action_call_format(tracker, DOMAIN)["tracker"])

    async def checks(self, answer: Any) -> list[str | None]:
        """What Rasa and we say of an answer of the action server."""
        stock = RemoteAction._validate_action_result
        return [_complaint(check, answer) for check in (stock, action_calls.check_answer)]

    async def inside_form(self, events: Events, more: Events) -> list[Json]:
        form, live = FormAction("pay_form", None), _told(LiveTracker("s", DOMAIN.slots), events)
        seen = [
            make(live, deserialise_events(more), DOMAIN)
            for make in (form._temporary_tracker, lambda *given: action_calls.tracker_inside_form(form, *given))
        ]
        return [_without_times(_whole(tracker)) for tracker in seen]


def _told(tracker: Any, events: Events) -> Any:
    for event in deserialise_events(events):
        tracker.update(event)
    return tracker


def _answers(tracker: DialogueStateTracker) -> Json:
    return {
        "whole": _whole(tracker),
        "applied": [str(event) for event in tracker.applied_events()],
        "states": tracker.past_states(DOMAIN),
        "set": tracker.past_states(DOMAIN, omit_unset_slots=True),
        "stories": tracker.past_states(DOMAIN, ignore_rule_only_turns=True, rule_only_data=RULE_ONLY),
        "said": [str(tracker.get_last_event_for(kind)) for kind in map(type, tracker.events)],
    }


def _whole(tracker: DialogueStateTracker | None) -> Any:
    """All of a tracker as Rasa writes it out, not as actions are sent it; None when there is nothing in it."""
    if not (tracker and tracker.events):
        return None
    return DialogueStateTracker.current_state(tracker, EventVerbosity.APPLIED) | {
        "all": [event.as_dict() for event in tracker.events],
        "paused": tracker.is_paused(),
    }


def _without_times(told: Any) -> Any:
    if isinstance(told, dict):
        return {name: _without_times(value) for name, value in told.items() if "time" not in name}
    return [_without_times(value) for value in told] if isinstance(told, list) else told


def _complaint(check: Callable[..., bool], answer: Any) -> str | None:
    try:
        check(RemoteAction("a", None), answer)
    except jsonschema.ValidationError as error:
        return error.message
    return None


async def main() -> None:
    side = RasaSide(Path(sys.argv[1]))
    for line in sys.stdin:
        name, words, named = json.loads(line)
        print(json.dumps(await getattr(side, name)(*words, **named), default=list), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
