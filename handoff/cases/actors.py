"""Who does something to a case."""

from dataclasses import dataclass

from handoff.models import Agent


@dataclass(frozen=True)
class Actor:
    """Who did it: kind is agent, assistant, customer, partner or system."""

    kind: str
    id: str | None = None
    name: str | None = None

    @staticmethod
    def of(agent: Agent) -> "Actor":
        return Actor("agent", agent.id, agent.name)


SYSTEM = Actor("system")
ASSISTANT = Actor("assistant")
