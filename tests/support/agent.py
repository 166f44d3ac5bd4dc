"""An agent at the desk, through the JSON API. Where a customer is asked for, their conversation is meant."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from handoff.demo import PASSWORD
from tests.support.customer import Customer
from tests.support.waiting import until

Json = dict[str, Any]


class Refusal(AssertionError):
    """The hub said no; `code` and `message` are its own."""

    def __init__(self, response: httpx.Response) -> None:
        body = response.json()
        self.status, self.code, self.message = response.status_code, body["code"], body["message"]
        super().__init__(f"{self.status} {self.code}: {self.message}")


@dataclass
class Agent:
    name: str
    id: str
    client: httpx.AsyncClient

    @classmethod
    async def signs_in(cls, hub: str, name: str) -> Agent:
        """One of the demo agents, by first name; online from now on."""
        client = httpx.AsyncClient(base_url=f"{hub}/api/v1", timeout=60, trust_env=False)
        email = f"{name.lower()}@fernway.example"
        signed = (await client.post("/sign-in", json={"email": email, "password": PASSWORD})).raise_for_status().json()
        client.headers["Authorization"] = f"Bearer {signed['token']}"
        agent = cls(name, signed["agent_id"], client)
        await agent.is_online()
        return agent

    async def __aenter__(self) -> Agent:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.client.aclose()

    async def is_online(self) -> None:
        await self._post("/presence/online")

    async def accepts(self, customer: Customer) -> Json:
        return await self._does(customer, "accept")

    async def takes_over(self, customer: Customer) -> Json:
        return await self._does(customer, "take-over")

    async def declines(self, customer: Customer) -> None:
        await self._does(customer, "decline")

    async def says(self, customer: Customer, text: str, **parts: Any) -> Json:
        return await self._does(customer, "messages", {"text": text, **parts})

    async def notes(self, customer: Customer, text: str) -> Json:
        return await self._does(customer, "notes", {"text": text})

    async def transfers(self, customer: Customer, team: str, note: str) -> Json:
        return await self._does(customer, "transfer", {"team": team, "note": note})

    async def resolves(self, customer: Customer, resolution: str) -> Json:
        return await self._does(customer, "resolve", {"resolution": resolution})

    async def gives_back(self, customer: Customer, summary: str, **parts: Any) -> Json:
        return await self._does(customer, "give-back", {"summary": summary, **parts})

    async def learns(self, customer: Customer, name: str, value: str) -> None:
        await self._does(customer, "facts", {"name": name, "value": value})

    async def sees_waiting(self, customer: Customer) -> Json:
        """The customer in the line of those who wait."""
        conversation = await customer.conversation()

        async def look() -> Json | None:
            waiting = await self._get("/handovers")
            return next((one for one in waiting if one["conversation_id"] == conversation), None)

        return await until(look, f"{conversation} to wait for a person; the customer has heard:\n{customer.transcript}")

    async def package(self, customer: Customer) -> Json:
        """The package of the newest handover."""
        return (await self.handover(customer))["package"]

    async def handover(self, customer: Customer) -> Json:
        return await self._about(customer, "/handover")

    async def conversation(self, customer: Customer) -> Json:
        return await self._about(customer, "")

    async def messages(self, customer: Customer) -> list[Json]:
        """All there is, notes for the desk included."""
        return await self._about(customer, "/messages?limit=10000")

    async def notes_of(self, customer: Customer) -> list[str]:
        return [one["text"] for one in await self.messages(customer) if one["audience"] == "desk"]

    async def turns(self, customer: Customer) -> list[Json]:
        return await self._about(customer, "/turns")

    async def facts(self, customer: Customer) -> dict[str, Json]:
        """What holds now, by name."""
        return {one["name"]: one for one in reversed(await self._about(customer, "/facts"))}

    async def cases(self, customer: Customer) -> list[Json]:
        """Newest first."""
        customer_id = (await self.conversation(customer))["customer_id"]
        return await self._get(f"/cases?customer_id={customer_id}")

    async def case(self, ref: str) -> Json:
        return await self._get(f"/cases/{ref}")

    async def case_of(self, customer: Customer) -> Json:
        """The one they are being helped with."""
        [ref] = {one["ref"] for one in await self.cases(customer) if one["status"] in ("open", "waiting")}
        return await self.case(ref)

    async def reads(self, ref: str, what: str) -> Any:
        """A part of a case, such as its `messages`."""
        return await self._get(f"/cases/{ref}/{what}")

    async def does(self, ref: str, verb: str, **body: Any) -> Any:
        """Something with a case, such as `split`."""
        return await self._post(f"/cases/{ref}/{verb}", body)

    async def posts(self, path: str, **body: Any) -> Any:
        return await self._post(path, body)

    async def _about(self, customer: Customer, path: str) -> Any:
        return await self._get(f"/conversations/{await customer.conversation()}{path}")

    async def _does(self, customer: Customer, verb: str, body: Mapping[str, Any] | None = None) -> Any:
        return await self._post(f"/conversations/{await customer.conversation()}/{verb}", body)

    async def _get(self, path: str) -> Any:
        return _read(await self.client.get(path))

    async def _post(self, path: str, body: Mapping[str, Any] | None = None) -> Any:
        return _read(await self.client.post(path, json=body))


def _read(response: httpx.Response) -> Any:
    if response.is_error:
        raise Refusal(response)
    return response.json() if response.content else None
