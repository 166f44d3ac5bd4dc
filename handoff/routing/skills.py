"""Skills: what a case may ask of whoever takes it. Supervisors name them; routes ask for them, agents have them."""

from collections.abc import Iterable, Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff.errors import BadInput, Conflict, NotFound
from handoff.models import Agent, Route, Skill
from handoff.routing import teams


async def all_of(session: AsyncSession) -> Sequence[Skill]:
    return list(await session.scalars(select(Skill).order_by(Skill.name)))


async def names(session: AsyncSession) -> dict[str, str]:
    """What people call each skill, by its id."""
    return {one.id: one.name for one in await all_of(session)}


async def add(session: AsyncSession, name: str) -> Skill:
    skill = Skill(id=teams.key_of(name), name=_name(name))
    if not skill.id:
        raise BadInput("Give the skill a name with letters, such as 'Billing disputes'.")
    if await session.get(Skill, skill.id):
        raise BadInput(f"There is a skill '{skill.name}' already.")
    session.add(skill)
    await session.flush()
    return skill


async def rename(session: AsyncSession, skill_id: str, name: str) -> Skill:
    skill = await _get(session, skill_id)
    skill.name = _name(name)
    return skill


async def remove(session: AsyncSession, skill_id: str) -> None:
    """Nobody has it any more. Refused while a route asks for it."""
    skill = await _get(session, skill_id)
    asking = [one.name for one in await session.scalars(select(Route)) if skill_id in one.skills]
    if asking:
        raise Conflict(f"The route '{asking[0]}' asks for {skill.name}. Take it out there first.")
    for agent in await session.scalars(select(Agent)):
        if skill_id in agent.skills:
            agent.skills = [one for one in agent.skills if one != skill_id]
    await session.delete(skill)


async def checked(session: AsyncSession, wanted: Iterable[str]) -> list[str]:
    """These skills, each once, or `BadInput` with the one there is not."""
    known = await names(session)
    found = list(dict.fromkeys(wanted))
    if unknown := [one for one in found if one not in known]:
        raise BadInput(f"There is no skill '{unknown[0][:40]}'. Add it among the skills first.")
    return found


async def _get(session: AsyncSession, skill_id: str) -> Skill:
    found = await session.get(Skill, skill_id)
    if found is None:
        raise NotFound("There is no such skill. Reload the page to see those there are.")
    return found


def _name(typed: str) -> str:
    name = typed.strip()
    if not 0 < len(name) <= 100:
        raise BadInput("Give the skill a name of at most 100 signs, such as 'Billing disputes'.")
    return name
