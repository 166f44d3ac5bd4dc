"""Rasa's tracker of one session, keeping what it has worked out.

Rasa's own tracker replays every event of the session whenever it is copied, asked for its past states or sent to an
action, several times a turn, so that each turn costs more than the one before. This one gives the same answers and
does each piece of work once. `bot/tracker_store.py` hands it out; nothing else knows that it is not Rasa's own.
"""

import dataclasses
from operator import is_
from typing import Any, Dict, Generator, Iterable, List, NamedTuple, Optional, Text, Tuple

from rasa.shared.core.domain import Domain, State
from rasa.shared.core.events import ActionExecuted, DefinePrevUserUtteredFeaturization, Event, SlotSet, UserUttered
from rasa.shared.core.slots import Slot
from rasa.shared.core.trackers import DialogueStateTracker, EventVerbosity

CHECKPOINTS = 6
TOLD = ("name", "value", "text", "data")
OF_THE_TURN = frozenset(
    {"carry", "channel", "conversation_id", "customer", "facts", "handback", "locale", "message_id", "open_cases"}
    | {"turn_id"}
)
"""What the hub says with a message (contract 1). Actions read it of the latest message, which they are sent whole."""
OF_RASA = frozenset({"assistant_id", "model_id"})

Json = Dict[str, Any]


class LiveTracker(DialogueStateTracker):
    """Same events in, same answers out as Rasa's tracker; `tests/bot/test_live_tracker.py` compares the two.

    `stored` of its events are in SQL, which had `rows` of this sender when the tracker was handed out.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.stored = 0
        self.rows = 0
        self._past = _Past()
        self._applied: Tuple[int, Optional[Event], List[Event]] = (0, None, [])

    def copy(self) -> "LiveTracker":
        """A tracker that can go its own way; only the events, which nobody changes, are the same objects.

        As with Rasa's copy, the model's and the assistant's id are not taken along.
        """
        twin = LiveTracker.__new__(LiveTracker)
        twin.__dict__.update(_state(self, self.slots.values()))
        twin.__dict__.update(events=self.events.copy(), model_id=None, assistant_id=None)
        return twin

    def applied_events(self) -> List[Event]:
        count, last = len(self.events), self.events[-1] if self.events else None
        if self._applied[0] != count or self._applied[1] is not last:
            self._applied = (count, last, super().applied_events())
        return list(self._applied[2])

    def past_states(
        self,
        domain: Domain,
        omit_unset_slots: bool = False,
        ignore_rule_only_turns: bool = False,
        rule_only_data: Optional[Dict[Text, Any]] = None,
    ) -> List[State]:
        """Rasa's own loop over the past, on a domain that reads each moment of it only once."""
        reader: Any = _ReadsOnce(domain)
        return Domain.states_for_tracker_history(reader, self, omit_unset_slots, ignore_rule_only_turns, rule_only_data)

    def generate_all_prior_trackers(self) -> Generator[Tuple[DialogueStateTracker, bool], None, None]:
        """Yields the session as it was before each action, and as it is. What is yielded has no events."""
        yield from self._past.of(self)

    def current_state(self, event_verbosity: EventVerbosity = EventVerbosity.NONE) -> Dict[Text, Any]:
        """What an action is sent: all of the present, and of all events only what actions read (contract 2)."""
        if event_verbosity != EventVerbosity.ALL:
            return super().current_state(event_verbosity)
        events = [_told(event) for event in self.events if not isinstance(event, DefinePrevUserUtteredFeaturization)]
        return {**super().current_state(EventVerbosity.NONE), "events": events}


class _Moment(NamedTuple):
    """The session before the event at `at` of the applied events, and whether that turn is hidden from stories."""

    at: int
    tracker: DialogueStateTracker
    is_hidden: bool


class _Past:
    """The moments before each action, worked out once and shared by a tracker and its copies.

    Sharing is safe because nothing in here is believed: it is compared with the events of whoever asks, and thrown away
    from where they differ. That happens in forms, where each new question takes back events of the one before.
    """

    def __init__(self) -> None:
        self._applied: List[Event] = []
        self._moments: List[_Moment] = []
        self._now: Optional[DialogueStateTracker] = None
        self._checkpoints: List[Tuple[int, DialogueStateTracker]] = []

    def of(self, tracker: LiveTracker) -> List[Tuple[DialogueStateTracker, bool]]:
        applied = tracker.applied_events()
        now = self._rewound(_agreed(self._applied, applied), tracker)
        self._now = None  # an event that cannot be applied must not leave half of the way behind
        for at in range(len(self._applied), len(applied)):
            self._go_on(now, at, applied[at])
        self._applied, self._now = applied, now
        return [(moment.tracker, moment.is_hidden) for moment in self._moments] + [(_frozen(now), False)]

    def _rewound(self, agreed: int, tracker: LiveTracker) -> DialogueStateTracker:
        """The session after the events that both agree on, or after fewer of them."""
        if self._now is None or agreed < len(self._applied):
            self._checkpoints = [checkpoint for checkpoint in self._checkpoints if checkpoint[0] <= agreed]
            at, then = self._checkpoints[-1] if self._checkpoints else (0, None)
            self._applied = self._applied[:at]
            self._moments = [moment for moment in self._moments if moment.at < at]
            self._now = _frozen(tracker.init_copy() if then is None else then)
        return self._now

    def _go_on(self, now: DialogueStateTracker, at: int, event: Event) -> None:
        if isinstance(event, ActionExecuted):
            self._moments.append(_Moment(at, _frozen(now), event.hide_rule_turn))
        if isinstance(event, UserUttered):
            self._checkpoints = [*self._checkpoints[1 - CHECKPOINTS :], (at, _frozen(now))]
        if not isinstance(event, SlotSet) or event.key in now.slots:
            event.apply_to(now)


class _ReadsOnce:
    """A domain whose reading of a moment is kept with the moment. Rasa changes what it is given, so it gets copies."""

    def __init__(self, domain: Domain) -> None:
        self._domain = domain

    def __getattr__(self, name: str) -> Any:
        return getattr(self._domain, name)

    def get_active_state(self, tracker: DialogueStateTracker, omit_unset_slots: bool = False) -> State:
        known: Dict[Tuple[int, bool], State] = tracker.__dict__.setdefault("states_read", {})
        key = (id(self._domain), omit_unset_slots)
        if key not in known:
            known[key] = self._domain.get_active_state(tracker, omit_unset_slots)
        return {kind: dict(part) for kind, part in known[key].items()}


def _agreed(before: List[Event], now: List[Event]) -> int:
    """How many events from the start are the same objects in both."""
    if all(map(is_, before, now)):
        return min(len(before), len(now))
    return next(at for at, (one, other) in enumerate(zip(before, now, strict=False)) if one is not other)


def _frozen(tracker: DialogueStateTracker) -> DialogueStateTracker:
    """What states are read from: without events, and of the slots only those that have a say in what comes next."""
    twin = DialogueStateTracker.__new__(DialogueStateTracker)
    said = [slot for slot in tracker.slots.values() if slot.influence_conversation]
    twin.__dict__.update(_state(tracker, said), events=())
    twin.__dict__.pop("states_read", None)
    return twin


def _state(tracker: DialogueStateTracker, slots: Iterable[Slot]) -> Json:
    """Everything a tracker is made of but its events; what can change in place is copied."""
    loop, action = tracker.active_loop, tracker.latest_action
    return {
        **tracker.__dict__,
        "slots": {slot.name: _slot(slot) for slot in slots},
        "active_loop": dataclasses.replace(loop) if loop else None,
        "latest_action": dict(action) if action is not None else None,
    }


def _slot(slot: Slot) -> Slot:
    """`copy.copy` would take five times as long, sixty times a turn and more."""
    twin: Slot = slot.__class__.__new__(slot.__class__)
    twin.__dict__.update(slot.__dict__)
    return twin


def _told(event: Event) -> Json:
    """An event in the words actions use. Kept on the event: all of a session's events travel with every action."""
    told: Optional[Json] = event.__dict__.get("told")
    if told is None or told["timestamp"] != event.timestamp:
        told = event.__dict__["told"] = _tell(event)
    return told


def _tell(event: Event) -> Json:
    """Rasa's bookkeeping stays at home: model ids, policies, confidences, rankings, the hub's metadata."""
    whole = event.as_dict()
    told = {"event": whole["event"], "timestamp": event.timestamp}
    told.update((name, whole[name]) for name in TOLD if name in whole)
    if isinstance(event, UserUttered):
        told["parse_data"] = {"intent": event.intent, "entities": event.entities}
        # Words of before, taken up again by actions/next_topic.py, which must not be counted as said twice.
        if event.metadata.get("continues"):
            told["metadata"] = {"continues": True}
    return told
