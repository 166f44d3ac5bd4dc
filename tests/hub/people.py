"""Several handles of one person, and several people, for the tests of joins, links and codes."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import conversations, facts, floor, joins, ledger
from handoff.models import Agent, Conversation, Identity, Join, Message
from handoff.ports import Inbound
from tests.hub.conftest import Desk


class People:
    """What handles do: `says("maya@web", "hello")` is a message of the handle maya on the channel web."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.count = 0

    def inbound(self, who: str, words: str = "", **parts: object) -> Inbound:
        self.count += 1
        name, channel = who.split("@")
        return Inbound(channel, name, str(parts.pop("ref", f"ref-{self.count:05}-{who}")), words, **parts)  # type: ignore[arg-type]

    async def says(self, who: str, words: str, **parts: object) -> str:
        """The conversation it went to."""
        inbound = self.inbound(who, words, **parts)
        receipt = await self.desk.write(lambda session: conversations.receive(session, inbound))
        return receipt.conversation_id

    async def identity(self, who: str) -> Identity:
        name, channel = who.split("@")
        async with self.desk.database.read() as session:
            query = select(Identity).where(Identity.channel == channel, Identity.external_id == name)
            return (await session.scalars(query)).one()

    async def joined(self, who: str, conversation_id: str, method: str = "link") -> Join:
        """A proof that this handle belongs to the customer of that conversation."""

        async def step(session: AsyncSession) -> Join:
            identity = await conversations.identity_for(session, self.inbound(who))
            return await joins.join(session, identity, await floor.hold(session, conversation_id), method)

        return await self.desk.write(step)

    async def parted(self, made: Join, agent: Agent) -> None:
        await self.desk.write(lambda session: joins.undo(session, made.id, agent))

    async def conversation(self, who: str) -> Conversation | None:
        name, channel = who.split("@")
        async with self.desk.database.read() as session:
            return await conversations.of_identity(session, channel, name)

    async def ledger(self, conversation_id: str) -> Sequence[Message]:
        async with self.desk.database.read() as session:
            return await ledger.messages(session, conversation_id)

    async def words(self, conversation_id: str, *authors: str) -> list[str]:
        return [one.text for one in await self.ledger(conversation_id) if not authors or one.author in authors]

    async def facts(self, conversation_id: str) -> dict[str, str]:
        async with self.desk.database.read() as session:
            return {one.name: one.value for one in reversed(await facts.current(session, conversation_id))}
