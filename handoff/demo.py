"""A believable busy day for trying the desk. Demo agents are created here and nowhere else.

Reads `data/demo/desk.yml`, where minutes count back from now. Running it on a database that already has agents or
conversations changes nothing.
"""

from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import agents, demo_later
from handoff.db import Database
from handoff.demo_cases import live_on
from handoff.demo_day import live_the_day
from handoff.models import Agent, CannedAnswer, Conversation, Role
from handoff.partners import directory
from handoff.routing import calendars, routes, skills, teams

PASSWORD = "tellonce-demo"
DAY = Path(__file__).parent.parent / "data" / "demo" / "desk.yml"
LATER = DAY.with_name("later.yml")


async def seed_people(database: Database, story: Path = DAY) -> bool:
    """The demo agents and canned answers; False when the database already has agents."""
    async with database.read() as session:
        if await session.scalar(select(Agent.id).limit(1)):
            return False
    plan = yaml.safe_load(story.read_text(encoding="utf-8"))
    hashed = await agents.hash_password(PASSWORD)
    await database.write(lambda session: _open_the_office(session, plan, hashed))
    return True


async def logins(database: Database, story: Path = DAY) -> list[str]:
    """The demo agents of this database, a line each with e-mail and password, for the screen of `make run`."""
    demo = [line["email"] for line in yaml.safe_load(story.read_text(encoding="utf-8"))["agents"]]
    async with database.read() as session:
        hired = await session.scalars(select(Agent).where(Agent.email.in_(demo)).order_by(Agent.created_at))
        return [f"{one.email:<22} {PASSWORD}   {one.name}, {one.role}: {', '.join(one.teams)}" for one in hired]


async def seed(database: Database, story: Path = DAY) -> bool:
    """People and a busy day on top; False when the database already has conversations."""
    await seed_people(database, story)
    async with database.read() as session:
        if await session.scalar(select(Conversation.id).limit(1)):
            return False
    plan = yaml.safe_load(story.read_text(encoding="utf-8"))
    await database.write(lambda session: live_the_day(session, plan))
    return True


async def seed_all(database: Database, story: Path = DAY) -> bool:
    """The busy day and what people did with its cases since; what `make seed` shows."""
    if not await seed(database, story):
        return False
    later = yaml.safe_load(LATER.read_text(encoding="utf-8"))
    await database.write(lambda session: _go_on(session, later))
    return True


async def _go_on(session: AsyncSession, later: dict[str, Any]) -> None:
    await live_the_day(session, later)
    await demo_later.was_told_before(session, later)
    await demo_later.has_one_cause(session, later["incident"])
    await live_on(session)
    await demo_later.add_up(session)
    await demo_later.was_asked_afterwards(session, later)


async def _open_the_office(session: AsyncSession, plan: dict[str, Any], hashed: str) -> None:
    await _sort_the_work(session, plan)
    for line in plan["agents"]:
        await _hire(session, line, hashed)
    session.add_all(CannedAnswer(**line) for line in plan["canned"])
    for line in plan["partners"]:
        await directory.add(session, line["name"], line["kind"])


async def _sort_the_work(session: AsyncSession, plan: dict[str, Any]) -> None:
    """Teams, their hours, skills and routes, by the verbs supervisors have."""
    for name in plan["skills"]:
        await skills.add(session, name)
    hours = {line["name"]: (await calendars.put(session, None, **line)).id for line in plan["calendars"]}
    for line in plan["teams"]:
        team = {"calendar_id": hours.get(line.get("calendar")), "is_default": line.get("is_default", False)}
        await teams.put(session, line.get("id"), name=line["name"], **team)
    for line in plan["routes"]:
        told = {"team": line["team"], "raw_conditions": line["conditions"], "needs": line.get("skills", [])}
        await routes.put(session, None, name=line["name"], **told)


async def _hire(session: AsyncSession, line: dict[str, Any], hashed: str) -> Agent:
    agent = await agents.add(
        session,
        email=line["email"],
        name=line["name"],
        password_hash=hashed,
        role=Role(line.get("role", Role.AGENT)),
        teams=tuple(line["teams"]),
        capacity=line.get("capacity", 4),
    )
    agent.presence = line.get("presence", "offline")
    agent.skills, agent.languages = line.get("skills", []), line.get("languages", ["en"])
    return agent
