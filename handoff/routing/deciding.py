"""Which team a case goes to, what it asks of whoever takes it, and how soon, each with the reason in words.

The first route that fits decides. Without one it is the team that was asked for, else the default team: a case is
never nowhere.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from handoff.cases import actors, log
from handoff.models import Agent, Case, Priority, Route
from handoff.routing import routes, skills, teams
from handoff.routing.wording import joined
from handoff.rules import conditions

URGENCY = tuple(Priority)
"""From the most urgent on."""


@dataclass(frozen=True)
class Routed:
    """Where a case goes, to whom if somebody is asked, and why in sentences."""

    team: str
    agent: Agent | None
    because: tuple[str, ...]


@dataclass(frozen=True)
class Decision:
    team: str
    skills: tuple[str, ...]
    priority: Priority
    because: tuple[str, ...]
    route_id: str | None = None


async def route(
    session: AsyncSession, case: Case, asked: str | None = None, by: actors.Actor = actors.SYSTEM
) -> Routed:
    """Send a case to its team and say why on it, as the event `routed`.

    `asked` is the team that was asked for; one that a person chose (`by` an agent) stays, whatever the routes say.
    Whoever has the case no longer has it when it goes to another team.
    The agent is chosen when it is offered (`choosing`).
    """
    decided = await (_as_chosen(session, case, asked, by) if by.kind == "agent" else decide(session, case, asked))
    given_up = {"assignee_id": None} if case.assignee_id and decided.team != case.team else {}
    case.assignee_id = None if given_up else case.assignee_id
    case.team, case.priority, case.skills = decided.team, decided.priority, list(decided.skills)
    data = {
        "team": case.team,
        "priority": case.priority,
        "skills": case.skills,
        "route_id": decided.route_id,
        "agent_id": None,
        "because": list(decided.because),
        **given_up,
    }
    await log.record(session, case, "routed", actors.SYSTEM, data)
    return Routed(case.team, None, decided.because)


async def decide(session: AsyncSession, case: Case, asked: str | None = None) -> Decision:
    """What `route` would do now; nothing is changed."""
    known = await teams.all_of(session)
    names = {one.id: one.name for one in known}
    rules = [one for one in await routes.all_of(session, on_only=True) if one.team_id in names]
    view = await conditions.view_of(session, case) if rules else None
    for rule in rules:
        if view and conditions.holds(conditions.stored(rule.conditions), view):
            return await _by_rule(session, case, rule, names)
    fallback = next((one.id for one in known if one.is_default), known[0].id)
    team, why = _without_rule(asked, fallback, names)
    return Decision(team, tuple(case.skills or ()), Priority(case.priority), (why,))


async def _as_chosen(session: AsyncSession, case: Case, asked: str | None, by: actors.Actor) -> Decision:
    names = await teams.names(session)
    if asked not in names:
        return await decide(session, case, asked)
    why = f"The team is {names[asked]}, because {by.name} chose it."
    return Decision(asked, tuple(case.skills or ()), Priority(case.priority), (why,))


async def _by_rule(session: AsyncSession, case: Case, rule: Route, names: Mapping[str, str]) -> Decision:
    fields = await conditions.known(session)
    because = [conditions.spoken(one, fields) for one in conditions.stored(rule.conditions)]
    reason = f"because {joined(because)}" if because else "because this route takes everything"
    said = [f"The team is {names[rule.team_id]}, {reason} (route “{rule.name}”)."]
    needs = list(dict.fromkeys([*(case.skills or ()), *rule.skills]))
    if needs:
        known = await skills.names(session)
        said.append(f"It asks for {joined([known.get(one, one) for one in needs])}.")
    priority = _priority(case, rule)
    if priority != case.priority:
        said.append(f"The priority is {priority}, as that route says.")
    return Decision(rule.team_id, tuple(needs), priority, tuple(said), rule.id)


def _priority(case: Case, rule: Route) -> Priority:
    """A route may make a case more urgent than was asked, and an ordinary one less; nobody's urgency is taken away."""
    had = Priority(case.priority)
    wanted = Priority(rule.priority) if rule.priority else had
    return wanted if had is Priority.NORMAL else min(had, wanted, key=URGENCY.index)


def _without_rule(asked: str | None, fallback: str, names: Mapping[str, str]) -> tuple[str, str]:
    if asked in names and asked not in (fallback, teams.DEFAULT):
        return str(asked), f"The team is {names[str(asked)]}, because it was asked for and no route fits."
    known = asked in names or asked in (None, teams.DEFAULT)
    why = "no route fits" if known else f"no route fits and there is no team “{str(asked)[:40]}”"
    return fallback, f"The team is {names[fallback]}, the default team, because {why}."
