"""The agent's side of a replay: `/api/v1` with an agent's token."""

from typing import Any, cast

import httpx


class Desk:
    """Reads conversations and takes them, as one agent."""

    def __init__(self, hub: str, token: str) -> None:
        headers = {"Authorization": f"Bearer {token}"}
        self._api = httpx.AsyncClient(base_url=f"{hub}/api/v1", headers=headers, timeout=30, trust_env=False)

    async def close(self) -> None:
        await self._api.aclose()

    async def conversation_of(self, conversation_id: str) -> dict[str, Any]:
        return cast("dict[str, Any]", await self._get(f"/conversations/{conversation_id}"))

    async def messages(self, conversation_id: str) -> list[dict[str, Any]]:
        return cast("list[dict[str, Any]]", await self._get(f"/conversations/{conversation_id}/messages?limit=10000"))

    async def facts(self, conversation_id: str) -> list[dict[str, Any]]:
        return cast("list[dict[str, Any]]", await self._get(f"/conversations/{conversation_id}/facts"))

    async def turns(self, conversation_id: str) -> list[dict[str, Any]]:
        return cast("list[dict[str, Any]]", await self._get(f"/conversations/{conversation_id}/turns"))

    async def handover(self, conversation_id: str) -> dict[str, Any] | None:
        return cast("dict[str, Any] | None", await self._get(f"/conversations/{conversation_id}/handover"))

    async def case(self, ref: str) -> dict[str, Any]:
        return cast("dict[str, Any]", await self._get(f"/cases/{ref}"))

    async def accept(self, conversation_id: str) -> None:
        await self._post(f"/conversations/{conversation_id}/accept")

    async def resolve(self, conversation_id: str) -> None:
        await self._post(f"/conversations/{conversation_id}/resolve", {"resolution": "Replayed."})

    async def _get(self, path: str) -> Any:
        answer = await self._api.get(path)
        answer.raise_for_status()
        return answer.json()

    async def _post(self, path: str, body: dict[str, Any] | None = None) -> None:
        (await self._api.post(path, json=body)).raise_for_status()


async def sign_in(hub: str, email: str, password: str) -> str:
    """An agent's bearer token."""
    async with httpx.AsyncClient(base_url=hub, timeout=30, trust_env=False) as api:
        answer = await api.post("/api/v1/sign-in", json={"email": email, "password": password})
        answer.raise_for_status()
        return str(answer.json()["token"])
