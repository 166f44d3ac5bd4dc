"""Webhooks out: signed, sent again on the schedule of Standard Webhooks, whatever the other end does (trial R17)."""

import asyncio
import ipaddress
import itertools
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from standardwebhooks import Webhook, WebhookVerificationError

from handoff import cases, casework, clock, floor, outbox
from handoff.casework import STEPS
from handoff.channels.hooks import HttpHooks, is_public
from handoff.db import Database
from handoff.errors import BadInput, IllegalMove, NotAllowed, PermanentDeliveryError
from handoff.models import Agent, Endpoint, OutboxItem, Role, WebhookDelivery, WebhookState
from handoff.outbox import Runner
from handoff.partners import deliveries, directory, endpoints, shares, webhooks
from handoff.partners.deliveries import SLOTS, WAITS_S
from handoff.partners.endpoints import Wanted
from handoff.partners.postings import Poster
from tests.hub.conftest import Desk
from tests.support.listener import Listener, listening
from tests.support.waiting import until

BEGAN = datetime(2026, 11, 23, 12, tzinfo=UTC)


@dataclass
class Out:
    """A hub whose clock is moved by hand, with somebody who listens."""

    desk: Desk
    listener: Listener
    boss: Agent
    now: datetime = BEGAN
    patience_s: float = 10
    ref: str = ""
    made: dict[str, tuple[Endpoint, str]] = field(default_factory=dict)

    @property
    def database(self) -> Database:
        return self.desk.database

    async def listens(
        self, path: str, events: tuple[str, ...] = ("opened", "noted"), partner_id: str | None = None
    ) -> Endpoint:
        wanted = Wanted(path, self.listener.url(path), events, partner_id)
        made = await self.desk.write(lambda session: endpoints.add(session, self.boss, wanted))
        self.made[path] = made
        return made[0]

    async def case(self, title: str = "Return a box") -> str:
        receipt = await self.desk.customer_says("I want to return a box", who=title)

        async def step(session: AsyncSession) -> str:
            conversation = await floor.hold(session, receipt.conversation_id)
            case = await cases.open_case(session, conversation, title=title, topic="return", actor=cases.ASSISTANT)
            return case.ref

        self.ref = await self.desk.write(step)
        return self.ref

    async def note(self, text: str = "Careful") -> None:
        await self.desk.write(lambda session: cases.add_note(session, self.ref, cases.Actor.of(self.boss), text))

    @property
    def poster(self) -> Poster:
        return Poster(self.database, HttpHooks(allows_private=True, timeout_s=self.patience_s))

    async def settles(self) -> None:
        """Everything that is due now, as the runner would do it."""
        while True:
            items = await self.desk.write(lambda session: outbox.claim(session, 100))
            items += await self.desk.write(lambda session: outbox.claim(session, 100, lane="webhook"))
            known = [item for item in items if item.job in STEPS or item.job == "deliver_webhook"]
            if not known:
                return
            for item in known:
                await self._do(item)

    async def _do(self, item: OutboxItem) -> None:
        if item.job == "deliver_webhook":
            await self.poster.deliver(item)
        else:
            await self.desk.write(lambda session: STEPS[item.job](session, item))
        await self.desk.write(lambda session: _gone(session, item.id))

    async def passes(self, **time: float) -> None:
        until = self.now + timedelta(**time)
        await self.settles()
        while (due := await self._next_due()) and due <= until:
            self.now = max(self.now, due)
            await self.settles()
        self.now = until

    async def _next_due(self) -> datetime | None:
        async with self.database.read() as session:
            waiting = select(OutboxItem.due_at).where(OutboxItem.job == "webhook_due").order_by(OutboxItem.due_at)
            return await session.scalar(waiting.limit(1))

    async def deliveries(self, path: str) -> list[WebhookDelivery]:
        async with self.database.read() as session:
            return await deliveries.of_endpoint(session, self.made[path][0].id)

    async def endpoint(self, path: str) -> Endpoint:
        async with self.database.read() as session:
            return await endpoints.get(session, self.made[path][0].id)


async def _gone(session: AsyncSession, item_id: str) -> None:
    await session.delete(await session.get_one(OutboxItem, item_id))


@pytest.fixture
async def out(desk: Desk) -> AsyncIterator[Out]:
    async with listening() as listener:
        boss = await desk.agent("Priya")

        async def promote(session: AsyncSession) -> None:
            (await session.get_one(Agent, boss.id)).role = Role.SUPERVISOR

        await desk.write(promote)
        boss.role = Role.SUPERVISOR
        out = Out(desk, listener, boss)
        clock.use(lambda: out.now)
        yield out
        clock.use(None)


def gaps(out: Out, path: str) -> list[float]:
    """Seconds between the attempts of the first delivery."""
    heard = out.listener.at(path)
    first = [one.at for one in heard if one.headers["webhook-id"] == heard[0].headers["webhook-id"]]
    return [(later - earlier).total_seconds() for earlier, later in itertools.pairwise(first)]


async def test_an_event_arrives_signed_as_standard_webhooks_say(out: Out) -> None:
    clock.use(None)
    await out.listens("ok")
    await out.case()
    await out.settles()
    heard = out.listener.at("ok")[0]
    said = Webhook(out.made["ok"][1]).verify(heard.body, heard.headers)
    assert (said["type"], said["data"]["case"]["ref"]) == ("case.opened", out.ref)
    assert datetime.fromisoformat(said["timestamp"]).tzinfo
    with pytest.raises(WebhookVerificationError):
        Webhook(out.made["ok"][1]).verify(heard.body.replace("Return", "Burn"), heard.headers)
    assert [one.state for one in await out.deliveries("ok")] == [WebhookState.DELIVERED]


@pytest.mark.parametrize("fault", ["500", "hang", "redirect", "garbage", "cut", "400", "slow-head"])
async def test_a_failing_address_is_asked_again_on_the_schedule(out: Out, fault: str) -> None:
    out.patience_s = 1.5 if fault in ("hang", "slow-head") else 10
    await out.listens(fault, ("opened",))
    await out.case()
    await out.passes(days=5)
    assert gaps(out, fault) == [pytest.approx(wait_s, rel=0.1) for wait_s in WAITS_S]
    delivery = (await out.deliveries(fault))[-1]
    heard = [one for one in out.listener.at(fault) if one.headers["webhook-id"] == delivery.id]
    assert {one.body for one in heard} == {delivery.body}
    assert (delivery.state, delivery.attempts, delivery.next_at) == (WebhookState.FAILED, 10, None)
    assert delivery.last_error
    async with out.database.read() as session:
        events = await cases.history(session, (await cases.get(session, out.ref)).id)
    assert [event.data["endpoint"] for event in events if event.kind == "webhook_failed"] == [fault]
    assert out.listener.at("ok") == []


async def test_each_attempt_is_signed_for_its_own_time(out: Out) -> None:
    await out.listens("500")
    await out.case()
    await out.passes(minutes=6)
    stamps = [int(one.headers["webhook-timestamp"]) for one in out.listener.at("500")]
    assert stamps == [int(one.at.timestamp()) for one in out.listener.at("500")]
    assert len({one.headers["webhook-signature"] for one in out.listener.at("500")}) == 3


@pytest.mark.parametrize("path", ["slow", "huge", "no-content"])
async def test_what_an_address_says_beside_its_status_is_not_read(out: Out, path: str) -> None:
    await out.listens(path)
    await out.case()
    await out.settles()
    assert [one.state for one in await out.deliveries(path)] == [WebhookState.DELIVERED]
    assert out.listener.sent_bytes < 50_000_000


async def test_an_address_that_is_gone_is_switched_off(out: Out) -> None:
    await out.listens("410")
    await out.case()
    await out.note()
    await out.passes(days=5)
    endpoint = await out.endpoint("410")
    assert not endpoint.is_on
    assert "410" in str(endpoint.off_because)
    assert len(out.listener.at("410")) == 1
    assert {one.state for one in await out.deliveries("410")} == {WebhookState.FAILED}


@pytest.mark.parametrize("path", ["429?120", "503?Mon,+23+Nov+2026+12:02:00+GMT"])
async def test_an_address_that_says_when_to_come_back_is_obeyed(out: Out, path: str) -> None:
    await out.listens(path)
    await out.case()
    await out.passes(minutes=3)
    assert gaps(out, path) == [pytest.approx(120, rel=0.1)]


async def test_no_address_makes_us_wait_for_ever(out: Out) -> None:
    await out.listens("429?99999999")
    await out.case()
    await out.passes(days=1, minutes=1)
    assert gaps(out, "429?99999999") == [pytest.approx(86400, rel=0.1)]


async def test_a_late_answer_is_taken(out: Out) -> None:
    out.listener.instead["/late"] = "/500"
    await out.listens("late")
    await out.case()
    await out.passes(seconds=10)
    out.listener.instead.clear()
    out.listener.instead["/late"] = "/ok"
    await out.passes(minutes=6)
    assert [one.state for one in await out.deliveries("late")] == [WebhookState.DELIVERED]
    assert len(out.listener.at("late")) == 3


async def test_a_delivery_that_waits_lets_the_others_pass(out: Out) -> None:
    out.listener.instead["/mixed"] = "/500"
    await out.listens("mixed")
    await out.case()
    await out.settles()
    out.listener.instead["/mixed"] = "/ok"
    for number in range(6):
        await out.note(f"Note {number}")
    await out.settles()
    states = [one.state for one in await out.deliveries("mixed")]
    assert states.count(WebhookState.DELIVERED) == 6
    assert states[-1] == WebhookState.WAITING


async def test_a_replay_has_the_same_id_and_body(out: Out) -> None:
    await out.listens("ok")
    await out.case()
    await out.settles()
    first = (await out.deliveries("ok"))[0]
    await out.desk.write(lambda session: deliveries.replay(session, first.id, out.boss))
    await out.settles()
    before, after = out.listener.at("ok")
    assert (before.body, before.headers["webhook-id"]) == (after.body, after.headers["webhook-id"])


async def test_a_replay_takes_the_place_of_the_attempt_that_was_planned(out: Out) -> None:
    await out.listens("500")
    await out.case()
    await out.passes(seconds=10)
    assert len(out.listener.at("500")) == 2
    waiting = (await out.deliveries("500"))[0]
    out.listener.instead["/500"] = "/ok"
    await out.desk.write(lambda session: deliveries.replay(session, waiting.id, out.boss))
    await out.passes(days=2)
    assert len(out.listener.at("500")) == 3


async def test_an_event_is_told_once_however_often_it_is_followed(out: Out) -> None:
    await out.listens("ok")
    await out.case()
    await out.settles()

    async def again(session: AsyncSession) -> None:
        case = await cases.get(session, out.ref)
        for event in await cases.history(session, case.id):
            await webhooks.follow(session, casework.Happened(case, event))

    await out.desk.write(again)
    await out.settles()
    assert len(out.listener.at("ok")) == 1


async def test_an_address_hears_only_the_kinds_it_named(out: Out) -> None:
    await out.listens("ok", ("noted",))
    await out.case()
    await out.note()
    await out.settles()
    assert [one.said["type"] for one in out.listener.at("ok")] == ["case.noted"]


async def test_an_address_that_names_no_kinds_hears_of_every_event(out: Out) -> None:
    await out.listens("ok", ())
    await out.case()
    await out.note()
    await out.settles()
    async with out.database.read() as session:
        events = await cases.history(session, (await cases.get(session, out.ref)).id)
    assert sorted(one.said["type"] for one in out.listener.at("ok")) == sorted(f"case.{one.kind}" for one in events)


async def test_words_are_told_only_to_who_named_them(out: Out) -> None:
    await out.listens("ok", ("message",))
    await out.listens("no-content", ())
    await out.case()
    await out.desk.customer_says("and my router too", who="Return a box")
    await out.settles()
    assert [one.said["data"]["message"]["text"] for one in out.listener.at("ok")] == ["and my router too"]
    assert "and my router too" not in "".join(one.body for one in out.listener.at("no-content"))


async def test_a_test_is_about_no_case(out: Out) -> None:
    endpoint = await out.listens("ok")
    await out.desk.write(lambda session: webhooks.test(session, endpoint.id, out.boss))
    await out.settles()
    assert [one.said["type"] for one in out.listener.at("ok")] == ["ping"]


async def test_only_supervisors_have_to_do_with_webhooks(out: Out) -> None:
    endpoint = await out.listens("ok")
    agent = await out.desk.agent("Dana")
    steps: list[Any] = [
        lambda session: endpoints.add(session, agent, Wanted("mine", "https://example.com")),
        lambda session: endpoints.change(session, endpoint.id, agent, url="https://example.com"),
        lambda session: endpoints.switch(session, endpoint.id, agent, is_on=False),
        lambda session: endpoints.new_secret(session, endpoint.id, agent),
        lambda session: webhooks.test(session, endpoint.id, agent),
        lambda session: deliveries.replay(session, "any", agent),
    ]
    for step in steps:
        with pytest.raises(NotAllowed):
            await out.desk.write(step)


async def test_what_waits_is_given_up_when_an_address_is_switched_off_and_can_be_replayed(out: Out) -> None:
    endpoint = await out.listens("500")
    await out.case()
    await out.settles()
    await out.desk.write(lambda session: endpoints.switch(session, endpoint.id, out.boss, is_on=False))
    delivery = (await out.deliveries("500"))[0]
    assert delivery.state == WebhookState.FAILED
    with pytest.raises(IllegalMove, match="Switch it on first"):
        await out.desk.write(lambda session: deliveries.replay(session, delivery.id, out.boss))
    await out.passes(days=1)
    assert len(out.listener.at("500")) == 1
    await out.desk.write(lambda session: endpoints.switch(session, endpoint.id, out.boss, is_on=True))
    await out.desk.write(lambda session: deliveries.replay(session, delivery.id, out.boss))
    await out.settles()
    assert len(out.listener.at("500")) == 2


@pytest.mark.parametrize(
    "url", ["ftp://example.com", "example.com", "https://u:p@example.com", "http://", "https://a b", "http://x:99999"]
)
async def test_what_is_no_web_address_is_refused(out: Out, url: str) -> None:
    with pytest.raises(BadInput):
        await out.desk.write(lambda session: endpoints.add(session, out.boss, Wanted("x", url)))


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1",
        "fc00::1",
        "ff02::1",
        "::ffff:10.0.0.1",
        "64:ff9b::a00:1",
        "2002:a00:1::1",
        "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    ],
)
def test_addresses_inside_are_not_public(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946", "::ffff:93.184.216.34"])
def test_addresses_on_the_open_internet_are(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "127.1", "2130706433", "0x7f000001"])
async def test_nothing_is_sent_inside_unless_it_is_allowed(out: Out, host: str) -> None:
    with pytest.raises(PermanentDeliveryError, match="not on the open internet"):
        await HttpHooks(timeout_s=2).post(f"http://{host}:{out.listener.port}/ok", {}, b"{}")
    assert out.listener.heard == []


async def test_the_name_stays_in_the_request_though_the_address_is_pinned(out: Out) -> None:
    answer = await HttpHooks(allows_private=True, timeout_s=2).post(
        f"http://localhost:{out.listener.port}/ok?a=1", {"webhook-id": "x"}, b"{}"
    )
    assert answer.status in (200, 404)
    assert out.listener.heard[0].headers["host"] == f"localhost:{out.listener.port}"
    assert out.listener.heard[0].path == "/ok?a=1"


@asynccontextmanager
async def running(out: Out, timeout_s: float) -> AsyncIterator[Runner]:
    jobs = {"deliver_webhook": Poster(out.database, HttpHooks(allows_private=True, timeout_s=timeout_s)).deliver}
    jobs |= {"ask_assistant": out.desk.turns.ask}
    async with Runner(out.database, jobs, casework.when_given_up, steps=STEPS) as runner:
        out.database.wake = runner.wake
        yield runner


async def test_an_address_that_hangs_delays_neither_others_nor_turns(out: Out) -> None:
    """Its own messages take turns in a few lanes; nobody else waits for them."""
    clock.use(None)
    for path in ("hang", "ok"):
        await out.listens(path)
    await out.case()
    async with running(out, timeout_s=30):
        for number in range(12):
            await out.note(f"Note {number}")
        await until(lambda: _is(len(out.listener.at("ok")) == 13), "every message for the address that answers")
        receipt = await out.desk.customer_says("hello?", who="theo")

        async def is_answered() -> bool:
            return len(await out.desk.words(receipt.conversation_id)) > 1

        await until(is_answered, "an answer")
        await until(lambda: _is(out.listener.hanging == SLOTS), "the lanes of the one that hangs to be full")
        assert out.listener.most_hanging == SLOTS
        assert len(out.listener.at("hang")) == SLOTS
        for task in [task for task in asyncio.all_tasks() if task.get_name() == "outbox-deliver_webhook"]:
            task.cancel()


async def _is(true: bool) -> bool:
    return true


async def _a_share(out: Out, **parts: Any) -> tuple[Any, str]:
    partner = await out.desk.write(lambda session: directory.add(session, "Swift Parcel Couriers", "courier"))
    other = await out.desk.write(lambda session: directory.add(session, "Lantern Installers", "installer"))
    await out.listens("ok", partner_id=partner.id)
    await out.listens("no-content", partner_id=other.id)
    await out.case()
    return await out.desk.write(
        lambda session: shares.open(session, out.ref, out.boss, partner.id, "Pick it up", [], [], 7, **parts)
    )


async def test_a_partner_is_told_the_link_of_their_case_and_of_no_other(out: Out) -> None:
    share, token = await _a_share(out)
    await out.note("Only for the desk")
    await out.case("Another case")
    await out.settles()
    assert [one.said["type"] for one in out.listener.at("ok")] == ["share.opened"]
    said = out.listener.at("ok")[0].said["data"]
    assert said["link"].endswith(f"/p/{token}")
    assert (said["share_ref"], said["task"], said["case_ref"] != out.ref) == (share.id, "Pick it up", True)
    assert out.listener.at("no-content") == []


async def test_a_link_lies_sealed_in_the_database(out: Out) -> None:
    _, token = await _a_share(out)
    await out.settles()
    delivery = (await out.deliveries("ok"))[0]
    assert token not in delivery.body
    await out.desk.write(lambda session: deliveries.replay(session, delivery.id, out.boss))
    await out.settles()
    assert [token in one.body for one in out.listener.at("ok")] == [True, True]


async def test_a_partner_is_told_of_words_for_them_and_of_the_end(out: Out) -> None:
    share, token = await _a_share(out)
    await out.desk.write(lambda session: shares.say(session, share.id, out.boss, "Ring twice."))
    await out.desk.write(lambda session: shares.write(session, token, "We will."))
    await out.settles()
    await out.desk.write(lambda session: shares.revoke(session, share.id, out.boss, "Done by somebody else"))
    await out.settles()
    told = [one.said for one in out.listener.at("ok")]
    assert [one["type"] for one in told] == ["share.opened", "share.message", "share.ended"]
    assert told[1]["data"]["message"]["text"] == "Ring twice."
    assert told[2]["data"] == {"share_ref": share.id, "why": "Done by somebody else"}


async def test_redacted_words_leave_what_waits_to_be_sent(out: Out) -> None:
    share, _ = await _a_share(out)
    out.listener.instead["/ok"] = "/500"
    message = await out.desk.write(lambda session: shares.say(session, share.id, out.boss, "Secret door code 4711"))
    await out.settles()
    await out.desk.write(lambda session: cases.redact_message(session, message.id, out.boss))
    async with out.database.read() as session:
        bodies = list(await session.scalars(select(WebhookDelivery.body)))
    assert "4711" not in "".join(bodies)
    assert all(json.loads(body) for body in bodies)


@pytest.fixture(autouse=True)
def _clock() -> Iterator[None]:
    yield
    clock.use(None)
