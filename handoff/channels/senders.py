"""How a code travels to a customer: into the log (the demonstration), to an address of yours, or by your own class."""

import importlib

import httpx
import structlog

from handoff.errors import PermanentDeliveryError, TemporaryDeliveryError
from handoff.ports import CodeSender
from handoff.settings import Settings

log = structlog.get_logger(__name__)

TIMEOUT_S = 3.0


class ConsoleSender:
    """Writes the message to the log instead of sending it. For trying things out: who reads the log has the code."""

    async def send(self, via: str, address: str, text: str) -> None:
        log.warning("code_not_sent_but_logged", via=via, address=address, text=text)


class HookSender:
    """POSTs `{via, address, text}` with the secret as a bearer token; anything but 2xx is a failure."""

    def __init__(self, url: str, secret: str) -> None:
        self._url, self._headers = url, {"Authorization": f"Bearer {secret}"} if secret else {}

    async def send(self, via: str, address: str, text: str) -> None:
        body = {"via": via, "address": address, "text": text}
        try:
            async with httpx.AsyncClient(timeout=TIMEOUT_S, headers=self._headers) as client:
                answer = await client.post(self._url, json=body)
        except httpx.HTTPError as error:
            raise TemporaryDeliveryError(f"The code could not be sent: {type(error).__name__}.") from None
        if not answer.is_success:
            raise PermanentDeliveryError(f"The code could not be sent: the sender answered {answer.status_code}.")


def sender_of(settings: Settings) -> CodeSender:
    """As the settings say. Raises `ValueError` with a sentence for a name that leads nowhere."""
    name = settings.code_sender
    if name == "console":
        return ConsoleSender()
    if name.startswith(("http://", "https://")):
        return HookSender(name, settings.code_sender_secret)
    module, _, kind = name.partition(":")
    try:
        made: CodeSender = getattr(importlib.import_module(module), kind)()
    except (ImportError, AttributeError, ValueError) as error:
        raise ValueError(f"TELLONCE_CODE_SENDER: {name} cannot be used ({error}).") from None
    return made
