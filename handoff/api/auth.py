"""Who is calling, as a FastAPI dependency, and the database of the hub that serves the request."""

from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from handoff import tokens
from handoff.db import Database
from handoff.errors import NotSignedIn
from handoff.store import Store
from handoff.tokens import Caller, Scope

bearer = HTTPBearer(auto_error=False, description="A token made by `tellonce token`, or an agent's session.")


def database(request: Request) -> Database:
    found: Database = request.app.state.hub.database
    return found


def store(request: Request) -> Store:
    found: Store = request.app.state.hub.store
    return found


StoreOf = Annotated[Store, Depends(store)]
DatabaseOf = Annotated[Database, Depends(database)]


async def caller(
    database: DatabaseOf, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]
) -> Caller:
    if credentials is None:
        raise NotSignedIn("Send `Authorization: Bearer <token>`.")
    async with database.read() as session:
        return await tokens.read(session, credentials.credentials)


CallerOf = Annotated[Caller, Depends(caller)]


async def assistant(caller: CallerOf) -> Caller:
    caller.must_have(Scope.ASSISTANT)
    return caller


async def agent(caller: CallerOf) -> Caller:
    caller.must_have(Scope.AGENT)
    return caller


async def reader(caller: CallerOf) -> Caller:
    caller.must_have(Scope.READ, Scope.AGENT)
    return caller


async def helper(caller: CallerOf) -> Caller:
    """The assistant's actions, and people."""
    caller.must_have(Scope.ASSISTANT, Scope.AGENT)
    return caller


async def anyone(caller: CallerOf) -> Caller:
    """Any token that holds: the assistant for its actions, people and programs for looking."""
    caller.must_have(Scope.ASSISTANT, Scope.AGENT, Scope.READ)
    return caller


AssistantCaller = Annotated[Caller, Depends(assistant)]
AgentCaller = Annotated[Caller, Depends(agent)]
Reader = Annotated[Caller, Depends(reader)]
HelpingCaller = Annotated[Caller, Depends(helper)]
AnyCaller = Annotated[Caller, Depends(anyone)]
