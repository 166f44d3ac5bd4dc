"""The only door to Rasa: the hub posts one customer message and gets back everything the turn came to.

Answers with real error codes, because Rasa's own channel says 200 to everything. What was understood, tried and learned
is read from the tracker once the turn is over (`bot/reading.py`); words are kept whole, in the order they were said.
Nothing is escaped here: the hub decides which texts may be commands. The hub also has sessions erased here.
"""

import hmac
import logging
from collections import OrderedDict
from typing import Any, Awaitable, Callable, Dict, NamedTuple, Optional, Text, Tuple
from urllib.parse import unquote

from rasa.core.channels.channel import CollectingOutputChannel, InputChannel, UserMessage
from rasa.shared.core.constants import ACTION_LISTEN_NAME
from rasa.shared.core.events import ActionExecuted, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from sanic import Blueprint, response
from sanic.exceptions import SanicException
from sanic.request import Request
from sanic.response import HTTPResponse

from bot.reading import read_turn
from bot.tracker_store import unwrapped

logger = logging.getLogger(__name__)

LONGEST_SENDER = 255
REMEMBERED = 1000


class Refusal(Exception):
    """The request cannot become a turn."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class Asked(NamedTuple):
    sender: str
    message_id: str
    text: str
    metadata: Dict[str, Any]


class WholeMessages(CollectingOutputChannel):
    """Keeps each message as one piece; Rasa's collector would split text at empty lines and part it from its image."""

    @classmethod
    def name(cls) -> Text:
        return "tellonce"

    async def send_response(self, recipient_id: Text, message: Dict[Text, Any]) -> None:
        await self._persist_message(message)


class TellonceInput(InputChannel):
    def __init__(self, secret: str) -> None:
        self.secret = secret
        self._answered: OrderedDict[Tuple[str, str], Dict[str, Any]] = OrderedDict()

    @classmethod
    def name(cls) -> Text:
        return "tellonce"

    @classmethod
    def from_credentials(cls, credentials: Optional[Dict[Text, Any]]) -> "TellonceInput":
        secret = (credentials or {}).get("secret")
        if not secret:
            cls.raise_missing_credentials_exception()
        return cls(str(secret))

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Blueprint:
        door = Blueprint("tellonce")

        @door.route("/", methods=["GET"])
        async def health(request: Request) -> HTTPResponse:
            agent = request.app.ctx.agent
            is_ready = bool(agent and agent.is_ready())
            return response.json({"status": "ok" if is_ready else "loading"}, status=200 if is_ready else 503)

        @door.route("/turn", methods=["POST"])
        async def turn(request: Request) -> HTTPResponse:
            try:
                self._check_secret(request)
                asked = _read_body(request)
            except Refusal as refusal:
                return _error(refusal.status, refusal.code, str(refusal))
            return await self._take_turn(asked, request.app.ctx.agent, on_new_message)

        @door.route("/sessions/<sender:str>", methods=["DELETE"])
        async def forget(request: Request, sender: str) -> HTTPResponse:
            try:
                self._check_secret(request)
            except Refusal as refusal:
                return _error(refusal.status, refusal.code, str(refusal))
            return await self._forget(unquote(sender), request.app.ctx.agent)

        return door

    def _check_secret(self, request: Request) -> None:
        given = request.headers.get("X-Tellonce-Secret", "")
        if not hmac.compare_digest(given.encode(), self.secret.encode()):
            raise Refusal(401, "unauthorized", "The shared secret is missing or wrong.")

    async def _take_turn(
        self, asked: Asked, agent: Any, on_new_message: Callable[[UserMessage], Awaitable[Any]]
    ) -> HTTPResponse:
        if not (agent and agent.is_ready()):
            return _error(503, "not_ready", "The assistant is still loading its model.")
        if (asked.sender, asked.message_id) in self._answered:
            return response.json(self._answered[asked.sender, asked.message_id])
        said = WholeMessages()
        metadata = {**asked.metadata, "message_id": asked.message_id}
        message = UserMessage(asked.text, said, asked.sender, None, self.name(), asked.message_id, metadata)
        try:
            await on_new_message(message)
            tracker = await _stored(agent, asked)
            await _listen_again(agent, tracker)
            answer = read_turn(said.messages, tracker, agent.domain)
            self._remember(asked, answer)
            return response.json(answer)
        except Exception as error:  # noqa: BLE001 (whatever went wrong in there, the hub must hear of it)
            # The type only: the message of the error may quote the customer.
            logger.error("Turn failed for %s: %s", asked.sender, type(error).__name__)
            return _error(502, "turn_failed", "The assistant could not work on this message.")

    async def _forget(self, sender: str, agent: Any) -> HTTPResponse:
        """Everything that was ever said in this session, here and in SQL. What was never there is erased too."""
        if not agent:
            return _error(503, "not_ready", "The assistant is still starting.")
        for key in [key for key in self._answered if key[0] == sender]:
            del self._answered[key]
        return response.json({"events": await unwrapped(agent.tracker_store).forget(sender)})

    def _remember(self, asked: Asked, answer: Dict[str, Any]) -> None:
        """A hub that dies before it has stored an answer asks again. The form is over by then and what was wished is
        done, so a second turn would answer something else and the first answer would be lost."""
        self._answered[asked.sender, asked.message_id] = answer
        if len(self._answered) > REMEMBERED:
            self._answered.popitem(last=False)


async def _stored(agent: Any, asked: Asked) -> DialogueStateTracker:
    """The session with this turn in it. Rasa goes on as if nothing had happened when its store could not save a turn;
    the next one would know nothing of this one."""
    tracker: Optional[DialogueStateTracker] = await agent.tracker_store.retrieve(asked.sender)
    said = [event.message_id for event in tracker.events if isinstance(event, UserUttered)] if tracker else []
    # An action may have added words of before to this turn; and a session that began anew has none at all.
    if not (tracker and tracker.events) or (said and asked.message_id not in said):
        raise LookupError("the turn is not in the tracker store")
    return tracker


async def _listen_again(agent: Any, tracker: DialogueStateTracker) -> None:
    """A turn that Rasa broke off because actions kept failing never got to listen; every later turn would be cut off at
    once, for Rasa counts the actions since it last listened."""
    if tracker.latest_action_name != ACTION_LISTEN_NAME:
        tracker.update(ActionExecuted(ACTION_LISTEN_NAME))
        await agent.tracker_store.save(tracker)


def _read_body(request: Request) -> Asked:
    try:
        body = request.json
    except SanicException:
        body = None
    if not isinstance(body, dict):
        raise Refusal(422, "invalid", "The body must be a JSON object.")
    metadata = body.get("metadata", {})
    if not isinstance(metadata, dict):
        raise Refusal(422, "invalid", "`metadata` must be an object.")
    sender = _words(body, "sender")
    if len(sender) > LONGEST_SENDER:
        raise Refusal(422, "invalid", "`sender` is too long.")
    return Asked(sender, _words(body, "message_id"), _words(body, "text"), metadata)


def _words(body: Dict[str, Any], name: str) -> str:
    """Rasa turns a missing sender into a shared conversation and an empty text into silence, so neither gets in."""
    value = body.get(name)
    if not isinstance(value, str) or not value.strip():
        raise Refusal(422, "invalid", f"`{name}` must be a text that is not empty.")
    return value


def _error(status: int, code: str, message: str) -> HTTPResponse:
    return response.json({"code": code, "message": message}, status=status)
