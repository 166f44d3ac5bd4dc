"""What ties cases without moving words."""

import pytest

from handoff import cases
from handoff.cases.actors import Actor
from handoff.errors import BadInput, IllegalMove
from handoff.models import CaseStatus, LinkKind
from tests.hub.case_moves import a_case, again, kinds, system_words
from tests.hub.conftest import Desk


async def test_a_parent_knows_its_open_children_and_resolves_them_together(desk: Desk) -> None:
    dana = await desk.agent()
    first = await desk.customer_says("No internet", who="maya")
    incident = await a_case(desk, first.conversation_id, "Outage in Elm Street")
    children = []
    for who in ("noor", "ivo"):
        said = await desk.customer_says("No internet here", who=who)
        child = await a_case(desk, said.conversation_id, f"No internet at {who}'s")
        await desk.write(lambda session, ref=child.ref: cases.link(session, incident.ref, ref, dana, LinkKind.PARENT))
        children.append((child, said.conversation_id))
    by = Actor.of(dana)
    with pytest.raises(IllegalMove, match="2 open cases below it"):
        await desk.write(lambda session: cases.resolve(session, incident.ref, by, "Repaired", children="ask"))
    await desk.write(lambda session: cases.resolve_children(session, incident.ref, dana, "The cable is repaired."))
    await desk.write(lambda session: cases.resolve(session, incident.ref, by, "Repaired", children="ask"))
    for child, conversation_id in children:
        assert (await again(desk, child)).status == CaseStatus.RESOLVED
        told = [words for words in await system_words(desk, conversation_id) if "The cable is repaired." in words]
        assert len(told) == 1


async def test_links_make_no_circles_and_can_be_taken_off(desk: Desk) -> None:
    dana = await desk.agent()
    said = await desk.customer_says("Hello")
    one, two = [await a_case(desk, said.conversation_id, title) for title in ("One", "Two")]
    made = await desk.write(lambda session: cases.link(session, one.ref, two.ref, dana, LinkKind.PARENT))
    with pytest.raises(IllegalMove, match="below"):
        await desk.write(lambda session: cases.link(session, two.ref, one.ref, dana, LinkKind.PARENT))
    with pytest.raises(BadInput, match="itself"):
        await desk.write(lambda session: cases.link(session, one.ref, one.ref, dana, LinkKind.RELATED))
    await desk.write(lambda session: cases.unlink(session, made.id, dana))
    async with desk.database.read() as session:
        assert await cases.links_of(session, one.id) == []
    assert (await kinds(desk, two))[-2:] == ["linked", "unlinked"]
