"""Triggers: what fires, when, in which order, once; what is cut; and what a dry run says before."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import cases, casework, floor, handovers
from handoff.cases import Actor
from handoff.errors import BadInput, Conflict
from handoff.finding import tags
from handoff.models import (
    Case,
    CaseEvent,
    CaseTag,
    Endpoint,
    FollowUp,
    OutboxItem,
    Priority,
    Survey,
    TriggerFiring,
    WebhookDelivery,
)
from handoff.rules import built_in, clocks, dry_runs, time_triggers, triggers
from tests.hub.conftest import Desk
from tests.hub.letting_time_pass import Hand, Time, hand  # noqa: F401, a fixture

NOON = datetime(2026, 11, 16, 12, 0, tzinfo=UTC)
DANA = Actor("agent", None, "Dana")


@dataclass
class Rules:
    """A hub with one case, and the triggers a supervisor wrote."""

    desk: Desk
    time: Time
    ref: str = ""
    conversation_id: str = ""

    async def begin(self, **words: str) -> None:
        self.conversation_id = (await self.desk.customer_says("My box is broken")).conversation_id
        self.ref = await self.open(**words)

    async def open(self, title: str = "Broken box", topic: str = "return_start", team: str = "care") -> str:
        async def step(session: AsyncSession) -> str:
            held = await floor.hold(session, self.conversation_id)
            made = await cases.open_case(session, held, title=title, topic=topic, team=team, actor=cases.ASSISTANT)
            return made.ref

        ref = await self.desk.write(step)
        await self.time.settle()
        return ref

    async def trigger(
        self,
        event: str,
        *actions: tuple[str, str],
        when: Sequence[dict[str, Any]] = (),
        after: dict[str, Any] | None = None,
        name: str = "",
    ) -> str:
        raw = {
            "name": name or f"On {event}",
            "event": event,
            "after": after or {},
            "conditions": list(when),
            "actions": [{"do": do, "value": value} for do, value in actions],
        }

        async def step(session: AsyncSession) -> str:
            row = await triggers.put(session, await triggers.check(session, raw))
            await triggers.switch(session, row.id, is_on=True, tried=triggers.draft_of(row).version)
            return row.id

        return await self.desk.write(step)

    async def do(self, verb: Any, *args: Any) -> None:
        await self.desk.write(lambda session: verb(session, self.ref, DANA, *args))
        await self.time.settle()

    async def case(self, ref: str = "") -> Case:
        async with self.desk.database.read() as session:
            return await cases.get(session, ref or self.ref)

    async def events(self, kind: str = "trigger_fired") -> list[CaseEvent]:
        async with self.desk.database.read() as session:
            found = select(CaseEvent).where(CaseEvent.kind == kind).order_by(CaseEvent.created_at, CaseEvent.seq)
            return list(await session.scalars(found))

    async def fired(self) -> list[str]:
        return [event.data["trigger"] for event in await self.events()]


@pytest.fixture
async def rules(desk: Desk, hand: Hand) -> Rules:  # noqa: F811
    hand.now = NOON
    return Rules(desk, Time(desk, hand))


async def test_an_event_fires_what_waits_for_it_when_the_conditions_hold(rules: Rules) -> None:
    await rules.trigger(
        "opened",
        ("priority", "high"),
        ("team", "returns"),
        ("note", "Look at the weight."),
        when=[{"field": "topic", "op": "is", "value": "return_start"}],
    )
    await rules.begin()
    other = await rules.open(topic="bill_explain")
    found = await rules.case()
    assert (found.priority, found.team) == ("high", "returns")
    assert (await rules.case(other)).priority == "normal"
    (event,) = await rules.events()
    assert event.case_id == found.id
    assert event.data["done"] == ["priority high", "given to returns", "noted"]
    assert [one.actor_name for one in await rules.events("team_changed")] == ["Trigger “On opened”"]


async def test_what_a_trigger_changes_is_what_the_events_replay_to(rules: Rules) -> None:
    await rules.trigger("opened", ("priority", "urgent"), ("team", "billing"))
    await rules.begin()
    found = await rules.case()
    async with rules.desk.database.read() as session:
        replayed = cases.replay(await cases.history(session, found.id))
    assert replayed == {
        "status": found.status,
        "priority": found.priority,
        "team": found.team,
        "assignee_id": found.assignee_id,
    }


async def test_triggers_fire_in_their_order_and_see_what_the_one_before_did(rules: Rules) -> None:
    high = [{"field": "priority", "op": "is", "value": "high"}]
    await rules.trigger("opened", ("tag", "too late"), when=high, name="asks before")
    await rules.trigger("opened", ("priority", "high"), name="raises")
    await rules.trigger("opened", ("tag", "Hot"), when=high, name="asks after")
    await rules.begin()
    assert await rules.fired() == ["raises", "asks after"]
    async with rules.desk.database.read() as session:
        assert list(await session.scalars(select(CaseTag.tag))) == ["hot"]


async def test_words_of_the_customer_fire_and_those_of_the_desk_do_not(rules: Rules) -> None:
    await rules.begin()
    await rules.trigger("message", ("tag", "wrote"))
    dana = await rules.desk.agent()
    await rules.desk.customer_says("I want a person")
    await rules.time.settle()
    assert await rules.fired() == ["On message"]
    await rules.desk.write(lambda session: handovers.take_over(session, rules.conversation_id, dana))
    await rules.desk.agent_says(dana, rules.conversation_id, "Hello")
    await rules.time.settle()
    assert await rules.fired() == ["On message"]


async def test_a_reply_goes_to_the_customer_as_the_assistant_with_reference_and_name(rules: Rules) -> None:
    await rules.trigger("opened", ("reply", "Hello {name}, this is {ref}. {danger}"))
    await rules.begin()
    words = await rules.desk.words(rules.conversation_id)
    assert ("assistant", "everyone", f"Hello, this is {rules.ref}. {{danger}}") in words


async def test_a_reply_while_an_agent_has_the_floor_is_the_system_s_and_no_reply_of_a_person(rules: Rules) -> None:
    await rules.begin()
    dana = await rules.desk.agent()
    await rules.desk.write(lambda session: handovers.take_over(session, rules.conversation_id, dana))
    await rules.time.settle()
    await rules.trigger("tagged", ("reply", "We are on it."))
    await rules.desk.write(lambda session: tags.add(session, rules.ref, cases.SYSTEM, "slow"))
    await rules.time.settle()
    assert ("system", "everyone", "We are on it.") in await rules.desk.words(rules.conversation_id)
    async with rules.desk.database.read() as session:
        shown = await clocks.of_case(session, (await cases.get(session, rules.ref)).id)
    assert [row.met_at for row in shown if row.kind == "first_reply"] == [None]


async def test_a_trigger_does_not_fire_for_what_it_did_itself(rules: Rules) -> None:
    await rules.begin()
    await rules.trigger("tagged", ("tag", "seen"), ("note", "Tagged."), name="tags on tags")
    await rules.desk.write(lambda session: tags.add(session, rules.ref, cases.SYSTEM, "new"))
    await rules.time.settle()
    assert await rules.fired() == ["tags on tags"]
    (cut,) = await rules.events("trigger_cut")
    assert cut.data["trigger"] == "tags on tags"


async def test_two_triggers_that_set_each_other_off_are_cut(rules: Rules) -> None:
    await rules.begin()
    await rules.trigger("priority_changed", ("team", "billing"), name="priority to team")
    await rules.trigger("team_changed", ("priority", "up"), name="team to priority")
    await rules.do(cases.set_priority, Priority.LOW)
    assert await rules.fired() == ["priority to team", "team to priority"]
    assert [one.data["trigger"] for one in await rules.events("trigger_cut")] == ["priority to team"]
    assert (await rules.case()).priority == "normal"


async def test_a_person_s_later_change_fires_again(rules: Rules) -> None:
    await rules.begin()
    await rules.trigger("priority_changed", ("note", "Changed."))
    await rules.do(cases.set_priority, Priority.LOW)
    await rules.do(cases.set_priority, Priority.HIGH)
    assert len(await rules.fired()) == 2


async def test_heard_of_twice_it_fires_once(rules: Rules) -> None:
    await rules.trigger("opened", ("note", "Once."))
    await rules.begin()
    (opened,) = await rules.events("opened")
    async with rules.desk.database.read() as session:
        found = await session.get_one(Case, opened.case_id)
    for _ in range(2):
        item = OutboxItem(subject_id=found.id, job="follow_case", lane="case", body={"event_id": opened.id})
        await rules.desk.write(lambda session, item=item: casework.follow(session, item))
    await rules.time.settle()
    assert len(await rules.fired()) == 1
    assert len(await rules.events("noted")) == 1


async def test_what_is_refused_stops_no_other_action(rules: Rules) -> None:
    eve = await rules.desk.agent("Eve")
    await rules.trigger("opened", ("assign", eve.id), ("note", "Still done."))

    async def leave(session: AsyncSession) -> None:
        (await session.get_one(type(eve), eve.id)).is_active = False

    await rules.desk.write(leave)
    await rules.begin()
    (event,) = await rules.events()
    assert event.data["done"] == [
        "assign: refused. That agent no longer works here. Change the trigger.",
        "noted",
    ]


async def test_an_address_is_told_once(rules: Rules) -> None:
    async def step(session: AsyncSession) -> str:
        made = Endpoint(name="Bills", url="https://x.example", secret="s", events=["resolved"], is_on=True)
        made.created_at = NOON
        session.add(made)
        await session.flush()
        return made.id

    endpoint_id = await rules.desk.write(step)
    await rules.trigger("opened", ("webhook", endpoint_id))
    await rules.begin()
    async with rules.desk.database.read() as session:
        (told,) = await session.scalars(select(WebhookDelivery))
    assert (told.endpoint_id, told.kind) == (endpoint_id, "told_by_rule")
    assert rules.ref in told.body


async def test_time_fires_once_for_each_moment_it_is_counted_from(rules: Rules) -> None:
    await rules.begin()
    await rules.trigger("time", ("note", "Half an hour."), after={"since": "waiting", "minutes": 30}, name="waits")
    await rules.desk.write(time_triggers.begin)
    await rules.do(cases.wait_for, "partner")
    await rules.time.until(NOON + timedelta(minutes=29))
    assert await rules.fired() == []
    await rules.time.until(NOON + timedelta(minutes=32))
    assert await rules.fired() == ["waits"]
    await rules.time.until(NOON + timedelta(minutes=90))
    assert await rules.fired() == ["waits"]
    await rules.do(cases.set_status, "open")
    await rules.do(cases.wait_for, "partner")
    await rules.time.until(NOON + timedelta(minutes=122))
    assert await rules.fired() == ["waits", "waits"]


async def test_what_no_longer_waits_is_left_alone(rules: Rules) -> None:
    await rules.begin()
    await rules.trigger("time", ("note", "An hour."), after={"since": "waiting", "minutes": 60})
    await rules.trigger("time", ("note", "Quiet."), after={"since": "updated", "minutes": 60}, name="quiet")
    await rules.desk.write(time_triggers.begin)
    await rules.do(cases.wait_for, "partner")
    await rules.time.until(NOON + timedelta(minutes=30))
    await rules.do(cases.set_status, "open")
    await rules.time.until(NOON + timedelta(minutes=80))
    assert await rules.fired() == []
    await rules.time.until(NOON + timedelta(hours=4))
    assert await rules.fired() == ["quiet"]


async def test_time_that_passed_before_it_was_switched_on_does_not_fire(rules: Rules, hand: Hand) -> None:  # noqa: F811
    await rules.begin()
    await rules.desk.write(time_triggers.begin)
    await rules.time.until(NOON + timedelta(hours=1))
    await rules.trigger("time", ("note", "Old."), after={"since": "created", "minutes": 20})
    await rules.time.until(NOON + timedelta(hours=2))
    assert await rules.fired() == []


async def test_a_breached_clock_raises_the_priority_until_that_is_switched_off(rules: Rules) -> None:
    await rules.begin()
    await rules.time.until(NOON + timedelta(days=3))
    assert (await rules.case()).priority == "high"
    async with rules.desk.database.read() as session:
        assert [row.trigger_id for row in await session.scalars(select(TriggerFiring))] == [built_in.BREACHED]
    await rules.desk.write(lambda session: triggers.switch(session, built_in.BREACHED, is_on=False))
    other = await rules.open()
    await rules.time.until(NOON + timedelta(days=6))
    assert (await rules.case(other)).priority == "normal"


async def test_a_resolved_case_is_surveyed_and_followed_up_by_rule_once(rules: Rules) -> None:
    await rules.begin()
    await rules.trigger("resolved", ("follow_up", "Did the pickup go well?"), ("survey", ""))
    await rules.do(cases.resolve, "A label was sent.")
    async with rules.desk.database.read() as session:
        (asked,) = await session.scalars(select(FollowUp))
        (survey,) = await session.scalars(select(Survey))
    assert (asked.question, asked.due_at) == ("Did the pickup go well?", NOON + timedelta(days=1))
    assert survey.due_at == NOON + timedelta(days=1)
    assert await rules.fired() == ["A day after it is resolved, ask how it was", "On resolved"]


async def test_nothing_is_switched_on_that_was_not_tried_as_it_is(rules: Rules) -> None:
    raw = {"name": "x", "event": "opened", "actions": [{"do": "note", "value": "y"}]}

    async def write(session: AsyncSession, value: str, trigger_id: str | None = None) -> Any:
        return await triggers.put(
            session,
            await triggers.check(session, {**raw, "actions": [{"do": "note", "value": value}]}),
            trigger_id,
        )

    row = await rules.desk.write(lambda session: write(session, "y"))
    assert not row.is_on
    tried = triggers.draft_of(row).version
    with pytest.raises(Conflict, match="Try the trigger first"):
        await rules.desk.write(lambda session: triggers.switch(session, row.id, is_on=True))
    await rules.desk.write(lambda session: triggers.switch(session, row.id, is_on=True, tried=tried))
    changed = await rules.desk.write(lambda session: write(session, "z", row.id))
    assert not changed.is_on
    with pytest.raises(Conflict, match="Try the trigger first"):
        await rules.desk.write(lambda session: triggers.switch(session, row.id, is_on=True, tried=tried))


async def test_a_dry_run_says_what_would_have_been_done_and_changes_nothing(rules: Rules) -> None:
    await rules.begin()
    bill = await rules.open(title="Bill", topic="bill_explain")
    await rules.time.until(NOON + timedelta(minutes=1))
    await rules.do(cases.set_priority, Priority.HIGH)
    await rules.time.until(NOON + timedelta(hours=1))
    await rules.do(cases.resolve, "A label was sent.")
    was_normal = [{"field": "priority", "op": "is", "value": "normal"}]
    raw = {"name": "x", "event": "opened", "conditions": was_normal, "actions": [{"do": "priority", "value": "up"}]}
    async with rules.desk.database.read() as session:
        draft = await triggers.check(session, raw)
        found = await dry_runs.try_out(session, draft, NOON - timedelta(days=7))
        assert await dry_runs.dry_run(session, draft, NOON + timedelta(seconds=1)) == ()
    # Both were normal when they were opened, whatever they became.
    assert {(one.case_ref, one.at, one.actions) for one in found.fired} == {
        (rules.ref, NOON, ("Set the priority to one higher",)),
        (bill, NOON, ("Set the priority to one higher",)),
    }
    assert (found.looked_at, found.is_cut) == (2, False)
    assert (await rules.case(bill)).priority == "normal"
    assert "x" not in await rules.fired()


async def test_a_dry_run_of_time_knows_what_lasted(rules: Rules) -> None:
    await rules.begin()
    other = await rules.open()
    for ref in (rules.ref, other):
        await rules.desk.write(lambda session, ref=ref: cases.wait_for(session, ref, DANA, "partner"))
    await rules.time.until(NOON + timedelta(minutes=30))
    await rules.desk.write(lambda session: cases.set_status(session, other, DANA, "open"))  # type: ignore[arg-type]
    await rules.time.until(NOON + timedelta(hours=2))
    raw = {
        "name": "x",
        "event": "time",
        "after": {"since": "waiting", "minutes": 60},
        "actions": [{"do": "note", "value": "n"}],
    }
    async with rules.desk.database.read() as session:
        found = await dry_runs.dry_run(session, await triggers.check(session, raw), NOON - timedelta(days=7))
    assert [(one.case_ref, one.at) for one in found] == [(rules.ref, NOON + timedelta(hours=1))]


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        ({"name": ""}, "name"),
        ({"event": "never"}, "no event 'never'"),
        ({"event": "trigger_fired"}, "no event 'trigger_fired'"),
        ({"actions": []}, "at least one thing"),
        ({"actions": [{"do": "run", "value": "rm"}]}, "Action 1: choose one of assign"),
        ({"actions": [{"do": "team", "value": "moon"}]}, "there is no 'moon'"),
        ({"actions": [{"do": "note", "value": "x" * 1001}]}, "at most 1000"),
        ({"actions": [{"do": "note", "value": "x", "code": "1"}]}, "'code', which means nothing"),
        ({"conditions": [{"field": "secret", "op": "is", "value": "1"}]}, "no field 'secret'"),
        ({"event": "time", "after": {"since": "birth", "minutes": 5}}, "counted from"),
        ({"event": "time", "after": {"since": "created", "minutes": 0}}, "how many minutes"),
    ],
)
async def test_what_is_no_trigger_is_refused_with_what_to_change(rules: Rules, raw: dict[str, Any], says: str) -> None:
    good = {"name": "x", "event": "opened", "actions": [{"do": "note", "value": "y"}]}
    async with rules.desk.database.read() as session:
        with pytest.raises(BadInput, match=says):
            await triggers.check(session, {**good, **raw})
