"""What a trigger may do: a closed list, each with at most one value. Each tells in a few words what it did.

An action changes a case through the verbs everybody uses, as the system and under the trigger's name. What those
refuse is written down with the firing and stops none of the others.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import cases, floor, ledger
from handoff.care import follow_ups, surveys
from handoff.cases import Actor
from handoff.errors import BadInput
from handoff.finding import tags
from handoff.ledger import Speaker
from handoff.models import LIVE, Agent, Case, CaseConversation, Conversation, Customer, Endpoint, Priority
from handoff.partners import webhooks
from handoff.ports import Author, Floor, Words
from handoff.routing import teams
from handoff.settings import settings

MOST = 10
TEXT_AT_MOST = 1000
UP = "up"
PRIORITIES = (Priority.LOW, Priority.NORMAL, Priority.HIGH, Priority.URGENT)


class Do(StrEnum):
    ASSIGN = "assign"
    TEAM = "team"
    PRIORITY = "priority"
    TAG = "tag"
    REPLY = "reply"
    NOTE = "note"
    WEBHOOK = "webhook"
    SURVEY = "survey"
    FOLLOW_UP = "follow_up"


LABELS: Mapping[Do, str] = {
    Do.ASSIGN: "Assign to",
    Do.TEAM: "Give to the team",
    Do.PRIORITY: "Set the priority to",
    Do.TAG: "Tag with",
    Do.REPLY: "Say to the customer",
    Do.NOTE: "Leave a note",
    Do.WEBHOOK: "Tell the address",
    Do.SURVEY: "Ask the customer, a day later, how it was",
    Do.FOLLOW_UP: "Ask the customer, a day later,",
}
CHOOSES = frozenset({Do.ASSIGN, Do.TEAM, Do.PRIORITY, Do.WEBHOOK})
"""Their value is one of a list (`choices`); the others take words."""
TAKES_NOTHING = frozenset({Do.SURVEY})
DAY_S = 86_400.0


@dataclass(frozen=True)
class Action:
    do: Do
    value: str = ""

    def as_dict(self) -> dict[str, str]:
        return {"do": str(self.do), "value": self.value}


@dataclass(frozen=True)
class Setting:
    """For what an action is done: the held case, who acts, and what caused it, so that it counts once."""

    session: AsyncSession
    case: Case
    actor: Actor
    cause: str


Choices = Mapping[str, tuple[tuple[str, str], ...]]


async def choices(session: AsyncSession) -> Choices:
    """What may be chosen for each action that chooses, as (value, label)."""
    people = await session.execute(select(Agent.id, Agent.name).where(Agent.is_active.is_(True)).order_by(Agent.name))
    addresses = await session.execute(
        select(Endpoint.id, Endpoint.name).where(Endpoint.partner_id.is_(None)).order_by(Endpoint.name)
    )
    return {
        Do.ASSIGN: (("", "Nobody"), *((key, name) for key, name in people)),
        Do.TEAM: tuple((await teams.names(session)).items()),
        Do.PRIORITY: ((UP, "One higher"), *((str(one), one.capitalize()) for one in reversed(PRIORITIES))),
        Do.WEBHOOK: tuple((key, name) for key, name in addresses),
    }


def check(raw: Any, offered: Choices) -> list[Action]:
    """Actions out of `[{do, value}]` as a form or the API sends them, or `BadInput` naming the wrong one."""
    if not isinstance(raw, list) or not all(isinstance(one, dict) for one in raw):
        raise BadInput("Actions are a list of {do, value}.")
    if not 1 <= len(raw) <= MOST:
        raise BadInput(f"A trigger does at least one thing and at most {MOST}. Add or take out actions.")
    return [_checked(one, offered, number) for number, one in enumerate(raw, start=1)]


def _checked(raw: Mapping[str, Any], offered: Choices, number: int) -> Action:
    if extra := sorted(set(raw) - {"do", "value"}):
        raise BadInput(f"Action {number} has '{str(extra[0])[:40]}', which means nothing. Leave do and value.")
    if raw.get("do") not in list(Do):
        raise BadInput(f"Action {number}: choose one of {', '.join(Do)}.")
    do, value = Do(raw["do"]), str(raw.get("value") or "").strip()
    if do in CHOOSES and value not in dict(offered[do]):
        known = ", ".join(key for key, _ in offered[do] if key) or "nothing yet; add one in the settings first"
        raise BadInput(f"Action {number}, {LABELS[do].lower()}: there is no '{value[:40]}'. Choose {known}.")
    if do in TAKES_NOTHING:
        return Action(do)
    if do not in CHOOSES and not 0 < len(value) <= TEXT_AT_MOST:
        raise BadInput(f"Action {number}, {LABELS[do].lower()}: write something, at most {TEXT_AT_MOST} signs.")
    return Action(do, tags.spelled(value) if do is Do.TAG else value)


def stored(raw: Sequence[Mapping[str, Any]]) -> list[Action]:
    """Actions as a table keeps them; they were checked on the way in."""
    return [Action(Do(one["do"]), one.get("value", "")) for one in raw]


def spoken(action: Action, offered: Choices) -> str:
    """`Give to the team Billing`: for lists of triggers and dry runs."""
    if action.do in CHOOSES:
        chosen = dict(offered[action.do]).get(action.value, "what is no longer there") if action.value else "nobody"
        return f"{LABELS[action.do]} {chosen.lower() if action.do is Do.PRIORITY else chosen}"
    return f"{LABELS[action.do]}: {action.value}" if action.value else LABELS[action.do]


async def do(setting: Setting, action: Action) -> str:
    """Do it; what came of it, in a few words. Raises what the verb it calls raises."""
    return await _DOINGS[action.do](setting, action.value)


async def _assign(on: Setting, agent_id: str) -> str:
    agent = await on.session.get(Agent, agent_id) if agent_id else None
    if agent_id and (agent is None or not agent.is_active):
        raise BadInput("That agent no longer works here. Change the trigger.")
    if on.case.assignee_id == (agent.id if agent else None):
        return "was assigned so already"
    await cases.assign(on.session, on.case.ref, on.actor, agent)
    return f"assigned to {agent.name if agent else 'nobody'}"


async def _team(on: Setting, team: str) -> str:
    if on.case.team == team:
        return f"was with {team} already"
    await cases.set_team(on.session, on.case.ref, on.actor, team, on.actor.name or "")
    return f"given to {team}"


async def _priority(on: Setting, wanted: str) -> str:
    place = PRIORITIES.index(Priority(on.case.priority))
    priority = PRIORITIES[min(place + 1, len(PRIORITIES) - 1)] if wanted == UP else Priority(wanted)
    if on.case.priority == priority:
        return f"priority was {priority} already"
    await cases.set_priority(on.session, on.case.ref, on.actor, priority)
    return f"priority {priority}"


async def _tag(on: Setting, tag: str) -> str:
    await tags.add(on.session, on.case.ref, on.actor, tag)
    return f"tagged {tag}"


async def _note(on: Setting, text: str) -> str:
    await cases.add_note(on.session, on.case.ref, on.actor, text)
    return "noted"


async def _reply(on: Setting, text: str) -> str:
    """As the assistant while it has the floor; as the system, which talks over nobody, otherwise."""
    talking = await conversation_of(on.session, on.case)
    if talking is None:
        return "said nothing: the case is talked about nowhere"
    held = await floor.hold(on.session, talking)
    customer = await on.session.get(Customer, on.case.customer_id)
    words = text.replace("{ref}", on.case.ref).replace("{name}", (customer and customer.name) or "")
    is_with_assistant = held.floor in (Floor.BOT, Floor.CLOSED)
    speaker = Speaker(Author.ASSISTANT, settings().assistant_name) if is_with_assistant else Speaker(Author.SYSTEM)
    message = await ledger.utter(on.session, held, speaker, Words(words.replace("  ", " ").replace(" ,", ",")))
    message.case_id = on.case.id
    return "said it"


async def _webhook(on: Setting, endpoint_id: str) -> str:
    endpoint = await on.session.get(Endpoint, endpoint_id)
    if endpoint is None or not endpoint.is_on:
        return "told nobody: the address is switched off"
    await webhooks.tell(on.session, endpoint, on.case, on.cause, {"trigger": on.actor.name})
    return f"told {endpoint.name}"


async def _survey(on: Setting, _: str) -> str:
    """A day after, by day, and never twice for one case: `care/surveys.py` sees to it."""
    planned = await surveys.plan(on.session, on.case, DAY_S, on.actor)
    return f"survey {planned.state}"


async def _follow_up(on: Setting, question: str) -> str:
    await follow_ups.plan(on.session, on.case, question[:300], DAY_S, on.cause)
    return "will ask"


async def conversation_of(session: AsyncSession, case: Case) -> str | None:
    """Where the customer last talked about the case."""
    query = (
        select(Conversation.id)
        .join(CaseConversation, CaseConversation.conversation_id == Conversation.id)
        .where(CaseConversation.case_id == case.id)
        .order_by(Conversation.last_message_at.desc())
    )
    found: str | None = await session.scalar(query.limit(1))
    return found


NEEDS_LIVE = frozenset({Do.ASSIGN, Do.TEAM, Do.PRIORITY})


def may(action: Action, case: Case) -> bool:
    """What changes who has a case, and how urgent it is, is for cases that are not over."""
    return case.status in LIVE or action.do not in NEEDS_LIVE


_DOINGS: Mapping[Do, Callable[[Setting, str], Awaitable[str]]] = {
    Do.ASSIGN: _assign,
    Do.TEAM: _team,
    Do.PRIORITY: _priority,
    Do.TAG: _tag,
    Do.REPLY: _reply,
    Do.NOTE: _note,
    Do.WEBHOOK: _webhook,
    Do.SURVEY: _survey,
    Do.FOLLOW_UP: _follow_up,
}
