"""A partner in front of the page their link opens, and a connection that hears when it ends."""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import dataclass
from typing import Any

import httpx
import websockets

FORM = re.compile(r'name="form" value="([0-9a-f]+)"')


@dataclass
class Partner:
    """`async with Partner(link) as courier:` is one open page."""

    link: str

    async def __aenter__(self) -> Partner:
        self.client = httpx.AsyncClient(timeout=60, trust_env=False)
        self._live: Any = None
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._live:
            await self._live.close()
        await self.client.aclose()

    async def opens(self) -> httpx.Response:
        return await self.client.get(self.link)

    async def reads(self) -> str:
        """The page, which must be there."""
        return (await self.opens()).raise_for_status().text

    async def says(self, text: str) -> None:
        await self._sends("words", text=text)

    async def sets(self, state: str) -> None:
        await self._sends("state", state=state)

    async def stays_connected(self) -> None:
        """The page's socket, as the browser opens it."""
        hub, _, token = self.link.rpartition("/p/")
        url = f"{hub.replace('http', 'ws', 1)}/p/{token}/live"
        self._live = await websockets.connect(url, origin=hub, proxy=None)  # type: ignore[arg-type]

    async def is_told_of_the_end(self) -> str:
        """The sentence with which the open page ends."""
        async with asyncio.timeout(60):
            while (told := json.loads(await self._live.recv()))["type"] != "ended":
                pass
            return str(told["message"])

    async def _sends(self, what: str, **fields: str) -> None:
        form = FORM.search(await self.reads())
        assert form, "The page has no form."
        answer = await self.client.post(f"{self.link}/{what}", data={"form": form[1], **fields})
        assert answer.status_code in (200, 303), answer.text[:500]
