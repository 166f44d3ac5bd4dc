"""How Rasa calls the action server: one kept connection, and no work done again at each call.

`ActionServer` is Rasa's own endpoint and goes where Rasa takes one. For two costs Rasa has no such place, so
`install` puts our version of one method each into its classes; both answer what Rasa's answer, and
`tests/bot/test_action_calls.py` compares them. Without it (`rasa run`) everything works, more slowly.
"""

from types import TracebackType
from typing import Any, Dict, List, Optional, Text, Type

import aiohttp
import jsonschema
from jsonschema.validators import validator_for
from rasa.core.actions.action import RemoteAction
from rasa.core.actions.forms import FormAction
from rasa.shared.core.constants import REQUESTED_SLOT
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, Event, SlotSet
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.utils.endpoints import EndpointConfig


class ActionServer(EndpointConfig):
    """Rasa opens a session and a connection for every call; here all calls share one session."""

    _shared: Optional[aiohttp.ClientSession] = None

    def session(self) -> Any:
        if self._shared is None or self._shared.closed:
            self._shared = super().session()
        return _LeftOpen(self._shared)


def kept_open(endpoint: Optional[EndpointConfig]) -> Optional[ActionServer]:
    """The endpoint of `endpoints.yml`, its calls on one connection; None when there is none."""
    if endpoint is None:
        return None
    server = ActionServer()
    server.__dict__.update(endpoint.__dict__)
    return server


class _LeftOpen:
    """What Rasa closes after each call stays open."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def __aenter__(self) -> aiohttp.ClientSession:
        return self._session

    async def __aexit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        return None


def install() -> None:
    """For the running process, once. Nothing else of Rasa is changed anywhere."""
    RemoteAction._validate_action_result = check_answer  # noqa: SLF001
    FormAction._temporary_tracker = tracker_inside_form  # noqa: SLF001


_schema = RemoteAction.action_response_format_spec()
_check = validator_for(_schema)(_schema)


def check_answer(action: RemoteAction, answer: Dict[Text, Any]) -> bool:
    """Whether the action server's answer has the form it must have; raises `jsonschema.ValidationError` if not.

    Rasa checks its own schema, 17 ms long, before each answer. It never changes, so it is read once. A wrong answer is
    checked a second time in Rasa's way, for its words.
    """
    if not _check.is_valid(answer):
        jsonschema.validate(answer, _schema)
    return True


def tracker_inside_form(
    form: FormAction, current: DialogueStateTracker, additional: List[Event], domain: Domain
) -> DialogueStateTracker:
    """The session as a form's own actions see it. Rasa replays the whole session for it, twice a turn."""
    tracker = current.copy()
    # The question may be one of the form before; and what the form adds must be told apart from what was there.
    slot = SlotSet(REQUESTED_SLOT, form.get_slot_to_fill(current))
    for event in [slot, ActionExecuted(form.name()), *additional]:
        tracker.update(event)
    return tracker
