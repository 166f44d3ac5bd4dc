"""Custom fields are checked by their kind; articles are found by their words and sent as text."""

from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bench.cases.data import fill
from handoff import cases
from handoff.cases import Actor
from handoff.errors import BadInput, NotAllowed, TellonceError
from handoff.finding import articles, case_fields
from handoff.models import Agent, Case, CaseField, Role
from tests.hub.conftest import Desk

RESET = "Hold the **button** for ten seconds.\n\n- wait\n- try again"
TEAMS = ("care", "returns", "network", "billing", "retention")


@pytest.fixture
async def desk_with_fields(desk: Desk) -> tuple[Desk, Agent, Case]:
    """Priya, who supervises; a case about a return, with a field of every kind."""
    hired = await desk.agent("Priya", TEAMS)
    await fill(desk.database, 6)

    async def define(session: AsyncSession) -> tuple[Agent, Case]:
        priya = await session.get_one(Agent, hired.id)
        priya.role = Role.SUPERVISOR
        case = (await session.scalars(select(Case).limit(1))).one()
        case.topic = "return_start"
        for place, (name, kind) in enumerate(
            {"serial": "text", "weight": "number", "bought": "date", "sealed": "yes_no", "colour": "choice"}.items()
        ):
            options = ["black", "white"] if kind == "choice" else []
            await case_fields.define(
                session,
                priya,
                topic="return",
                name=name,
                label=name.title(),
                kind=kind,
                options=options,
                position=place,
            )
        await case_fields.define(session, priya, topic="bill", name="invoice", label="Invoice", kind="text")
        await case_fields.define(session, priya, topic="*", name="shop", label="Shop", kind="text", position=9)
        return priya, case

    priya, case = await desk.write(define)
    return desk, priya, case


async def test_a_case_has_the_fields_of_its_topic_and_of_every_case(desk_with_fields: tuple[Desk, Agent, Case]) -> None:
    desk, _, case = desk_with_fields
    async with desk.database.read() as session:
        found = [field.name for field in await case_fields.of_topic(session, case.topic)]
    assert found == ["serial", "weight", "bought", "sealed", "colour", "shop"]


async def test_values_are_kept_by_their_kind_and_change_once(desk_with_fields: tuple[Desk, Agent, Case]) -> None:
    desk, priya, case = desk_with_fields
    given = {"serial": " AB 12 ", "weight": "20.5", "bought": "2026-11-02", "sealed": "no", "colour": "white"}

    async def put(values: dict[str, Any]) -> dict[str, Any]:
        return await desk.write(lambda session: case_fields.put(session, case.ref, Actor.of(priya), values))

    kept = {"serial": "AB 12", "weight": 20.5, "bought": "2026-11-02", "sealed": False, "colour": "white"}
    assert await put(given) == kept
    assert await put(given) == kept
    assert await put({"weight": "", "serial": None}) == {name: kept[name] for name in ("bought", "sealed", "colour")}
    async with desk.database.read() as session:
        history = [event for event in await cases.history(session, case.id) if event.kind == "fields_changed"]
    assert [set(event.data["values"]) for event in history] == [set(kept), {"weight", "serial"}]


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("weight", "heavy", "number"),
        ("weight", "nan", "number"),
        ("weight", "1e400", "number"),
        ("bought", "2026-02-30", "day"),
        ("bought", "yesterday", "day"),
        ("sealed", "perhaps", "yes or no"),
        ("colour", "red", "black, white"),
        ("serial", "x" * 501, "500"),
        ("invoice", "1", "no field 'invoice'"),
        ("unknown", "1", "no field 'unknown'"),
    ],
)
async def test_a_value_of_the_wrong_kind_is_refused(
    desk_with_fields: tuple[Desk, Agent, Case], name: str, value: str, why: str
) -> None:
    desk, priya, case = desk_with_fields
    with pytest.raises(BadInput, match=why):
        await desk.write(lambda session: case_fields.put(session, case.ref, Actor.of(priya), {name: value}))
    async with desk.database.read() as session:
        assert (await cases.get(session, case.ref)).fields == {}


async def test_a_card_number_in_a_field_is_masked(desk_with_fields: tuple[Desk, Agent, Case]) -> None:
    desk, priya, case = desk_with_fields
    values = {"serial": "4111 1111 1111 1111"}
    kept = await desk.write(lambda session: case_fields.put(session, case.ref, Actor.of(priya), values))
    assert "4111 1111 1111" not in kept["serial"]


async def test_only_supervisors_define_and_only_the_team_fills_in(desk_with_fields: tuple[Desk, Agent, Case]) -> None:
    desk, _, case = desk_with_fields
    other = await desk.agent("Sam", ("nowhere",))
    with pytest.raises(NotAllowed, match="supervisor"):
        await desk.write(
            lambda session: case_fields.define(session, other, topic="*", name="x", label="X", kind="text")
        )
    with pytest.raises(NotAllowed, match="not yours"):
        await desk.write(lambda session: case_fields.put(session, case.ref, Actor.of(other), {"serial": "1"}))


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "Serial"},
        {"name": "serial"},
        {"name": "ok", "topic": "No Such"},
        {"name": "ok", "label": " "},
        {"name": "ok", "kind": "choice"},
        {"name": "ok", "kind": "colour"},
    ],
    ids=str,
)
async def test_a_field_that_cannot_be_is_refused(
    desk_with_fields: tuple[Desk, Agent, Case], wrong: dict[str, str]
) -> None:
    desk, priya, _ = desk_with_fields
    told: dict[str, Any] = {"topic": "return", "label": "A field", "kind": "text", **wrong}
    with pytest.raises(TellonceError):
        await desk.write(lambda session: case_fields.define(session, priya, **told))


async def test_taking_a_field_away_hides_its_values_and_keeps_them(desk_with_fields: tuple[Desk, Agent, Case]) -> None:
    desk, priya, case = desk_with_fields
    await desk.write(lambda session: case_fields.put(session, case.ref, Actor.of(priya), {"serial": "AB"}))

    async def remove(session: AsyncSession) -> None:
        found = await session.scalar(select(CaseField).where(CaseField.name == "serial"))
        assert found
        await case_fields.remove(session, priya, found.id)

    await desk.write(remove)
    async with desk.database.read() as session:
        assert "serial" not in [field.name for field in await case_fields.of_topic(session, case.topic)]
        assert (await cases.get(session, case.ref)).fields == {"serial": "AB"}


async def test_articles_are_found_by_their_words_titles_first(desk_with_fields: tuple[Desk, Agent, Case]) -> None:
    desk, priya, _ = desk_with_fields
    told = (
        (
            "Reset the router",
            "Hold the **button** for ten seconds.\n\n- wait\n- try again",
            "https://help.example/reset",
            True,
        ),
        ("Slow evenings", "Often the router stands behind a wall.", "", True),
        ("Router recall", "Not ready yet.", "", False),
    )
    for title, text, url, is_published in told:
        await desk.write(
            lambda session, title=title, text=text, url=url, on=is_published: articles.write(
                session, priya, title=title, text=text, url=url, is_published=on
            )
        )
    async with desk.database.read() as session:
        found = await articles.find(session, "routers")
        assert [one.title for one in found] == ["Reset the router", "Slow evenings"]
        assert found[0].words == "Hold the button for ten seconds.\n\n- wait\n- try again\n\nhttps://help.example/reset"
        assert await articles.find(session, "nothing") == []
        assert await articles.find(session, '"*(') == []

    await desk.write(
        lambda session: articles.write(
            session, priya, title="Slow evenings", text="Move the aerial.", is_published=True
        )
    )
    async with desk.database.read() as session:
        assert [one.title for one in await articles.find(session, "router")] == ["Reset the router"]
        assert len(await articles.every(session)) == 3, "the same title is the same article"


@pytest.mark.parametrize("url", ["javascript:alert(1)", "help.example", "https://", "ftp://help.example"])
async def test_an_article_leads_only_where_people_may_be_sent(
    desk_with_fields: tuple[Desk, Agent, Case], url: str
) -> None:
    desk, priya, _ = desk_with_fields
    with pytest.raises(BadInput, match="https"):
        await desk.write(lambda session: articles.write(session, priya, title="A", text="B", url=url))
