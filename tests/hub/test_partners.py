"""Partners: a case open to a third party shows what was shared, takes words and states, and closes with the case."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import cases, clock, edits, facts, floor, handovers, outbox
from handoff.casework import STEPS
from handoff.desk.lists import snippet
from handoff.errors import BadInput, Conflict, Gone, NotAllowed, NotFound
from handoff.models import Agent, Case, CaseStatus, Customer, Message, Partner, Share, SharedMessage
from handoff.package import HandoverRequest, Issue
from handoff.partners import directory, granting, shares
from handoff.partners.kinds import State
from handoff.partners.shares import PartnerView
from handoff.ports import FoundFact
from tests.hub.case_moves import one_person
from tests.hub.conftest import Desk

TOLD = {"item": "cable box", "address": "31 Quarry Lane", "weight": "9.2 kg", "phone": "312-555-0107"}


@dataclass
class Pickup:
    """Maya's return is a case; Dana has it; Swift Parcel Couriers are a partner."""

    desk: Desk
    agent: Agent
    partner: Partner
    conversation_id: str
    ref: str
    words: list[str]

    async def share(self, task: str = "Pick up a cable box", **parts: Any) -> tuple[Share, str]:
        wanted = {"facts": ["item", "address"], "message_ids": [], "days": 7, "ref": self.ref, **parts}
        ref, facts, message_ids, days = (wanted.pop(key) for key in ("ref", "facts", "message_ids", "days"))
        return await self.desk.write(
            lambda session: shares.open(
                session, ref, self.agent, self.partner.id, task, facts, message_ids, days, **wanted
            )
        )

    async def page(self, token: str) -> PartnerView:
        async with self.desk.database.read() as session:
            return await shares.read(session, token)

    async def case(self) -> Case:
        async with self.desk.database.read() as session:
            return await cases.get(session, self.ref)

    async def happened(self, kind: str) -> list[dict[str, Any]]:
        async with self.desk.database.read() as session:
            case = await cases.get(session, self.ref)
            return [event.data for event in await cases.history(session, case.id) if event.kind == kind]

    async def settles(self) -> None:
        """What follows from what happened, as the runner would do it."""
        while items := [item for item in await self.desk.pending() if item.job in STEPS]:
            for item in items:
                await self.desk.write(lambda session, item=item: STEPS[item.job](session, item))
                await self.desk.write(lambda session, item=item: _done(session, item.id))

    async def hears(self) -> list[str]:
        """What the customer was told by the hub itself."""
        said = await self.desk.words(self.conversation_id)
        return [text for author, audience, text in said if (author, audience) == ("system", "everyone")]


async def _done(session: AsyncSession, item_id: str) -> None:
    await session.delete(await session.get_one(outbox.OutboxItem, item_id))


@pytest.fixture
async def pickup(desk: Desk) -> Pickup:
    agent = await desk.agent()
    return await a_pickup(desk, agent, "maya", "Maya Okafor")


async def a_pickup(desk: Desk, agent: Agent, who: str, name: str, partner: str = "Swift Parcel Couriers") -> Pickup:
    first = await desk.customer_says("I want to return my cable box", who)
    second = await desk.customer_says("pick it up at 31 Quarry Lane please, my phone is 312-555-0107", who)

    async def step(session: AsyncSession) -> tuple[str, Partner]:
        conversation = await floor.hold(session, first.conversation_id)
        (await session.get_one(Customer, conversation.customer_id)).name = name
        request = HandoverRequest(
            conversation_id=conversation.id, idempotency_key=who, reason_code="asked", issue=Issue(title="Return a box")
        )
        answer = await handovers.hand_over(session, request)
        told = [FoundFact(name, value) for name, value in TOLD.items()]
        await facts.put(session, conversation, told, set_by="action")
        found = await session.scalar(select(Partner).where(Partner.name == partner))
        return answer.case_ref, found or await directory.add(session, partner, "courier")

    ref, found = await desk.write(step)
    return Pickup(desk, agent, found, first.conversation_id, ref, [first.message_id, second.message_id])


@pytest.fixture
def noon() -> Iterator[list[datetime]]:
    held = [datetime(2026, 11, 23, 12, tzinfo=UTC)]
    clock.use(lambda: held[0])
    yield held
    clock.use(None)


async def test_a_partner_sees_what_was_shared_and_nothing_else(pickup: Pickup) -> None:
    _, token = await pickup.share(message_ids=[pickup.words[0]])
    page = await pickup.page(token)
    assert page.customer == "Maya"
    assert {fact.name: fact.value for fact in page.facts} == {"item": "cable box", "address": "31 Quarry Lane"}
    assert [words.text for words in page.words] == ["I want to return my cable box"]
    assert "Okafor" not in repr(page)
    assert "312-555-0107" not in repr(page)


async def test_only_the_hash_of_a_link_is_kept(pickup: Pickup) -> None:
    share, token = await pickup.share()
    assert token not in repr(vars(share))
    assert len(token) >= 43


async def test_a_sensitive_fact_is_refused_unless_it_is_named_by_itself(pickup: Pickup) -> None:
    with pytest.raises(BadInput, match="'phone' is sensitive"):
        await pickup.share(facts=["item", "phone"])
    _, token = await pickup.share(facts=["item"], sensitive=["phone"])
    assert {fact.name for fact in (await pickup.page(token)).facts} == {"item", "phone"}


@pytest.mark.parametrize(
    ("parts", "sentence"),
    [
        ({"facts": ["shoe_size"]}, "no fact 'shoe_size'"),
        ({"task": "  "}, "what the partner is asked to do"),
        ({"days": 0}, "1 to 60 days"),
        ({"days": 61}, "1 to 60 days"),
        ({"message_ids": ["made-up"]}, "not part of this case"),
    ],
)
async def test_what_cannot_be_shared_is_said(pickup: Pickup, parts: dict[str, Any], sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence):
        await pickup.share(**parts)


async def test_words_of_another_case_cannot_be_shared(pickup: Pickup) -> None:
    other = await a_pickup(pickup.desk, pickup.agent, "theo", "Theo Lang")
    with pytest.raises(BadInput, match="not part of this case"):
        await pickup.share(message_ids=[other.words[0]])


async def test_only_who_may_work_on_a_case_may_share_it(pickup: Pickup) -> None:
    stranger = await pickup.desk.agent("Nils", teams=("network",))
    with pytest.raises(NotAllowed):
        await pickup.desk.write(
            lambda session: shares.open(session, pickup.ref, stranger, pickup.partner.id, "Look", [], [], 7)
        )
    share, _ = await pickup.share()
    with pytest.raises(NotAllowed):
        await pickup.desk.write(lambda session: shares.revoke(session, share.id, stranger, "because"))


async def test_a_repeated_request_makes_one_share_with_one_good_link(pickup: Pickup) -> None:
    first, before = await pickup.share(idempotency_key="once")
    second, after = await pickup.share(idempotency_key="once")
    assert first.id == second.id
    assert (await pickup.page(after)).task == "Pick up a cable box"
    with pytest.raises(NotFound):
        await pickup.page(before)


async def test_a_corrected_fact_is_shown_corrected(pickup: Pickup) -> None:
    _, token = await pickup.share(facts=["weight"])
    await pickup.desk.write(
        lambda session: facts.set_by_agent(session, pickup.conversation_id, pickup.agent, "weight", "10.1 kg")
    )
    assert [fact.value for fact in (await pickup.page(token)).facts] == ["10.1 kg"]


async def test_a_correction_that_is_sensitive_is_not_shown_where_what_it_corrects_was_not(pickup: Pickup) -> None:
    _, token = await pickup.share(facts=["weight"])

    async def correct(session: AsyncSession) -> None:
        conversation = await floor.hold(session, pickup.conversation_id)
        told = [FoundFact("weight", "Ask at the door of 4b", validated=True, sensitive=True)]
        await facts.put(session, conversation, told, set_by="action")

    await pickup.desk.write(correct)
    assert [fact.value for fact in (await pickup.page(token)).facts] == ["9.2 kg"]


async def test_what_a_joined_case_knows_is_no_correction_of_what_was_shared(pickup: Pickup) -> None:
    _, token = await pickup.share(facts=["weight"])
    other = await a_pickup(pickup.desk, pickup.agent, "maya-phone", "Maya Okafor")
    await one_person(pickup.desk, pickup.conversation_id, other.conversation_id)
    await pickup.desk.write(
        lambda session: facts.set_by_agent(session, other.conversation_id, pickup.agent, "weight", "40 kg")
    )
    await pickup.desk.write(lambda session: cases.join(session, other.ref, pickup.ref, pickup.agent))
    assert [fact.value for fact in (await pickup.page(token)).facts] == ["9.2 kg"]
    await pickup.desk.write(
        lambda session: facts.set_by_agent(session, pickup.conversation_id, pickup.agent, "weight", "10.1 kg")
    )
    assert [fact.value for fact in (await pickup.page(token)).facts] == ["10.1 kg"]


async def test_withdrawn_words_are_not_shown(pickup: Pickup) -> None:
    _, token = await pickup.share(message_ids=pickup.words)

    async def step(session: AsyncSession) -> None:
        await edits.withdraw(session, await session.get_one(Message, pickup.words[1]))

    await pickup.desk.write(step)
    shown = [words.text for words in (await pickup.page(token)).words]
    assert shown == ["I want to return my cable box", "These words were removed."]


async def test_what_a_partner_writes_is_for_the_desk_in_the_case(pickup: Pickup) -> None:
    share, token = await pickup.share()
    message = await pickup.desk.write(
        lambda session: shares.write(session, token, "Nobody opened the door.", client_ref="w-1")
    )
    again = await pickup.desk.write(
        lambda session: shares.write(session, token, "Nobody opened the door.", client_ref="w-1")
    )
    assert again.id == message.id
    assert (message.author, message.audience, message.name) == ("partner", "desk", "Swift Parcel Couriers")
    assert message.case_id == (await pickup.case()).id
    assert [words.text for words in (await pickup.page(token)).words] == ["Nobody opened the door."]
    assert snippet(message) == "Swift Parcel Couriers: Nobody opened the door."
    async with pickup.desk.database.read() as session:
        assert await session.get(SharedMessage, (share.id, message.id))


async def test_a_card_number_a_partner_writes_is_masked(pickup: Pickup) -> None:
    _, token = await pickup.share()
    message = await pickup.desk.write(lambda session: shares.write(session, token, "Card 4111 1111 1111 1111 was paid"))
    assert "4111 1111 1111 1111" not in message.text


async def test_an_agent_writes_to_the_partner_and_the_customer_does_not_read_it(pickup: Pickup) -> None:
    share, token = await pickup.share()
    await pickup.desk.write(lambda session: shares.say(session, share.id, pickup.agent, "Ring twice, please."))
    page = await pickup.page(token)
    assert [(words.who, words.name, words.text) for words in page.words] == [("agent", "Dana", "Ring twice, please.")]
    said = await pickup.desk.words(pickup.conversation_id)
    assert ("agent", "desk", "Ring twice, please.") in said


async def test_a_state_is_recorded_and_the_customer_told_once(pickup: Pickup) -> None:
    _, token = await pickup.share()
    for state in ("on_the_way", "on_the_way", "problem", "on_the_way"):
        await pickup.desk.write(lambda session, state=state: shares.set_state(session, token, state))
    assert [event["state"] for event in await pickup.happened("partner_state")] == [
        "on_the_way",
        "problem",
        "on_the_way",
    ]
    assert [text for text in await pickup.hears() if "Swift" in text] == [
        "Swift Parcel Couriers is on the way to you.",
        "Swift Parcel Couriers ran into a problem. We are looking at it now.",
    ]
    assert (await pickup.page(token)).state == State(
        "on_the_way", "On the way", "{partner} is on the way to you.", opens=False
    )


async def test_a_state_nobody_agreed_on_is_refused(pickup: Pickup) -> None:
    _, token = await pickup.share()
    with pytest.raises(BadInput, match="Choose one of accepted, on_the_way"):
        await pickup.desk.write(lambda session: shares.set_state(session, token, "lost_it"))


async def test_what_the_customer_is_told_belongs_to_the_case_it_is_about(pickup: Pickup) -> None:
    """Though another case is talked about in the chat by now."""
    _, token = await pickup.share()

    async def another(session: AsyncSession) -> None:
        conversation = await floor.hold(session, pickup.conversation_id)
        await cases.open_case(session, conversation, title="A bill", topic="bill_explain", actor=cases.ASSISTANT)

    await pickup.desk.write(another)
    await pickup.desk.write(lambda session: shares.set_state(session, token, "on_the_way"))
    case = await pickup.case()
    async with pickup.desk.database.read() as session:
        told = [message.text for message in await cases.words_of(session, case.id) if message.author == "system"]
    assert told[-1] == "Swift Parcel Couriers is on the way to you."


@pytest.mark.parametrize("how", ["words", "problem", "delivered"])
async def test_a_case_waits_for_its_partner_until_they_answer(pickup: Pickup, how: str) -> None:
    _, token = await pickup.share(waits=True)
    case = await pickup.case()
    assert (case.status, case.waiting_for) == (CaseStatus.WAITING, "partner")
    await pickup.desk.write(lambda session: shares.set_state(session, token, "on_the_way"))
    assert (await pickup.case()).status == CaseStatus.WAITING
    if how == "words":
        await pickup.desk.write(lambda session: shares.write(session, token, "It is too heavy for one."))
    else:
        await pickup.desk.write(lambda session: shares.set_state(session, token, how))
    case = await pickup.case()
    assert (case.status, case.waiting_for) == (CaseStatus.OPEN, None)
    async with pickup.desk.database.read() as session:
        assert cases.replay(await cases.history(session, case.id))["status"] == CaseStatus.OPEN


async def test_a_revoked_share_opens_nothing(pickup: Pickup) -> None:
    share, token = await pickup.share(message_ids=pickup.words)
    await pickup.desk.write(lambda session: shares.revoke(session, share.id, pickup.agent, "Wrong courier"))
    await _opens_nothing(pickup, token)
    assert (await pickup.happened("share_ended"))[0]["why"] == "Wrong courier"


async def _opens_nothing(pickup: Pickup, token: str) -> None:
    steps: list[Any] = [
        lambda session: shares.read(session, token),
        lambda session: shares.write(session, token, "Still here?"),
        lambda session: shares.set_state(session, token, "accepted"),
        lambda session: shares.file_of(session, token, "secret"),
    ]
    for step in steps:
        with pytest.raises(Gone, match="This link has ended"):
            await pickup.desk.write(step)


async def test_rights_end_with_the_case_and_stay_ended_when_it_is_reopened(pickup: Pickup) -> None:
    _, token = await pickup.share()
    actor = cases.Actor.of(pickup.agent)
    await pickup.desk.write(lambda session: cases.resolve(session, pickup.ref, actor, "The box was picked up."))
    await _opens_nothing(pickup, token)
    await pickup.settles()
    await pickup.desk.write(lambda session: cases.reopen(session, pickup.ref, actor, "It was not."))
    await _opens_nothing(pickup, token)
    assert [event["why"] for event in await pickup.happened("share_ended")] == ["The case was resolved"]


async def test_rights_end_when_the_days_are_over(noon: list[datetime], pickup: Pickup) -> None:
    _, token = await pickup.share(days=2)
    noon[0] += timedelta(days=2, seconds=-1)
    await pickup.page(token)
    noon[0] += timedelta(seconds=1)
    await _opens_nothing(pickup, token)
    await pickup.settles()
    assert [event["why"] for event in await pickup.happened("share_ended")] == ["Its days are over"]


async def test_a_new_link_closes_the_one_before(pickup: Pickup) -> None:
    share, before = await pickup.share()
    _, after = await pickup.desk.write(lambda session: shares.renew_link(session, share.id, pickup.agent))
    assert (await pickup.page(after)).share_id == share.id
    with pytest.raises(NotFound):
        await pickup.page(before)


async def _join(session: AsyncSession, source: str, target: str) -> None:
    """What joining leaves behind, as far as a share can tell."""
    gone, stays = await cases.hold(session, source), await cases.hold(session, target)
    for message in await cases.words_of(session, gone.id):
        message.case_id = stays.id
    for fact in await cases.facts_of(session, gone.id):
        fact.case_id = stays.id
    gone.status, gone.joined_into_id = CaseStatus.JOINED, stays.id
    for conversation_id in await cases.conversation_ids(session, gone):
        await cases.join_conversation(session, stays, await floor.hold(session, conversation_id))


async def test_a_share_follows_its_case_into_another_and_shows_no_more_there(pickup: Pickup) -> None:
    share, token = await pickup.share(facts=["item", "weight"], message_ids=[pickup.words[0]])
    other = await a_pickup(pickup.desk, pickup.agent, "maya-phone", "Maya Okafor")
    await pickup.desk.write(
        lambda session: facts.set_by_agent(session, other.conversation_id, pickup.agent, "weight", "40 kg")
    )
    before = await pickup.page(token)
    await pickup.desk.write(lambda session: _join(session, pickup.ref, other.ref))
    after = await pickup.page(token)
    assert (after.facts, after.words, after.task) == (before.facts, before.words, before.task)
    assert after.case_ref == other.ref
    message = await pickup.desk.write(lambda session: shares.write(session, token, "At the door."))
    async with pickup.desk.database.read() as session:
        assert message.case_id == (await cases.get(session, other.ref)).id
        listed = await granting.of_case(session, (await cases.get(session, other.ref)).id)
    assert [one.id for one, _ in listed] == [share.id]
    actor = cases.Actor.of(pickup.agent)
    await pickup.desk.write(lambda session: cases.resolve(session, other.ref, actor, "Done."))
    await _opens_nothing(pickup, token)


async def test_words_that_left_the_case_are_shown_no_more(pickup: Pickup) -> None:
    _, token = await pickup.share(message_ids=pickup.words)

    async def split(session: AsyncSession) -> None:
        conversation = await floor.hold(session, pickup.conversation_id)
        other = await cases.open_case(session, conversation, title="Other", topic="bill", actor=cases.ASSISTANT)
        (await session.get_one(Message, pickup.words[0])).case_id = other.id

    await pickup.desk.write(split)
    assert len((await pickup.page(token)).words) == 1


async def test_a_partner_who_is_switched_off_gets_no_new_cases(pickup: Pickup) -> None:
    await pickup.desk.write(lambda session: directory.change(session, pickup.partner.id, is_active=False))
    with pytest.raises(BadInput, match="switched off"):
        await pickup.share()


async def test_partners_have_names_of_their_own(pickup: Pickup) -> None:
    with pytest.raises(Conflict):
        await pickup.desk.write(lambda session: directory.add(session, "Swift Parcel  Couriers", "courier"))


async def test_states_can_be_agreed_anew(pickup: Pickup) -> None:
    _, token = await pickup.share()
    states = [State("weighed", "Weighed", "{partner} has weighed it."), State("weighed", "Twice", "")]
    with pytest.raises(BadInput, match="a name of its own"):
        await pickup.desk.write(lambda session: directory.change(session, pickup.partner.id, states=states))
    await pickup.desk.write(lambda session: directory.change(session, pickup.partner.id, states=states[:1]))
    await pickup.desk.write(lambda session: shares.set_state(session, token, "weighed"))
    assert (await pickup.hears())[-1] == "Swift Parcel Couriers has weighed it."
