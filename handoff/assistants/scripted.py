"""An assistant for tests of the hub: answers from a script, can be made slow, silent or broken."""

import asyncio
from collections.abc import Callable

from handoff.errors import AssistantFailed
from handoff.ports import TurnRequest, TurnResult, Words


def saying(*texts: str, **parts: object) -> TurnResult:
    """A turn with these words and nothing else, unless `parts` say so."""
    result = TurnResult(tuple(Words(text) for text in texts), {}, {}, None, (), (), None, (), ())
    return TurnResult(**{**vars(result), **parts})


class Scripted:
    """Echoes, unless `script` says otherwise. `requests` are the turns it was asked, in order."""

    def __init__(self, script: Callable[[TurnRequest], TurnResult] | None = None) -> None:
        self.script = script or (lambda request: saying(f"You said: {request.text}"))
        self.requests: list[TurnRequest] = []
        self.hold = asyncio.Event()
        self.hold.set()
        self.is_down = False
        self.asked = asyncio.Event()
        self.forgotten: list[str] = []

    async def answer(self, request: TurnRequest) -> TurnResult:
        self.requests.append(request)
        self.asked.set()
        await self.hold.wait()
        if self.is_down:
            raise AssistantFailed("The scripted assistant is down.")
        return self.script(request)

    async def forget(self, sender: str) -> None:
        self.forgotten.append(sender)
