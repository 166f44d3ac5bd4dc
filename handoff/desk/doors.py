"""Coming in and going out: the sign-in page, sign-out, passwords, presence and capacity."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from handoff import agents, invitations, offers
from handoff.desk.drawing import draw
from handoff.desk.visit import COOKIE, Actor, Reader, is_same_origin
from handoff.errors import BadInput, NotAllowed, TellonceError
from handoff.models import Agent

router = APIRouter(prefix="/desk")


@router.get("/sign-in")
async def sign_in_page() -> Response:
    return _sign_in_page()


def _sign_in_page(
    email: str = "", *, said: str = "Sign in to the desk.", error: str | None = None, status: int = 200
) -> Response:
    return draw("sign_in.html", {"email": email, "said": said, "error": error}, status=status)


@router.post("/sign-in")
async def sign_in(request: Request, email: Annotated[str, Form()], password: Annotated[str, Form()]) -> Response:
    hub = request.app.state.hub
    address = request.client.host if request.client else "unknown"
    try:
        if not is_same_origin(request, hub.settings.public_url):
            raise NotAllowed("Open the desk in this browser and sign in there.")
        found = await agents.sign_in(
            hub.database, hub.throttle, email, password, address=address, hours=hub.settings.agent_session_hours
        )
    except TellonceError as refused:
        return _sign_in_page(email[:200], error=refused.message, status=refused.status)
    response = RedirectResponse("/desk", 303)
    response.set_cookie(
        COOKIE,
        found.secret,
        path="/desk",
        httponly=True,
        samesite="lax",
        secure=hub.settings.public_url.startswith("https:"),
        expires=found.expires_at,
    )
    return response


@router.get("/welcome/{agent_id}/{token}")
async def welcome_page(request: Request, agent_id: str, token: str) -> Response:
    """Where an invitation leads: its reader sets their own password."""
    async with request.app.state.hub.database.read() as session:
        return _welcome_page(await invitations.read(session, agent_id, token))


def _welcome_page(agent: Agent, *, error: str | None = None, status: int = 200) -> Response:
    return draw("welcome.html", {"name": agent.name, "email": agent.email, "error": error}, status=status)


@router.post("/welcome/{agent_id}/{token}")
async def welcome(request: Request, agent_id: str, token: str, password: Annotated[str, Form()]) -> Response:
    database = request.app.state.hub.database
    async with database.read() as session:
        agent = await invitations.read(session, agent_id, token)
    try:
        await invitations.accept(database, agent_id, token, password)
    except BadInput as refused:
        return _welcome_page(agent, error=refused.message, status=refused.status)
    return _sign_in_page(agent.email, said="Your password is set. Sign in with it.")


@router.post("/password")
async def password(
    request: Request, visit: Actor, present: Annotated[str, Form()], new: Annotated[str, Form()]
) -> Response:
    """One's own. Every browser, this one too, has to sign in with the new one."""
    hub, address = visit.hub, request.client.host if request.client else "unknown"
    await agents.replace_password(hub.database, hub.throttle, visit.agent, present, new, address=address)
    return _signed_out()


@router.post("/sign-out")
async def sign_out(visit: Actor) -> Response:
    await visit.write(lambda session: agents.sign_out(session, visit.who.session_id))
    return _signed_out()


def _signed_out() -> Response:
    response = Response(status_code=204, headers={"HX-Redirect": "/desk/sign-in"})
    response.delete_cookie(COOKIE, path="/desk")
    return response


@router.get("/troubles")
async def troubles(visit: Reader) -> Response:
    """What the hub itself is in trouble with, a sentence each: a channel that cannot be reached, a token refused."""
    telegram = visit.hub.telegram
    return draw("_troubles.html", None, visit.me, troubles=telegram.troubles if telegram else [])


@router.post("/presence")
async def presence(visit: Actor, state: Annotated[str, Form()]) -> Response:
    """Away: nothing new is offered. Back: what waits is offered at once."""
    await visit.write(lambda session: agents.set_presence(session, visit.agent.id, state))
    if state == "online":
        await visit.write(lambda session: offers.make_waiting(session, visit.agent))
    return Response(status_code=204)


@router.post("/capacity")
async def capacity(visit: Actor, conversations: Annotated[int, Form()]) -> Response:
    await visit.write(lambda session: agents.set_capacity(session, visit.agent.id, conversations))
    return Response(status_code=204)
