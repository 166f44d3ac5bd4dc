"""How far partners say the work of cases is: what the customer, the assistant and programs are told alike."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff.models import CaseEvent


@dataclass(frozen=True)
class Progress:
    """The last state a partner set. `label` is how people say it, such as `On the way`."""

    partner: str
    state: str
    label: str
    at: datetime


async def of_cases(session: AsyncSession, case_ids: Sequence[str]) -> dict[str, Progress]:
    """By case; one a partner said nothing of is left out. One statement."""
    query = select(CaseEvent).where(CaseEvent.case_id.in_(case_ids), CaseEvent.kind == "partner_state")
    said = await session.scalars(query.order_by(CaseEvent.case_id, CaseEvent.seq))
    return {
        one.case_id: Progress(one.data["partner"], one.data["state"], one.data["label"], one.created_at) for one in said
    }
