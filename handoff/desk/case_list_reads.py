"""Reading the list of cases: its views, their counts and one page of rows. Four statements, five with words.

While words are searched for nothing is counted: nobody looks at the tabs then, and it would be most of the price.
"""

from collections.abc import Mapping
from itertools import zip_longest
from typing import Any, get_args
from urllib.parse import parse_qsl, urlencode

from sqlalchemy.ext.asyncio import AsyncSession

from handoff.desk.case_list_pages import BulkField, CaseListPage, Said, Tab
from handoff.desk.pages import Me
from handoff.errors import BadInput
from handoff.finding import bulk, lists, tags, views
from handoff.finding import chosen as filters
from handoff.finding.chosen import Chosen
from handoff.finding.lists import Looker
from handoff.models import Priority
from handoff.routing import teams

HERE = "/desk/cases"
NOT_FILTERS = ("view", "after", "jump")


def looker(me: Me) -> Looker:
    return Looker(me.id, me.teams)


def chosen_in(address: Mapping[str, str]) -> Chosen:
    """The filters in an address, or `BadInput` naming the one that means nothing."""
    return filters.read({name: value for name, value in address.items() if name not in NOT_FILTERS})


def href(chosen: Chosen, **more: str) -> str:
    asked = urlencode({**chosen.set_fields, **{name: value for name, value in more.items() if value}})
    return f"{HERE}?{asked}" if asked else HERE


async def listed(session: AsyncSession, me: Me, address: Mapping[str, str], said: Said | None = None) -> CaseListPage:
    chosen, after = chosen_in(address), address.get("after", "")
    who, known = looker(me), await views.of(session, me.id)
    counts = [] if chosen.search else await lists.counts(session, who, [view.chosen for view in known])
    page = await lists.page(session, who, chosen, after)
    current = address.get("view", "") or next((one.id for one in known if one.chosen == chosen), "")
    return CaseListPage(
        tabs=tuple(_tab(view, number, current) for view, number in zip_longest(known, counts)),
        rows=page.rows,
        chosen=chosen,
        address=urlencode(
            {**chosen.set_fields, **{name: address[name] for name in ("view", "after") if name in address}}
        ),
        next_href=href(chosen, view=current, after=page.after) if page.after else None,
        is_cut=page.is_cut,
        is_later=bool(after),
        view=current,
        people=dict(await lists.people(session)),
        said=said,
    )


def _tab(view: views.View, number: int | None, current: str) -> Tab:
    count = None if number is None else f"{lists.COUNTED}+" if number > lists.COUNTED else str(number)
    target = href(view.chosen, view=view.id)
    return Tab(view.id, view.name, target, count, view.id == current, view.is_own, view.is_shared)


async def bulk_field(session: AsyncSession, do: str) -> BulkField:
    """What has to be chosen or written for this change."""
    if do not in get_args(bulk.Do):
        raise BadInput("Choose what to do with the cases.")
    if do == "assign":
        found = await lists.people(session)
        return BulkField(do, (("", "Nobody"), *found))
    if do == "team":
        return BulkField(do, tuple((await teams.names(session)).items()))
    if do == "priority":
        return BulkField(do, tuple((one.value, one.value.capitalize()) for one in Priority))
    if do in ("tag", "untag"):
        return BulkField(do, suggestions=tuple(await tags.known(session, limit=100)))
    return BulkField(do)


def redraw_address(raw: str) -> dict[str, Any]:
    """The address a page sends along with a change, so that the same list is drawn again."""
    return dict(parse_qsl(raw[:3000]))
