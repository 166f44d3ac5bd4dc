"""What proves who somebody is: a link from one channel to another, a code they read back, the site's own sign-in."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey
from sqlalchemy import select, update

from handoff import clock, codes, continuing, conversations, customers, facts, handovers, logins, persons
from handoff.assistants.scripted import saying
from handoff.errors import BadInput, DeliveryError, PermanentDeliveryError, TooMany
from handoff.handovers import hand_over
from handoff.logins import LoginExpired, LoginInvalid
from handoff.models import Code, ContinueLink, Customer, Handover, Identity, Join, Message
from handoff.package import HandoverRequest, Issue
from handoff.ports import Button, Floor, FoundFact, Words
from handoff.settings import settings
from tests.hub.conftest import Desk
from tests.hub.people import People

ADDRESS = "maya@example.com"


@pytest.fixture
def people(desk: Desk) -> People:
    return People(desk)


class Mailbox:
    """Where codes arrive."""

    def __init__(self) -> None:
        self.letters: list[tuple[str, str, str]] = []
        self.is_down = False

    async def send(self, via: str, address: str, text: str) -> None:
        if self.is_down:
            raise PermanentDeliveryError("The mailbox is full.")
        self.letters.append((via, address, text))

    @property
    def code(self) -> str:
        return self.letters[-1][2][:6]


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


async def send(desk: Desk, mailbox: Mailbox, conversation_id: str, address: str = ADDRESS, **more: Any) -> codes.Sent:
    return await codes.send(desk.database, mailbox, conversation_id, "email", address, **more)


async def offered(desk: Desk, conversation_id: str, to_channel: str = "console") -> str:
    async def step(session: Any) -> str:
        conversation = await conversations.get(session, conversation_id)
        return (await continuing.offer(session, conversation, conversation.identity_id, to_channel)).token

    return await desk.write(step)


async def used(desk: Desk, people: People, who: str, token: str) -> str:
    inbound = people.inbound(who)
    return (await desk.write(lambda session: continuing.use(session, inbound, token))).id


# Links


async def test_a_link_moves_the_live_conversation_with_what_was_asked_last(desk: Desk, people: People) -> None:
    buttons = (Button("Max", "/inform"), Button("Mini", "/inform"))
    desk.assistant.script = lambda request: saying(messages=(Words("Which box?", buttons),))
    web = await people.says("maya@web", "I want to return order F-20418")
    await desk.run_outbox()
    assert await used(desk, people, "maya@console", await offered(desk, web)) == web
    last = (await people.ledger(web))[-1]
    assert (last.author, last.channel) == ("system", "console")
    assert "Which box?" in last.text
    assert [one["title"] for one in last.buttons] == ["Max", "Mini"]
    pressed = people.inbound("maya@console", pressed=(last.id, 1))
    await desk.write(lambda session: conversations.receive(session, pressed))
    assert (await people.words(web, "customer"))[-1] == "Mini"
    assert (await people.identity("maya@console")).method == "link"


async def test_an_agent_who_has_the_floor_comes_along_and_it_is_said(desk: Desk, people: People) -> None:
    dana = await desk.agent()
    web = await people.says("maya@web", "hello")
    await desk.write(lambda session: handovers.take_over(session, web, dana))
    await used(desk, people, "maya@console", await offered(desk, web))
    assert "Dana answers you here." in (await people.words(web))[-1]
    said = await desk.agent_says(dana, web, "Still me.")
    assert said.channel == "console"


async def test_the_way_back_shows_it_on_both_sides(desk: Desk, people: People) -> None:
    console = await people.says("maya@console", "from the train")
    token = await offered(desk, console, "web")
    assert await used(desk, people, "maya@web", token) == console
    last = (await people.ledger(console))[-1]
    assert last.text.startswith("Going on in the web chat")
    assert last.channel == "console", "It is delivered where they were; the page reads it in the ledger."
    assert (await desk.conversation(console)).channel == "web"


@pytest.mark.parametrize("how", ["forged", "used", "expired", "another channel", "replaced"])
async def test_a_link_that_does_not_hold_is_refused_in_one_sentence(desk: Desk, people: People, how: str) -> None:
    web = await people.says("maya@web", "hello")
    token = "x" * 32 if how == "forged" else await offered(desk, web)
    if how == "used":
        await used(desk, people, "maya@console", token)
    if how == "replaced":
        await offered(desk, web)
    if how == "expired":
        past = update(ContinueLink).values(expires_at=clock.now() - timedelta(seconds=1))
        await desk.write(lambda session: session.execute(past))
    thief = "thief@web" if how == "another channel" else "thief@console"
    with pytest.raises(BadInput, match="has ended or was used already"):
        await used(desk, people, thief, token)
    assert await people.conversation(thief) is None


async def test_whoever_used_a_link_and_heard_nothing_may_use_it_again(desk: Desk, people: People) -> None:
    web = await people.says("maya@web", "hello")
    token = await offered(desk, web)
    await used(desk, people, "maya@console", token)
    before = await people.words(web)
    assert await used(desk, people, "maya@console", token) == web
    assert await people.words(web) == before


async def test_links_are_not_given_without_end(desk: Desk, people: People) -> None:
    web = await people.says("maya@web", "hello")
    for _ in range(continuing.MOST_OFFERS):
        await offered(desk, web)
    with pytest.raises(TooMany):
        await offered(desk, web)


async def test_a_token_is_nowhere_in_the_database(desk: Desk, people: People) -> None:
    web = await people.says("maya@web", "hello")
    token = await offered(desk, web)
    async with desk.database.read() as session:
        (link,) = await session.scalars(select(ContinueLink))
        assert token not in {str(value) for value in vars(link).values()}


# Codes


@pytest.mark.parametrize("spelling", ["{0}", "{1} {2} {3}", "it is {1}-{2}-{3}, thanks", "code: {0}!"])
async def test_a_code_read_back_in_any_spelling_verifies_and_is_never_stored(
    desk: Desk, people: People, mailbox: Mailbox, spelling: str
) -> None:
    web = await people.says("maya@web", "change my address")
    await desk.run_outbox()
    sent = await send(desk, mailbox, web, account_number="10042")
    assert (sent.to, mailbox.letters[0][:2]) == ("m…a@e…", ("email", ADDRESS))
    code = mailbox.code
    await people.says("maya@web", spelling.format(code, code[:2], code[2:4], code[4:]))
    await desk.run_outbox()
    identity = await people.identity("maya@web")
    assert (identity.method, identity.verified_at is not None) == ("code", True)
    async with desk.database.read() as session:
        texts = "".join(await session.scalars(select(Message.text)))
        customer = await session.get_one(Customer, identity.customer_id)
        known = await facts.current(session, web)
    assert code not in texts
    assert "[code]" in texts
    assert desk.assistant.requests[-1].text == "/inform"
    assert desk.assistant.requests[-1].metadata["customer"]["is_verified"] is True
    assert customer.account_number == "10042"
    assert {one.name for one in known if one.is_validated} == {"email", "account_number"}


async def test_a_wrong_code_is_counted_and_after_five_the_right_one_is_none(
    desk: Desk, people: People, mailbox: Mailbox
) -> None:
    web = await people.says("maya@web", "hello")
    await desk.run_outbox()
    await send(desk, mailbox, web)
    wrong = f"{(int(mailbox.code) + 1) % 10**6:06d}"
    for left in (4, 3, 2, 1):
        await people.says("maya@web", wrong)
        assert f"You have {left} tr" in (await people.words(web, "system"))[-1]
    await people.says("maya@web", wrong)
    assert "Ask for a new one" in (await people.words(web, "system"))[-1]
    asked = len(desk.assistant.requests)
    await desk.run_outbox()
    assert len(desk.assistant.requests) == asked, "A wrong code is nothing to ask the assistant about."
    await people.says("maya@web", mailbox.code)
    assert (await people.identity("maya@web")).verified_at is None


@pytest.mark.parametrize("how", ["expired", "used", "replaced", "of another conversation"])
async def test_a_code_that_does_not_hold_proves_nothing(desk: Desk, people: People, mailbox: Mailbox, how: str) -> None:
    web = await people.says("maya@web", "hello")
    other = await people.says("sam@web", "hello")
    await send(desk, mailbox, web)
    code = mailbox.code
    if how == "used":
        await people.says("maya@web", code)
        async with desk.database.read() as session:
            used_at = (await session.scalars(select(Code.used_at))).one()
        await people.says("maya@web", code)
        async with desk.database.read() as session:
            assert (await session.scalars(select(Code.used_at))).one() == used_at
        return
    if how == "replaced":
        await send(desk, mailbox, web, "maya.two@example.com")
    if how == "expired":
        past = update(Code).values(expires_at=clock.now() - timedelta(seconds=1))
        await desk.write(lambda session: session.execute(past))
    reader = "sam@web" if how == "of another conversation" else "maya@web"
    if mailbox.code != code or how != "replaced":
        await people.says(reader, code)
    assert (await people.identity(reader)).verified_at is None
    assert other


async def test_a_number_nobody_waits_for_stays_what_it_is(desk: Desk, people: People) -> None:
    web = await people.says("maya@web", "my serial is 123456")
    assert await people.words(web, "customer") == ["my serial is 123456"]


async def test_a_code_joins_the_customer_of_that_account(desk: Desk, people: People, mailbox: Mailbox) -> None:
    before = await people.says("maya@console", "hello")
    await desk.write(lambda session: _validated(session, before, "10042"))
    web = await people.says("maya@web", "hello")
    await send(desk, mailbox, web, account_number="10042")
    await people.says("maya@web", mailbox.code)
    here, there = await desk.conversation(web), await desk.conversation(before)
    async with desk.database.read() as session:
        assert there.customer_id in await customers.together(session, here.customer_id)
        assert list(await session.scalars(select(Join.method))) == ["code"]
    assert await people.says("maya@web", "more") == web


async def _validated(session: Any, conversation_id: str, account_number: str) -> None:
    from handoff import floor

    conversation = await floor.hold(session, conversation_id)
    found = [FoundFact("account_number", account_number, validated=True)]
    await facts.put(session, conversation, found, set_by="action")


async def test_with_a_person_the_code_is_thanked_for_and_they_see_it(
    desk: Desk, people: People, mailbox: Mailbox
) -> None:
    dana = await desk.agent()
    web = await people.says("maya@web", "hello")
    await desk.write(lambda session: handovers.take_over(session, web, dana))
    await send(desk, mailbox, web, agent=dana)
    assert "Dana sent a code to your e-mail m…a@e…" in (await people.words(web))[-1]
    await people.says("maya@web", mailbox.code)
    assert (await people.words(web))[-2:] == ["[code]", "Thank you, that is the right code."]


async def test_codes_are_not_sent_without_end_or_twice_for_one_wish(
    desk: Desk, people: People, mailbox: Mailbox
) -> None:
    web = await people.says("maya@web", "hello")
    assert not (await send(desk, mailbox, web)).already
    assert (await send(desk, mailbox, web)).already
    assert len(mailbox.letters) == 1
    for number in range(codes.MOST_PER_HOUR - 1):
        await send(desk, mailbox, web, f"maya{number}@example.com")
    with pytest.raises(TooMany):
        await send(desk, mailbox, web, "one.more@example.com")


async def test_a_code_that_could_not_be_sent_is_worth_nothing(desk: Desk, people: People, mailbox: Mailbox) -> None:
    web = await people.says("maya@web", "hello")
    mailbox.is_down = True
    with pytest.raises(DeliveryError):
        await send(desk, mailbox, web)
    async with desk.database.read() as session:
        assert (await session.scalars(select(Code.expires_at))).one() <= clock.now()


@pytest.mark.parametrize(
    ("via", "address"), [("email", "nobody"), ("phone", "12"), ("email", "a@b"), ("phone", "x" * 9)]
)
async def test_a_code_goes_to_no_address_that_is_none(
    desk: Desk, people: People, mailbox: Mailbox, via: str, address: str
) -> None:
    web = await people.says("maya@web", "hello")
    with pytest.raises(BadInput):
        await codes.send(desk.database, mailbox, web, via, address)
    assert mailbox.letters == []


# Signing in on the site


@pytest.fixture
def secret(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("TELLONCE_LOGIN_SECRET", "l" * 40)
    settings.cache_clear()
    return "l" * 40


def signed(secret: str, alg: str = "HS256", **claims: Any) -> str:
    return jwt.encode({"alg": alg}, claims, OctKey.import_key(secret), algorithms=[alg])


def soon(minutes: int = 30) -> int:
    return int((datetime.now(UTC) + timedelta(minutes=minutes)).timestamp())


def test_a_signed_token_says_who_it_is(secret: str) -> None:
    login = logins.read(signed(secret, sub="maya", exp=soon(), name="Maya", account_number="10042", extra=1))
    assert (login.sub, login.name, login.account_number) == ("maya", "Maya", "10042")


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": soon()},
        {"sub": "", "exp": soon()},
        {"sub": "maya"},
        {"sub": "maya", "exp": soon(120)},
        {"sub": 7, "exp": soon()},
        {"sub": "maya", "exp": "tomorrow"},
    ],
)
def test_a_token_without_what_it_needs_or_for_too_long_is_refused(secret: str, claims: dict[str, Any]) -> None:
    with pytest.raises(LoginInvalid):
        logins.read(signed(secret, **claims))


def test_a_token_signed_by_somebody_else_or_otherwise_is_refused(secret: str) -> None:
    for token in (
        signed("o" * 40, sub="maya", exp=soon()),
        signed(secret, "HS512", sub="maya", exp=soon()),
        "x.y.z",
        "",
    ):
        with pytest.raises(LoginInvalid):
            logins.read(token)
    with pytest.raises(LoginExpired):
        logins.read(signed(secret, sub="maya", exp=soon(-1)))


def test_without_a_secret_nobody_signs_in() -> None:
    with pytest.raises(LoginInvalid):
        logins.read(signed("l" * 40, sub="maya", exp=soon()))


async def test_the_package_names_every_verified_handle_of_a_person(
    desk: Desk, people: People, mailbox: Mailbox
) -> None:
    web = await people.says("maya@web", "hello")
    await send(desk, mailbox, web, account_number="10042")
    await people.says("maya@web", mailbox.code)
    await used(desk, people, "maya@console", await offered(desk, web))
    request = HandoverRequest(
        conversation_id=web, idempotency_key="k", reason_code="asked", issue=Issue(title="Change of address")
    )
    await desk.write(lambda session: hand_over(session, request))
    async with desk.database.read() as session:
        package = (await session.scalars(select(Handover.package))).one()
    told = {(one["type"], one["method"]) for one in package["customer"]["verified_identities"]}
    assert told == {("web", "code"), ("email", "code"), ("console", "link")}
    assert package["customer"]["account_number"] == "10042"
    assert {one["name"] for one in package["facts"] if one["validated"]} == {"email", "account_number"}


async def test_replies_go_only_to_handles_that_are_verified_and_reachable(desk: Desk, people: People) -> None:
    dana = await desk.agent()
    web = await people.says("maya@web", "hello")
    await people.joined("maya@console", web)
    await people.says("maya@console", "from here now")
    await desk.write(lambda session: handovers.take_over(session, web, dana))
    first, second = await people.identity("maya@web"), await people.identity("maya@console")
    with pytest.raises(BadInput):
        await desk.write(lambda session: persons.reply_to(session, web, dana, first.id))
    verified = update(Identity).where(Identity.id == first.id).values(verified_at=clock.now(), method="code")
    await desk.write(lambda session: session.execute(verified))
    await desk.write(lambda session: persons.reply_to(session, web, dana, first.id))
    assert (await desk.agent_says(dana, web, "to the web")).identity_id == first.id
    gone = update(Identity).where(Identity.id == second.id).values(unreachable_reason="Blocked.")
    await desk.write(lambda session: session.execute(gone))
    with pytest.raises(BadInput):
        await desk.write(lambda session: persons.reply_to(session, web, dana, second.id))
    assert (await desk.conversation(web)).floor == Floor.AGENT
