"""Which agent a handover is offered to, and why in sentences.

At the desk, of the team, with room, has not declined; then whoever speaks the language and has the skills, else comes
closest; among those who knows the customer, then who has least to do. `offers` asks; the desk shows the sentences.
What it costs depends on how many agents are at the desk and what they hold, not on how many cases there are.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import agents, clock, customers
from handoff.cases import actors, log
from handoff.models import Agent, Case, Conversation, Handover, HandoverState
from handoff.ports import Floor
from handoff.routing import skills, teams, wording

KNOWS_FOR = timedelta(days=30)
"""How long an agent counts as knowing a customer they dealt with."""
LOOK_BACK = 50


@dataclass(frozen=True)
class Candidate:
    """An agent of the team at the desk, against what a case asks for."""

    agent: Agent
    load: int
    lacks: tuple[str, ...]
    speaks: bool
    knew_at: datetime | None
    has_declined: bool

    @property
    def is_full(self) -> bool:
        return self.load >= self.agent.capacity

    @property
    def is_free(self) -> bool:
        return not self.is_full and not self.has_declined

    @property
    def fits(self) -> bool:
        return self.speaks and not self.lacks

    @property
    def rank(self) -> tuple[bool, int, bool, int, str]:
        """The smallest is asked first."""
        return (not self.speaks, len(self.lacks), self.knew_at is None, self.load, self.agent.id)


@dataclass(frozen=True)
class Choice:
    agent: Agent | None
    because: tuple[str, ...]


async def choose(session: AsyncSession, handover: Handover) -> Choice:
    """The next agent to ask, said on the case once for each agent of a handover as the event `routed`."""
    case = await session.get_one(Case, handover.case_id)
    choice = await pick(session, handover.team, case, handover.declined_by)
    agent_id = choice.agent.id if choice.agent else None
    data = {"team": handover.team, "agent_id": agent_id, "handover_id": handover.id, "because": list(choice.because)}
    if handover.team != case.team:  # the case was moved by hand meanwhile and keeps its team
        del data["team"]
    key = f"routed:{handover.id}:{handover.team}:{agent_id or 'nobody'}"
    await log.record(session, case, "routed", actors.SYSTEM, data, idempotency_key=key[:100])
    return choice


async def pick(
    session: AsyncSession, team: str, case: Case, declined: Sequence[str] = (), needs: Sequence[str] | None = None
) -> Choice:
    """Whom `choose` would ask now; nothing is changed. `needs` are the skills asked for, those of the case if None."""
    needs = case.skills if needs is None else needs
    found = await _candidates(session, team, case, declined, needs)
    chosen = min((one for one in found if one.is_free), key=lambda one: one.rank, default=None)
    known = await skills.names(session) if needs else {}
    names = {skill: known.get(skill, skill) for skill in needs}
    team_name = (await teams.names(session, active_only=False)).get(team, team)
    said = wording.of_choice(chosen, found, team_name, names, case.language, clock.now())
    return Choice(chosen.agent if chosen else None, said)


async def _candidates(
    session: AsyncSession, team: str, case: Case, declined: Sequence[str], needs: Sequence[str]
) -> list[Candidate]:
    here = [one for one in await agents.at_desk(session) if team in one.teams]
    if not here:
        return []
    ids = [one.id for one in here]
    load, knew = await _loads(session, ids), await _known_by(session, case, ids)
    language = case.language.split("-")[0].lower()
    return [
        Candidate(
            agent=one,
            load=load.get(one.id, 0),
            lacks=tuple(skill for skill in needs if skill not in one.skills),
            speaks=not one.languages or language in {spoken.split("-")[0].lower() for spoken in one.languages},
            knew_at=knew.get(one.id),
            has_declined=one.id in declined,
        )
        for one in here
    ]


async def _loads(session: AsyncSession, ids: Sequence[str]) -> Mapping[str, int]:
    """Conversations held and offers not answered, by agent. Two statements."""
    held = (
        select(Conversation.agent_id, func.count())
        .where(Conversation.agent_id.in_(ids), Conversation.floor == Floor.AGENT)
        .group_by(Conversation.agent_id)
    )
    offered = (
        select(Handover.offered_to, func.count())
        .where(Handover.state == HandoverState.OFFERED, Handover.offered_to.in_(ids))
        .group_by(Handover.offered_to)
    )
    load: dict[str, int] = {}
    for query in (held, offered):
        for agent_id, count in await session.execute(query):
            load[str(agent_id)] = load.get(str(agent_id), 0) + count
    return load


async def _known_by(session: AsyncSession, case: Case, ids: Sequence[str]) -> Mapping[str, datetime]:
    """When each of these agents last took a conversation of this person, or had another case of theirs."""
    people, since = await customers.together(session, case.customer_id), clock.now() - KNOWS_FOR
    talked = (
        select(Handover.accepted_by, Handover.accepted_at)
        .join(Conversation, Conversation.id == Handover.conversation_id)
        .where(Conversation.customer_id.in_(people), Handover.accepted_by.is_not(None), Handover.accepted_at >= since)
        .order_by(Handover.id.desc())
        .limit(LOOK_BACK)
    )
    worked = (
        select(Case.assignee_id, Case.updated_at)
        .where(Case.customer_id.in_(people), Case.assignee_id.is_not(None), Case.id != case.id)
        .order_by(Case.created_at.desc())
        .limit(LOOK_BACK)
    )
    knew: dict[str, datetime] = {}
    for query in (talked, worked):
        for agent_id, at in await session.execute(query):
            if agent_id in ids and at is not None and at >= since:
                knew[str(agent_id)] = max(at, knew.get(str(agent_id), at))
    return knew
