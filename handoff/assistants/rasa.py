"""Rasa, reached over HTTP through `bot/channel.py` (contract 1 in docs/architecture.md).

A turn that could not be delivered (connection refused or dropped) is sent again until the deadline: the message id
makes that safe. Anything else that is wrong raises `AssistantFailed` with a sentence for the desk.
"""

import asyncio
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import httpx
from pydantic import BaseModel, ValidationError

from handoff.errors import AssistantFailed, TemporaryDeliveryError
from handoff.ports import Button, FoundFact, Link, TurnRequest, TurnResult, Words

ANSWER_LIMIT_BYTES = 256 * 1024
TRY_AGAIN_AFTER_S = 0.4
OLDEST = (3, 6, 21)
"""Before this, anyone who could reach Rasa could run code in it (CVE-2024-49375)."""


class _Said(BaseModel):
    text: str | None = None
    buttons: list[dict[str, str]] = []
    image: str | None = None
    link: dict[str, str] | None = None


class _Fact(BaseModel):
    name: str
    value: str
    validated: bool = False
    sensitive: bool = False


class _Answer(BaseModel):
    """What `bot/channel.py` answers. Unknown keys are ignored, wrong shapes refused."""

    messages: list[_Said]
    understood: dict[str, Any] = {}
    slots: dict[str, Any] = {}
    form: dict[str, Any] | None = None
    tried: list[dict[str, Any]] = []
    facts: list[_Fact] = []
    question: str | None = None
    actions: list[str] = []
    failures: list[str] = []


class Rasa:
    """`async with Rasa(url, secret, timeout_s)`; one client for the life of the hub."""

    def __init__(self, url: str, secret: str, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self._unreachable_since: float | None = None
        self._is_known = False
        self._client = httpx.AsyncClient(
            base_url=url, headers={"X-Tellonce-Secret": secret}, timeout=timeout_s, trust_env=False
        )

    async def __aenter__(self) -> "Rasa":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()

    async def answer(self, request: TurnRequest) -> TurnResult:
        """One turn within the deadline, or `AssistantFailed`."""
        try:
            async with asyncio.timeout(self._timeout_s):
                body = await self._post_until_delivered(request)
        except TimeoutError:
            raise AssistantFailed(f"The assistant did not answer within {self._timeout_s:g} s.") from None
        try:
            return _result(_Answer.model_validate_json(body))
        except ValidationError:
            raise AssistantFailed("The assistant answered something that cannot be read.") from None

    async def forget(self, sender: str) -> None:
        """Everything Rasa keeps of a session. While it works on a turn of it, or is away, it is asked again later."""
        try:
            answer = await self._client.delete(f"/webhooks/tellonce/sessions/{quote(sender, safe='')}")
        except httpx.HTTPError as error:
            raise TemporaryDeliveryError(f"The assistant could not be reached: {type(error).__name__}.", 5) from None
        if answer.status_code != 200:
            raise TemporaryDeliveryError(f"The assistant answered with status {answer.status_code}.", 5)

    async def _post_until_delivered(self, request: TurnRequest) -> bytes:
        """Tries while Rasa may be restarting; once it has been away for a whole deadline, nobody waits for it again."""
        now = asyncio.get_running_loop().time
        while True:
            try:
                body = await self._post(request)
                self._unreachable_since = None
                return body
            except (httpx.ConnectError, httpx.RemoteProtocolError, httpx.ReadError):
                self._is_known = False
                self._unreachable_since = self._unreachable_since or now()
                if now() - self._unreachable_since > self._timeout_s:
                    raise AssistantFailed("The assistant is not running.") from None
                await asyncio.sleep(TRY_AGAIN_AFTER_S)
            except httpx.HTTPError as error:
                raise AssistantFailed(f"The assistant could not be reached: {type(error).__name__}.") from None

    async def _refuse_an_old_one(self) -> None:
        """Rasa greets with its version; whatever does not, or is too old, is not asked anything."""
        greeting = (await self._client.get("/")).text
        version = re.search(r"(\d+)\.(\d+)\.(\d+)", greeting)
        if version is None or tuple(map(int, version.groups())) < OLDEST:
            oldest = ".".join(map(str, OLDEST))
            raise AssistantFailed(f"The assistant is no Rasa {oldest} or newer, so it is not used.")
        self._is_known = True

    async def _post(self, request: TurnRequest) -> bytes:
        if not self._is_known:
            await self._refuse_an_old_one()
        async with self._client.stream("POST", "/webhooks/tellonce/turn", json=_as_json(request)) as response:
            body = b""
            async for piece in response.aiter_bytes():
                body += piece
                if len(body) > ANSWER_LIMIT_BYTES:
                    raise AssistantFailed("The assistant answered far too much.")
        if response.status_code != 200:
            raise AssistantFailed(f"The assistant answered with status {response.status_code}.")
        return body


def _as_json(request: TurnRequest) -> Mapping[str, Any]:
    return {
        "sender": request.sender,
        "message_id": request.message_id,
        "text": request.text,
        "metadata": dict(request.metadata),
    }


def _result(answer: _Answer) -> TurnResult:
    return TurnResult(
        messages=tuple(_words(said) for said in answer.messages),
        understood=answer.understood,
        slots=answer.slots,
        form=answer.form,
        tried=tuple(answer.tried),
        facts=tuple(FoundFact(one.name, one.value, one.validated, one.sensitive) for one in answer.facts),
        question=answer.question,
        actions=tuple(answer.actions),
        failures=tuple(answer.failures),
    )


def _words(said: _Said) -> Words:
    return Words(
        text=said.text or "",
        buttons=tuple(Button(one["title"], one["payload"]) for one in said.buttons if one.get("title")),
        link=Link(said.link["title"], said.link["url"]) if said.link else None,
        image=said.image,
    )
