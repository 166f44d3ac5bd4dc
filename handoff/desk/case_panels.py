"""The panels beside a case. Each area reads its own and registers it here; `templates/case/_<name>.html` draws it.

The template finds what was read as `panel`, next to `page` and `me`. Two more templates are drawn when they are there:
`case/_<name>_head.html` in the line under the title (a clock, a figure), and `case/_<name>_dialogs.html` after the
page (native dialogs, opened by `data-opens`). A panel that has nothing to show is read as None and drawn nowhere.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from handoff.desk import (
    care_reads,
    clocks_reads,
    exceptions_reads,
    finding_reads,
    partners_reads,
    removals_reads,
    routing_reads,
)
from handoff.desk.pages import Me
from handoff.models import Case

Read = Callable[[AsyncSession, Case, Me], Awaitable[Any]]

PANELS: tuple[tuple[str, Read], ...] = (
    ("clocks", clocks_reads.panel),
    *care_reads.PANELS,
    ("exceptions", exceptions_reads.panel),
    ("partners", partners_reads.panel),
    ("routing", routing_reads.panel),
    ("fields", finding_reads.panel),
    ("removals", removals_reads.panel),
)
"""In the order they stand in. Each is a `panel(session, case, me)` of `desk/<area>_reads.py`."""


async def read_all(session: AsyncSession, case: Case, me: Me) -> Mapping[str, Any]:
    found = {name: await read(session, case, me) for name, read in PANELS}
    return {name: panel for name, panel in found.items() if panel is not None}
