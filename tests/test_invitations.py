"""Invitations: who gets a link, and what opens with it."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from handoff import agents, clock, invitations, staff
from handoff.agents import Throttle
from handoff.db import Database
from handoff.errors import BadInput, Conflict, Gone, NotAllowed, NotSignedIn, TooMany
from handoff.invitations import Invitation
from handoff.models import Agent, Base, Role

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
PASSWORD = "a long enough password"


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with Database(f"sqlite+aiosqlite:///{tmp_path}/agents.db") as database:
        async with database.engine.begin() as connection:
            await connection.run_sync(Base.metadata.create_all)
        yield database


@pytest.fixture
async def priya(database: Database) -> Agent:
    return await hired(database, "Priya", Role.SUPERVISOR)


async def hired(database: Database, name: str, role: Role = Role.AGENT) -> Agent:
    hashed, email = await agents.hash_password(PASSWORD), f"{name.lower()}@fernway.example"
    return await database.write(
        lambda session: agents.add(session, email=email, name=name, password_hash=hashed, role=role)
    )


async def added(database: Database, by: Agent, **parts: Any) -> Invitation:
    told = {"email": "kim@fernway.example", "name": "Kim Lee", "role": Role.AGENT, "teams": ["care"], **parts}
    hashed = await agents.unknown_password()
    return await database.write(lambda session: staff.add(session, by, password_hash=hashed, **told))


def door(invitation: Invitation) -> tuple[str, str]:
    agent_id, token = invitation.link.rsplit("/", 2)[1:]
    return agent_id, token


async def signs_in(database: Database, email: str, password: str) -> None:
    await agents.sign_in(database, Throttle(), email, password, address="192.0.2.1", hours=12)


async def test_whoever_was_added_signs_in_with_the_password_they_set(database: Database, priya: Agent) -> None:
    made = await added(database, priya, email=" Kim@Fernway.example ")
    with pytest.raises(NotSignedIn):
        await signs_in(database, "kim@fernway.example", PASSWORD)
    await invitations.accept(database, *door(made), PASSWORD)
    await signs_in(database, "kim@fernway.example", PASSWORD)


async def test_a_link_opens_once(database: Database, priya: Agent) -> None:
    made = await added(database, priya)
    await invitations.accept(database, *door(made), PASSWORD)
    with pytest.raises(Gone):
        await invitations.accept(database, *door(made), "another password")


async def test_a_refused_password_leaves_the_link_open(database: Database, priya: Agent) -> None:
    made = await added(database, priya)
    with pytest.raises(BadInput):
        await invitations.accept(database, *door(made), "short")
    await invitations.accept(database, *door(made), PASSWORD)


async def test_a_link_of_somebody_else_of_last_week_or_made_up_opens_nothing(database: Database, priya: Agent) -> None:
    clock.use(lambda: NOON)
    try:
        made, dana = await added(database, priya), await hired(database, "Dana")
        agent_id, token = door(made)
        clock.use(lambda: NOON + timedelta(days=4))
        async with database.read() as session:
            for one in ((agent_id, token), (dana.id, token), (agent_id, "made-up"), ("nobody", token)):
                with pytest.raises(Gone):
                    await invitations.read(session, *one)
    finally:
        clock.use(None)


async def test_a_new_link_leaves_the_old_password_until_it_is_used(database: Database, priya: Agent) -> None:
    dana = await hired(database, "Dana")
    made = await database.write(lambda session: staff.invite(session, priya, dana.id))
    await signs_in(database, dana.email, PASSWORD)
    await invitations.accept(database, *door(made), "a better password")
    with pytest.raises(NotSignedIn):
        await signs_in(database, dana.email, PASSWORD)


async def test_only_an_admin_lets_an_admin_in(database: Database, priya: Agent) -> None:
    root = await hired(database, "Ada", Role.ADMIN)
    with pytest.raises(NotAllowed):
        await added(database, priya, role=Role.ADMIN)
    with pytest.raises(NotAllowed):
        await database.write(lambda session: staff.invite(session, priya, root.id))
    assert (await added(database, root, role=Role.ADMIN)).agent.role == Role.ADMIN


@pytest.mark.parametrize(
    "wrong", [{"email": "kim"}, {"name": "  "}, {"name": "k" * 101}, {"teams": []}, {"teams": ["x"]}]
)
async def test_what_cannot_be_said_of_an_agent_is_refused(
    database: Database, priya: Agent, wrong: dict[str, Any]
) -> None:
    with pytest.raises(BadInput):
        await added(database, priya, **wrong)


async def test_an_e_mail_is_taken_once_in_any_spelling(database: Database, priya: Agent) -> None:
    await added(database, priya)
    with pytest.raises(Conflict, match="at the desk already"):
        await added(database, priya, email="KIM@fernway.example")


async def test_who_was_let_go_is_not_invited_and_an_old_link_opens_nothing(database: Database, priya: Agent) -> None:
    made = await added(database, priya)
    await database.write(lambda session: staff.deactivate(session, priya, made.agent.id))
    with pytest.raises(Conflict, match="Activate them first"):
        await database.write(lambda session: staff.invite(session, priya, made.agent.id))
    with pytest.raises(Gone):
        await invitations.accept(database, *door(made), PASSWORD)


async def test_whoever_knows_their_password_replaces_it_and_signs_in_anew(database: Database, priya: Agent) -> None:
    throttle, here = Throttle(), "192.0.2.1"
    with pytest.raises(NotAllowed):
        await agents.replace_password(database, throttle, priya, "a guess of hers", "another one", address=here)
    with pytest.raises(BadInput):
        await agents.replace_password(database, throttle, priya, PASSWORD, "short", address=here)
    await signs_in(database, priya.email, PASSWORD)
    await agents.replace_password(database, throttle, priya, PASSWORD, "another password", address=here)
    with pytest.raises(NotSignedIn):
        await signs_in(database, priya.email, PASSWORD)
    await signs_in(database, priya.email, "another password")


async def test_guesses_of_the_present_password_are_counted(database: Database, priya: Agent) -> None:
    throttle, here = Throttle(), "192.0.2.1"
    for _ in range(5):
        with pytest.raises(NotAllowed):
            await agents.replace_password(
                database, throttle, priya, "a guess of hers", "another password", address=here
            )
    with pytest.raises(TooMany):
        await agents.replace_password(database, throttle, priya, PASSWORD, "another password", address=here)
