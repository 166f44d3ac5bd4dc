"""What a partner sees of a case: the task, facts by name, the messages marked for them with their files. No more.

Everything that shows a case to a partner (their page, their webhooks) is made from `PartnerView`, so that there is one
place to look at when one asks what leaves the house.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import attachments, cases, clock, customers
from handoff import facts as known_facts
from handoff.errors import NotFound
from handoff.models import Attachment, AttachmentState, CaseEvent, Fact, Message, Share, SharedMessage
from handoff.partners.granting import Entry, enter, is_sensitive, tell_pages
from handoff.partners.kinds import State, state_named, states_of
from handoff.ports import Author
from handoff.settings import settings

REMOVED = "These words were removed."


@dataclass(frozen=True)
class SharedFile:
    """`secret` is part of its address and opens nothing without the share's own link."""

    secret: str
    name: str
    kind: str
    size_bytes: int


@dataclass(frozen=True)
class SharedWords:
    """One message. `who` is partner, customer, agent, assistant or system; `name` a first name or a firm."""

    id: str
    who: str
    name: str
    text: str
    files: tuple[SharedFile, ...]
    created_at: datetime


@dataclass(frozen=True)
class SharedFact:
    name: str
    label: str
    value: str


@dataclass(frozen=True)
class PartnerView:
    """A share as its partner sees it. `customer` is a first name or None."""

    share_id: str
    partner_id: str
    partner: str
    company: str
    case_ref: str
    task: str
    customer: str | None
    facts: tuple[SharedFact, ...]
    words: tuple[SharedWords, ...]
    states: tuple[State, ...]
    state: State | None
    stated_at: datetime | None
    opened_at: datetime
    expires_at: datetime

    @property
    def stamp(self) -> str:
        """Changes when anything that is shown does."""
        shown = [(one.id, one.text, len(one.files)) for one in self.words]
        return repr((self.task, self.facts, shown, self.state, self.expires_at))


async def read(session: AsyncSession, token: str) -> PartnerView:
    """What the link shows now; `NotFound` or `Gone` when it shows nothing."""
    return await view_of(session, await enter(session, token))


async def view_of(session: AsyncSession, entry: Entry) -> PartnerView:
    share, partner = entry.share, entry.partner
    known = await customers.known(session, entry.live.customer_id)
    customer = first_name(known.name)
    state = state_named(partner.states, share.state)
    return PartnerView(
        share_id=share.id,
        partner_id=partner.id,
        partner=partner.name,
        company=settings().company_name,
        case_ref=entry.live.ref,
        task=share.task,
        customer=customer,
        facts=await _facts(session, entry),
        words=await _words(session, entry, customer),
        states=states_of(partner.states),
        state=state,
        stated_at=await _stated_at(session, entry) if state else None,
        opened_at=share.created_at,
        expires_at=share.expires_at,
    )


def first_name(name: str | None) -> str | None:
    return name.split()[0] if name and name.split() else None


async def _facts(session: AsyncSession, entry: Entry) -> tuple[SharedFact, ...]:
    """Each fact as it was shared, or as it was corrected since in the very case it was shared from.

    Facts of a case that was joined later never stand in: that would show what nobody shared.
    """
    here = select(Fact).where(Fact.case_id.in_({entry.case.id, entry.live.id}))
    by_id = {fact.id: fact for fact in await session.scalars(here)}
    shown = [by_id[item["id"]] for item in entry.share.facts if item["id"] in by_id]
    if entry.case.id == entry.live.id:
        brought = await cases.brought_by_joins(session, entry.case.id, Fact)
        own = [fact for fact in by_id.values() if fact.id not in brought]
        shown = [_corrected(fact, own) for fact in shown]
    return tuple(
        SharedFact(fact.name, known_facts.LABELS.get(fact.name) or _label(fact.name), fact.value)
        for fact in {fact.id: fact for fact in shown}.values()
    )


def _corrected(fact: Fact, own: Sequence[Fact]) -> Fact:
    """What holds now; nothing sensitive for what was shared without being so."""
    if fact.name in known_facts.SEVERAL:
        return fact
    may_be_shown = [one for one in own if is_sensitive(fact) or not is_sensitive(one)]
    same = [fact, *(one for one in may_be_shown if one.name == fact.name)]
    return max(same, key=lambda one: (one.stated_at, one.id))


def _label(name: str) -> str:
    return name.replace("_", " ").capitalize()


async def _words(session: AsyncSession, entry: Entry, customer: str | None) -> tuple[SharedWords, ...]:
    query = (
        select(Message)
        .join(SharedMessage, SharedMessage.message_id == Message.id)
        .where(SharedMessage.share_id == entry.share.id, Message.case_id.in_({entry.case.id, entry.live.id}))
        .order_by(Message.created_at, Message.id)
    )
    rows = list(await session.scalars(query))
    files = await attachments.of_messages(session, [row.id for row in rows])
    return tuple(_shown(row, files.get(row.id, ()), entry, customer) for row in rows)


def _shown(row: Message, files: Sequence[Attachment], entry: Entry, customer: str | None) -> SharedWords:
    is_gone = row.withdrawn_at is not None or row.redacted_at is not None
    return SharedWords(
        id=row.id,
        who=row.author,
        name=_name(row, entry, customer),
        text=REMOVED if is_gone else row.words,
        files=() if is_gone else tuple(_file(one) for one in files if one.state == AttachmentState.STORED),
        created_at=row.created_at,
    )


def _name(row: Message, entry: Entry, customer: str | None) -> str:
    match Author(row.author):
        case Author.CUSTOMER:
            return customer or "Customer"
        case Author.PARTNER:
            return row.name or entry.partner.name
        case Author.AGENT:
            return first_name(row.name) or settings().company_name
        case _:
            return settings().company_name


def _file(file: Attachment) -> SharedFile:
    return SharedFile(file.secret, file.name, file.kind, file.size_bytes)


async def file_of(session: AsyncSession, token: str, secret: str) -> Attachment:
    """A file the link may open, or `NotFound`. Asked for every range of every file."""
    entry = await enter(session, token)
    found = await attachments.by_secret(session, secret)
    shown = {one.secret for words in await _words(session, entry, None) for one in words.files}
    if found.secret not in shown:
        raise NotFound("There is no such file.")
    return found


async def _stated_at(session: AsyncSession, entry: Entry) -> datetime | None:
    query = select(CaseEvent).where(CaseEvent.case_id.in_({entry.case.id, entry.live.id}))
    rows = await session.scalars(query.where(CaseEvent.kind == "partner_state").order_by(CaseEvent.id.desc()))
    return next((row.created_at for row in rows if row.data.get("share") == entry.share.id), None)


async def first_seen(session: AsyncSession, token: str) -> None:
    """Remember that the link was opened, so that the desk sees whether anybody looked."""
    share: Share = (await enter(session, token, locks=True)).share
    if share.seen_at is None:
        share.seen_at = clock.now()
        await tell_pages(session, share)


def as_dict(view: PartnerView) -> Mapping[str, Any]:
    """For a partner's own systems; the same as on their page."""
    return {
        "share_ref": view.share_id,
        "case_ref": view.case_ref,
        "task": view.task,
        "customer": view.customer,
        "facts": [{"name": fact.name, "value": fact.value} for fact in view.facts],
        "messages": [words_as_dict(one) for one in view.words],
        "states": [{"name": state.name, "label": state.label} for state in view.states],
        "state": view.state.name if view.state else None,
        "until": view.expires_at.isoformat(),
    }


def words_as_dict(words: SharedWords) -> Mapping[str, Any]:
    named = [{"name": file.name, "kind": file.kind, "size_bytes": file.size_bytes} for file in words.files]
    return {"id": words.id, "from": words.who, "name": words.name, "text": words.text, "files": named}
