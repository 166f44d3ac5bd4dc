"""Partners and the cases open to them; what their own systems tell us."""

from typing import Annotated

from fastapi import APIRouter, Depends, Header, Request
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import cases
from handoff.api.auth import AgentCaller, DatabaseOf, Reader
from handoff.api.partners_shapes import (
    PartnerAdded,
    PartnerChanged,
    PartnerShape,
    SaidToPartner,
    SecretShape,
    ShareOpened,
    ShareRevoked,
    ShareShape,
    ShareWidened,
    ShareWithLink,
    StateShape,
    WebhookTaken,
    WebhookTold,
)
from handoff.api.shapes import ErrorShape, MessageShape
from handoff.errors import BadInput, Gone
from handoff.models import Case, Message, Partner, Share
from handoff.partners import directory, granting, listening, shares
from handoff.tokens import Caller

router = APIRouter(tags=["partners"])


async def supervisor(caller: AgentCaller) -> Caller:
    directory.must_supervise(caller.as_agent)
    return caller


SupervisorCaller = Annotated[Caller, Depends(supervisor)]


def _partner(partner: Partner) -> PartnerShape:
    return PartnerShape(
        id=partner.id,
        name=partner.name,
        kind=partner.kind,
        states=[StateShape(**state) for state in partner.states],
        facts=partner.facts,
        is_active=partner.is_active,
        has_secret=partner.webhook_secret is not None,
        created_at=partner.created_at,
    )


async def _share(session: AsyncSession, share: Share) -> ShareShape:
    partner, case = await directory.get(session, share.partner_id), await session.get_one(Case, share.case_id)
    try:
        await granting.entry_of(session, share)
        is_open = True
    except Gone:
        is_open = False
    return ShareShape(
        id=share.id,
        case_ref=case.ref,
        partner_id=partner.id,
        partner=partner.name,
        task=share.task,
        facts=share.facts,
        state=share.state,
        is_open=is_open,
        created_at=share.created_at,
        expires_at=share.expires_at,
        seen_at=share.seen_at,
        revoked_at=share.revoked_at,
        revoked_why=share.revoked_why,
    )


async def _with_link(session: AsyncSession, share: Share, token: str) -> ShareWithLink:
    return ShareWithLink(**(await _share(session, share)).model_dump(), link=shares.link_of(token))


@router.get("/partners")
async def listed(caller: Reader, database: DatabaseOf) -> list[PartnerShape]:
    async with database.read() as session:
        return [_partner(one) for one in await directory.all_of(session)]


@router.post("/partners", status_code=201)
async def add(body: PartnerAdded, caller: SupervisorCaller, database: DatabaseOf) -> PartnerShape:
    """With the states and facts of its kind (`courier`, `installer`, `other`). A name that is taken gives 409."""
    return _partner(await database.write(lambda session: directory.add(session, body.name, body.kind)))


@router.patch("/partners/{partner_id}")
async def change(partner_id: str, body: PartnerChanged, caller: SupervisorCaller, database: DatabaseOf) -> PartnerShape:
    states = [one.state() for one in body.states] if body.states is not None else None
    changed = await database.write(
        lambda session: directory.change(session, partner_id, states=states, facts=body.facts, is_active=body.is_active)
    )
    return _partner(changed)


@router.post("/partners/{partner_id}/secret", status_code=201)
async def new_secret(partner_id: str, caller: SupervisorCaller, database: DatabaseOf) -> SecretShape:
    """What their systems sign with from now on; the one before holds no longer."""
    return SecretShape(secret=await database.write(lambda session: directory.new_secret(session, partner_id)))


@router.get("/cases/{ref}/shares")
async def shares_of(ref: str, caller: Reader, database: DatabaseOf) -> list[ShareShape]:
    """To whom a case is or was open, newest first."""
    async with database.read() as session:
        case = await cases.get(session, ref)
        return [await _share(session, share) for share, _ in await shares.of_case(session, case.id)]


@router.post("/cases/{ref}/shares", status_code=201)
async def open_share(ref: str, body: ShareOpened, caller: AgentCaller, database: DatabaseOf) -> ShareWithLink:
    """Open a case to a partner. A repeated `idempotency_key` gives the first share and another link in its place."""

    async def step(session: AsyncSession) -> ShareWithLink:
        share, token = await shares.open(
            session,
            ref,
            caller.as_agent,
            body.partner_id,
            body.task,
            body.facts,
            body.message_ids,
            body.days,
            sensitive=body.sensitive,
            waits=body.waits,
            idempotency_key=body.idempotency_key,
        )
        return await _with_link(session, share, token)

    return await database.write(step)


@router.post("/shares/{share_id}/show")
async def show(share_id: str, body: ShareWidened, caller: AgentCaller, database: DatabaseOf) -> ShareShape:
    """Let the partner see more facts and messages, each named."""

    async def step(session: AsyncSession) -> ShareShape:
        share = await shares.show(
            session,
            share_id,
            caller.as_agent,
            facts=body.facts,
            message_ids=body.message_ids,
            sensitive=body.sensitive,
        )
        return await _share(session, share)

    return await database.write(step)


@router.post("/shares/{share_id}/messages", status_code=201)
async def say(share_id: str, body: SaidToPartner, caller: AgentCaller, database: DatabaseOf) -> MessageShape:
    """Words for the partner and the desk; the customer does not read them."""

    async def step(session: AsyncSession) -> Message:
        return await shares.say(session, share_id, caller.as_agent, body.text, client_ref=body.idempotency_key)

    return MessageShape.model_validate(await database.write(step))


@router.post("/shares/{share_id}/link", status_code=201)
async def renew_link(share_id: str, caller: AgentCaller, database: DatabaseOf) -> ShareWithLink:
    """Another link; the one before opens nothing from now on."""

    async def step(session: AsyncSession) -> ShareWithLink:
        return await _with_link(session, *(await shares.renew_link(session, share_id, caller.as_agent)))

    return await database.write(step)


@router.post("/shares/{share_id}/revoke")
async def revoke(share_id: str, body: ShareRevoked, caller: AgentCaller, database: DatabaseOf) -> ShareShape:
    """End it at once, open pages included. One that has ended stays as it is."""

    async def step(session: AsyncSession) -> ShareShape:
        return await _share(session, await shares.revoke(session, share_id, caller.as_agent, body.why))

    return await database.write(step)


@router.post(
    "/partners/{partner_id}/webhook",
    responses={410: {"model": ErrorShape, "description": "The share has ended."}},
    openapi_extra={
        "requestBody": {"required": True, "content": {"application/json": {"schema": WebhookTold.model_json_schema()}}}
    },
)
async def told(
    partner_id: str,
    request: Request,
    database: DatabaseOf,
    webhook_id: Annotated[str, Header(max_length=200)] = "",
    webhook_timestamp: Annotated[str, Header(max_length=40)] = "",
    webhook_signature: Annotated[str, Header(max_length=2000)] = "",
) -> WebhookTaken:
    """What a partner's system says of a case, signed as Standard Webhooks say. Needs no token. See docs/webhooks.md."""
    body = await request.body()
    headers = {
        "webhook-id": webhook_id,
        "webhook-timestamp": webhook_timestamp,
        "webhook-signature": webhook_signature,
    }
    async with database.read() as session:
        partner = await listening.check(session, partner_id, headers, body)
    try:
        said = WebhookTold.model_validate_json(body)
    except ValidationError as error:
        where = ".".join(str(part) for part in error.errors()[0]["loc"]) or "the body"
        raise BadInput(f"{where}: {error.errors()[0]['msg']}.") from None
    meant = listening.Told(said.share_ref, said.case_ref, said.state, said.text)
    is_new = await database.write(lambda session: listening.take(session, partner.id, webhook_id, meant))
    return WebhookTaken(is_new=is_new)
