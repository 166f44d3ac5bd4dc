"""Who is visiting the desk, and the door checks every route shares.

`Reader` is any signed-in agent; `Actor` also proved that the request comes from our own page (CSRF token in a header,
which no other site can set). `Supervisor` and `SupervisorActor` are the same for the settings.
"""

import hmac
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar
from urllib.parse import urlsplit

from fastapi import Depends, Request
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import HTTPConnection

from handoff import agents
from handoff.agents import SignedIn
from handoff.db import Database
from handoff.desk import wording
from handoff.desk.pages import Me
from handoff.errors import NotAllowed
from handoff.models import Agent
from handoff.routing import teams
from handoff.settings import Settings

COOKIE = "tellonce_desk"
T = TypeVar("T")


@dataclass(frozen=True)
class Visit:
    hub: Any
    who: SignedIn

    @property
    def agent(self) -> Agent:
        return self.who.agent

    @property
    def settings(self) -> Settings:
        found: Settings = self.hub.settings
        return found

    @property
    def me(self) -> Me:
        return as_me(self.who)

    async def read(self, look: Callable[[AsyncSession], Awaitable[T]]) -> T:
        async with self.hub.database.read() as session:
            return await look(session)

    async def write(self, step: Callable[[AsyncSession], Awaitable[T]]) -> T:
        database: Database = self.hub.database
        return await database.write(step)


def as_me(who: SignedIn) -> Me:
    agent = who.agent
    return Me(agent.id, agent.name, agent.role, tuple(agent.teams), agent.presence, agent.capacity, who.csrf_token)


async def reader(request: HTTPConnection) -> Visit:
    hub = request.app.state.hub
    async with hub.database.read() as session:
        who = await agents.who(session, request.cookies.get(COOKIE))
        known = await teams.all_of(session, active_only=False)
    wording.TEAMS.set({one.id: one.name for one in known})
    wording.ACTIVE.set({one.id: one.name for one in known if one.is_active})
    return Visit(hub, who)


async def actor(request: Request, visit: Annotated[Visit, Depends(reader)]) -> Visit:
    given = request.headers.get("x-csrf-token", "")
    if not hmac.compare_digest(given.encode(), visit.who.csrf_token.encode()):
        raise NotAllowed("This page is out of date. Reload it and try again.")
    return visit


def is_same_origin(connection: HTTPConnection, public_url: str) -> bool:
    """Whether a page of our own asks. Sockets and the sign-in form have no token to show."""
    origin = connection.headers.get("origin")
    if not origin:
        return False
    ours = {connection.headers.get("host", ""), urlsplit(public_url).netloc}
    return urlsplit(origin).netloc in ours


async def supervising(visit: Annotated[Visit, Depends(reader)]) -> Visit:
    return must_supervise(visit)


async def changing_settings(visit: Annotated[Visit, Depends(actor)]) -> Visit:
    return must_supervise(visit)


def must_supervise(visit: Visit) -> Visit:
    if not visit.who.is_supervisor:
        raise NotAllowed("Only a supervisor may see and change the settings. Ask one of yours.")
    return visit


Reader = Annotated[Visit, Depends(reader)]
Actor = Annotated[Visit, Depends(actor)]
Supervisor = Annotated[Visit, Depends(supervising)]
SupervisorActor = Annotated[Visit, Depends(changing_settings)]
