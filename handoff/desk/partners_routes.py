"""Partners at the desk: opening a case to one, talking to them, ending it; the settings of partners and webhooks."""

from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import HTMLResponse
from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncSession

from handoff.desk import case_reads, partners_reads
from handoff.desk.case_routes import page_of
from handoff.desk.drawing import draw
from handoff.desk.forms import Filled
from handoff.desk.saying import Said, with_words
from handoff.desk.settings_pages import draw_section
from handoff.desk.visit import Actor, Supervisor, SupervisorActor, Visit
from handoff.errors import BadInput
from handoff.masking import CardFree
from handoff.partners import deliveries, directory, endpoints, shares, webhooks
from handoff.partners.endpoints import Wanted
from handoff.partners.kinds import State

router = APIRouter(prefix="/desk")
Id = Annotated[str, Field(max_length=26)]
Short = Annotated[str, Form(max_length=300)]


class Picked(Filled):
    """Facts and messages ticked one by one; sensitive facts have ticks of their own."""

    facts: list[Id] = []
    sensitive: list[Id] = []
    message_ids: list[Id] = []


class Opened(Picked):
    partner_id: Id
    task: CardFree = Field(max_length=2000)
    days: int = 7
    waits: bool = False


class Named(Filled):
    name: str = Field(max_length=200)
    url: str = Field(max_length=600)
    events: str = Field(default="", max_length=2000)


class Added(Named):
    partner_id: Id = ""


class Agreed(Filled):
    """The states of a partner, a row each; a row without a label is dropped."""

    facts: str = Field(default="", max_length=2000)
    label: list[Annotated[str, Field(max_length=60)]] = []
    customer_text: list[Annotated[str, Field(max_length=300)]] = []
    name: list[Annotated[str, Field(max_length=40)]] = []
    opens: list[Annotated[str, Field(max_length=40)]] = []

    @property
    def states(self) -> list[State]:
        rows = zip(self.name, self.label, self.customer_text, strict=False)
        named = [(name or _name(label), label.strip(), text.strip()) for name, label, text in rows if label.strip()]
        return [State(name, label, text, name in self.opens) for name, label, text in named]


def _name(label: str) -> str:
    """`Left with a neighbour` -> `left_with_a_neighbour`."""
    plain = "".join(letter if letter.isascii() and letter.isalnum() else " " for letter in label.lower())
    return "_".join(plain.split())[:40].strip("_")


@router.post("/cases/{ref}/shares")
async def open_share(visit: Actor, ref: str, filled: Annotated[Opened, Form()]) -> HTMLResponse:
    async def step(session: AsyncSession) -> str:
        _, token = await shares.open(
            session,
            ref,
            visit.agent,
            filled.partner_id,
            filled.task,
            filled.facts,
            filled.message_ids,
            filled.days,
            sensitive=filled.sensitive,
            waits=filled.waits,
        )
        return token

    return await _with_link(visit, ref, await visit.write(step), "The case is shared. Copy the link now.")


@router.post("/cases/{ref}/shares/{share_id}/link")
async def renew_link(visit: Actor, ref: str, share_id: str) -> HTMLResponse:
    _, token = await visit.write(lambda session: shares.renew_link(session, share_id, visit.agent))
    return await _with_link(visit, ref, token, "Here is another link. The one before opens nothing any more.")


async def _with_link(visit: Visit, ref: str, token: str, said: str) -> HTMLResponse:
    """The case as it is now, with the link, which is shown this once."""
    name = visit.settings.assistant_name
    page = await visit.read(lambda session: case_reads.one(session, visit.me, ref, assistant=name))
    return with_words(draw("_case.html", page, visit.me, fresh_link=shares.link_of(token)), Said(said))


@router.post("/cases/{ref}/shares/{share_id}/show")
async def show(visit: Actor, ref: str, share_id: str, filled: Annotated[Picked, Form()]) -> HTMLResponse:
    if not (filled.facts or filled.sensitive or filled.message_ids):
        raise BadInput("Tick what the partner should see besides.")

    async def step(session: AsyncSession) -> None:
        await shares.show(
            session,
            share_id,
            visit.agent,
            facts=filled.facts,
            message_ids=filled.message_ids,
            sensitive=filled.sensitive,
        )

    await visit.write(step)
    return await page_of(visit, ref, said=Said("The partner sees it now."))


@router.post("/cases/{ref}/shares/{share_id}/words")
async def say(visit: Actor, ref: str, share_id: str, text: Annotated[str, Form(max_length=4000)]) -> HTMLResponse:
    await visit.write(lambda session: shares.say(session, share_id, visit.agent, text))
    return await page_of(visit, ref, said=Said("The partner reads it on their page."))


@router.post("/cases/{ref}/shares/{share_id}/revoke")
async def revoke(
    visit: Actor, ref: str, share_id: str, why: Annotated[CardFree, Form(max_length=200)] = ""
) -> HTMLResponse:
    await visit.write(lambda session: shares.revoke(session, share_id, visit.agent, why))
    return await page_of(visit, ref, said=Said("The link shows nothing any more."))


@router.get("/settings/partners")
async def partners(visit: Supervisor) -> HTMLResponse:
    return await _partners(visit)


async def _partners(visit: Visit, said: str | None = None, secret: tuple[str, str] | None = None) -> HTMLResponse:
    page = await visit.read(lambda session: partners_reads.partners_page(session, visit.settings.public_url))
    return draw_section("partners", page, visit.me, said, secret=secret)


@router.post("/settings/partners")
async def add_partner(visit: SupervisorActor, name: Short, kind: Short) -> HTMLResponse:
    made = await visit.write(lambda session: directory.add(session, name, kind))
    return await _partners(visit, f"{made.name} can be given cases now.")


@router.post("/settings/partners/{partner_id}")
async def change_partner(visit: SupervisorActor, partner_id: str, filled: Annotated[Agreed, Form()]) -> HTMLResponse:
    wanted = filled.facts.split(",")
    made = await visit.write(lambda session: directory.change(session, partner_id, states=filled.states, facts=wanted))
    return await _partners(visit, f"{made.name} is changed.")


@router.post("/settings/partners/{partner_id}/switch")
async def switch_partner(visit: SupervisorActor, partner_id: str, is_on: Annotated[bool, Form()]) -> HTMLResponse:
    made = await visit.write(lambda session: directory.change(session, partner_id, is_active=is_on))
    return await _partners(visit, f"{made.name} {'can be given cases again' if is_on else 'is given no new cases'}.")


@router.post("/settings/partners/{partner_id}/secret")
async def partner_secret(visit: SupervisorActor, partner_id: str) -> HTMLResponse:
    secret = await visit.write(lambda session: directory.new_secret(session, partner_id))
    return await _partners(visit, "Copy the secret now; it is not shown again.", (partner_id, secret))


@router.get("/settings/webhooks")
async def hooks(visit: Supervisor) -> HTMLResponse:
    return await _hooks(visit)


async def _hooks(visit: Visit, said: str | None = None, secret: tuple[str, str] | None = None) -> HTMLResponse:
    page = await visit.read(partners_reads.webhooks_page)
    return draw_section("webhooks", page, visit.me, said, secret=secret)


@router.post("/settings/webhooks")
async def add_hook(visit: SupervisorActor, filled: Annotated[Added, Form()]) -> HTMLResponse:
    wanted = Wanted(filled.name, filled.url, tuple(_kinds(filled.events)), filled.partner_id or None)
    made, secret = await visit.write(lambda session: endpoints.add(session, visit.agent, wanted))
    return await _hooks(visit, "It is told from now on. Copy the secret now; it is not shown again.", (made.id, secret))


def _kinds(typed: str) -> list[str]:
    return typed.replace(",", " ").split()


@router.post("/settings/webhooks/{endpoint_id}")
async def change_hook(visit: SupervisorActor, endpoint_id: str, filled: Annotated[Named, Form()]) -> HTMLResponse:
    made = await visit.write(
        lambda session: endpoints.change(
            session, endpoint_id, visit.agent, name=filled.name, url=filled.url, events=_kinds(filled.events)
        )
    )
    return await _hooks(visit, f"{made.name} is changed.")


@router.post("/settings/webhooks/{endpoint_id}/switch")
async def switch_hook(visit: SupervisorActor, endpoint_id: str, is_on: Annotated[bool, Form()]) -> HTMLResponse:
    made = await visit.write(lambda session: endpoints.switch(session, endpoint_id, visit.agent, is_on=is_on))
    return await _hooks(visit, f"{made.name} is {'on' if is_on else 'off'}.")


@router.post("/settings/webhooks/{endpoint_id}/secret")
async def hook_secret(visit: SupervisorActor, endpoint_id: str) -> HTMLResponse:
    secret = await visit.write(lambda session: endpoints.new_secret(session, endpoint_id, visit.agent))
    return await _hooks(visit, "Copy the secret now; it is not shown again.", (endpoint_id, secret))


@router.post("/settings/webhooks/{endpoint_id}/test")
async def test_hook(visit: SupervisorActor, endpoint_id: str) -> HTMLResponse:
    await visit.write(lambda session: webhooks.test(session, endpoint_id, visit.agent))
    return await _hooks(visit, "A test is on its way. Look at the deliveries for how it went.")


@router.post("/settings/webhooks/deliveries/{delivery_id}/replay")
async def replay(visit: SupervisorActor, delivery_id: str) -> HTMLResponse:
    await visit.write(lambda session: deliveries.replay(session, delivery_id, visit.agent))
    return await _hooks(visit, "It is on its way again.")
