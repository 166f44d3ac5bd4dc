"""Agents: who gets in, who is thrown out, and who can take something."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from handoff import agents, clock
from handoff.agents import SignedIn, Throttle
from handoff.db import Database
from handoff.errors import BadInput, NotAllowed, NotSignedIn, TooMany
from handoff.models import Agent, AgentSession, Base, Presence, Role

PASSWORD = "a long enough password"
NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with Database(f"sqlite+aiosqlite:///{tmp_path}/agents.db") as database:
        async with database.engine.begin() as connection:
            await connection.run_sync(Base.metadata.create_all)
        yield database


@pytest.fixture
async def dana(database: Database) -> Agent:
    hashed = await agents.hash_password(PASSWORD)
    return await database.write(
        lambda session: agents.add(session, email="Dana@Fernway.example", name="Dana", password_hash=hashed)
    )


async def signs_in(database: Database, password: str = PASSWORD, email: str = "dana@fernway.example") -> agents.Pass:
    return await agents.sign_in(database, Throttle(), email, password, address="192.0.2.1", hours=12)


async def who(database: Database, secret: str | None) -> SignedIn:
    async with database.read() as session:
        return await agents.who(session, secret)


async def test_an_agent_signs_in_with_any_spelling_of_the_address(database: Database, dana: Agent) -> None:
    found = await signs_in(database, email=" DANA@fernway.example ")
    assert (await who(database, found.secret)).agent.id == dana.id


async def test_only_the_hash_of_the_cookie_is_stored(database: Database, dana: Agent) -> None:
    found = await signs_in(database)
    async with database.read() as session:
        row = await session.scalar(select(AgentSession))
    assert row is not None
    assert row.secret_hash == hashlib.sha256(found.secret.encode()).hexdigest()
    assert found.secret not in (row.id, row.secret_hash, row.csrf_token)


async def test_the_password_is_stored_as_argon2(dana: Agent) -> None:
    assert dana.password_hash.startswith("$argon2id$")


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("dana@fernway.example", "wrong password"),
        ("nobody@fernway.example", PASSWORD),
        ("dana@fernway.example", "x" * 2000),
        ("", ""),
    ],
)
async def test_every_wrong_sign_in_gets_the_same_answer(
    database: Database, dana: Agent, email: str, password: str
) -> None:
    with pytest.raises(NotSignedIn, match="That e-mail and password do not belong together"):
        await signs_in(database, password, email)


async def test_an_unknown_address_costs_as_much_hashing_as_a_known_one(
    database: Database, dana: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked = []
    real = agents._fits

    async def counted(password: str, hashed: str) -> bool:
        checked.append(hashed[:10])
        return await real(password, hashed)

    monkeypatch.setattr(agents, "_fits", counted)
    for email in ("dana@fernway.example", "nobody@fernway.example"):
        with pytest.raises(NotSignedIn):
            await signs_in(database, "wrong password", email)
    assert checked == ["$argon2id$", "$argon2id$"]


async def test_after_five_failures_even_the_right_password_waits(database: Database, dana: Agent) -> None:
    throttle = Throttle()
    for _ in range(5):
        with pytest.raises(NotSignedIn):
            await agents.sign_in(database, throttle, dana.email, "wrong one", address="192.0.2.1", hours=12)
    with pytest.raises(TooMany):
        await agents.sign_in(database, throttle, dana.email, PASSWORD, address="192.0.2.2", hours=12)


async def test_guesses_made_all_at_once_are_no_more_than_one_after_the_other(database: Database, dana: Agent) -> None:
    throttle = Throttle()
    guesses = (
        agents.sign_in(database, throttle, dana.email, f"guess {number}", address="192.0.2.1", hours=12)
        for number in range(12)
    )
    answers = await asyncio.gather(*guesses, return_exceptions=True)
    assert [type(one) for one in answers].count(NotSignedIn) == 5
    assert [type(one) for one in answers].count(TooMany) == 7


async def test_successful_sign_ins_are_never_counted(database: Database, dana: Agent) -> None:
    throttle = Throttle()
    for _ in range(8):
        await agents.sign_in(database, throttle, dana.email, PASSWORD, address="192.0.2.1", hours=12)


async def test_every_sign_in_is_a_new_session(database: Database, dana: Agent) -> None:
    first, second = await signs_in(database), await signs_in(database)
    assert first.secret != second.secret
    assert (await who(database, first.secret)).csrf_token != (await who(database, second.secret)).csrf_token


async def test_a_session_ends_when_its_time_is_over(database: Database, dana: Agent) -> None:
    clock.use(lambda: NOON)
    try:
        found = await signs_in(database)
        clock.use(lambda: NOON + timedelta(hours=12, seconds=1))
        with pytest.raises(NotSignedIn):
            await who(database, found.secret)
    finally:
        clock.use(None)


@pytest.mark.parametrize("secret", [None, "", "made up"])
async def test_nobody_gets_in_without_a_session(database: Database, secret: str | None) -> None:
    with pytest.raises(NotSignedIn):
        await who(database, secret)


async def test_signing_out_ends_this_session_and_no_other(database: Database, dana: Agent) -> None:
    here, elsewhere = await signs_in(database), await signs_in(database)
    signed_in = await who(database, here.secret)
    await database.write(lambda session: agents.sign_out(session, signed_in.session_id))
    with pytest.raises(NotSignedIn):
        await who(database, here.secret)
    assert await who(database, elsewhere.secret)


async def test_a_deactivated_agent_is_out_everywhere_and_cannot_come_back(database: Database, dana: Agent) -> None:
    hashed = await agents.hash_password(PASSWORD)
    await database.write(
        lambda session: agents.add(
            session, email="priya@fernway.example", name="Priya", password_hash=hashed, role=Role.SUPERVISOR
        )
    )
    dana_here = await signs_in(database)
    priya = await who(database, (await signs_in(database, email="priya@fernway.example")).secret)
    await database.write(lambda session: agents.deactivate(session, priya, dana.id))
    with pytest.raises(NotSignedIn):
        await who(database, dana_here.secret)
    with pytest.raises(NotSignedIn):
        await signs_in(database)


async def test_an_agent_may_not_deactivate_anybody(database: Database, dana: Agent) -> None:
    signed_in = await who(database, (await signs_in(database)).secret)
    with pytest.raises(NotAllowed):
        await database.write(lambda session: agents.deactivate(session, signed_in, dana.id))


async def test_a_new_password_ends_every_session(database: Database, dana: Agent) -> None:
    found = await signs_in(database)
    hashed = await agents.hash_password("another good password")
    await database.write(lambda session: agents.change_password(session, dana.id, hashed))
    with pytest.raises(NotSignedIn):
        await who(database, found.secret)
    assert await signs_in(database, "another good password")


@pytest.mark.parametrize("password", ["short", "x" * 1025])
async def test_a_password_has_a_sensible_length(password: str) -> None:
    with pytest.raises(BadInput):
        await agents.hash_password(password)


async def test_arriving_makes_online_but_never_ends_being_away(database: Database, dana: Agent) -> None:
    async def presence() -> str:
        async with database.read() as session:
            return (await session.get_one(Agent, dana.id)).presence

    await database.write(lambda session: agents.arrived(session, dana.id))
    assert await presence() == Presence.ONLINE
    await database.write(lambda session: agents.set_presence(session, dana.id, "away"))
    await database.write(lambda session: agents.arrived(session, dana.id))
    assert await presence() == Presence.AWAY
    await database.write(lambda session: agents.left(session, dana.id))
    assert await presence() == Presence.OFFLINE


@pytest.mark.parametrize("capacity", [-1, 21])
async def test_capacity_stays_within_reason(database: Database, dana: Agent, capacity: int) -> None:
    with pytest.raises(BadInput):
        await database.write(lambda session: agents.set_capacity(session, dana.id, capacity))
