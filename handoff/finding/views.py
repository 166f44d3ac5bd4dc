"""Views: lists of cases by name. Some come with the product, some are everybody's, some one agent's own."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import clock
from handoff.errors import BadInput, NotAllowed, NotFound
from handoff.finding import chosen as filters
from handoff.finding.chosen import Chosen
from handoff.models import Agent, Role, SavedView

OWN_AT_MOST = 20


@dataclass(frozen=True)
class View:
    """`id` is a word for those that come with the product. `is_shared`: everybody's, made by a supervisor."""

    id: str
    name: str
    chosen: Chosen
    is_shared: bool = False
    is_own: bool = False
    position: int = 0


BUILT_IN = (
    View("open", "Open", Chosen()),
    View("mine", "Mine", Chosen(assignee="me")),
    View("team", "My teams", Chosen(team="mine")),
    View("nobody", "Nobody's", Chosen(assignee="nobody")),
    View("due", "Next clocks", Chosen(sort="due")),
    View("watched", "Watched", Chosen(status="any", watched=True)),
)


async def of(session: AsyncSession, agent_id: str) -> Sequence[View]:
    """The views an agent has: the product's, everybody's, then their own. One statement."""
    theirs = or_(SavedView.agent_id.is_(None), SavedView.agent_id == agent_id)
    rows = await session.scalars(select(SavedView).where(theirs).order_by(SavedView.position, SavedView.created_at))
    saved = sorted((_view(row) for row in rows), key=lambda view: view.is_own)
    return [*BUILT_IN, *saved]


async def save(
    session: AsyncSession, agent: Agent, name: str, chosen: Chosen, *, is_shared: bool = False, position: int = 0
) -> View:
    """Keep a list by name, for oneself or (supervisors) for everybody. The same name again replaces what it shows."""
    _may(agent, is_shared)
    name = " ".join(name.split())[:100]
    if not name:
        raise BadInput("Give the view a name.")
    owner = None if is_shared else agent.id
    same = SavedView.agent_id.is_(None) if owner is None else SavedView.agent_id == owner
    row = await session.scalar(select(SavedView).where(same, SavedView.name == name))
    if row is None:
        many = await session.scalar(select(func.count()).select_from(SavedView).where(same))
        if (many or 0) >= OWN_AT_MOST:
            raise BadInput(f"There are {OWN_AT_MOST} views already. Remove one that nobody opens any more.")
        row = SavedView(name=name, agent_id=owner, position=position, created_at=clock.now())
        session.add(row)
    row.chosen, row.position = chosen.set_fields, position
    await session.flush()
    return _view(row)


async def change(session: AsyncSession, agent: Agent, view_id: str, *, name: str, position: int) -> View:
    row = await _mine(session, agent, view_id)
    row.name = " ".join(name.split())[:100] or row.name
    row.position = position
    return _view(row)


async def remove(session: AsyncSession, agent: Agent, view_id: str) -> None:
    await session.delete(await _mine(session, agent, view_id))


async def _mine(session: AsyncSession, agent: Agent, view_id: str) -> SavedView:
    row = await session.get(SavedView, view_id)
    if row is None or row.agent_id not in (None, agent.id):
        raise NotFound("There is no such view; somebody may have removed it. Reload the page.")
    _may(agent, row.agent_id is None)
    return row


def _may(agent: Agent, is_shared: bool) -> None:
    if is_shared and agent.role not in (Role.SUPERVISOR, Role.ADMIN):
        raise NotAllowed("Only a supervisor may change everybody's views. Save it for yourself instead.")


def _view(row: SavedView) -> View:
    """What a view asks for was checked when it was saved; a filter that is gone since is left out, not an error."""
    known = {name: value for name, value in row.chosen.items() if name in Chosen.model_fields}
    is_shared = row.agent_id is None
    return View(row.id, row.name, filters.read(known), is_shared, not is_shared, row.position)
