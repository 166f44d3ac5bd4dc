"""A hub on its own with a stand-in for Telegram: what concerns only these two needs no Rasa.

Nobody answers for the assistant there, so every customer waits for a person after their first words.
"""

from __future__ import annotations

from tests.journeys.breakable import Breakable
from tests.support.telegram import TOKEN, Telegram, TelegramCustomer
from tests.support.waiting import until
from tools.stack import Program

SECRET_PART = TOKEN.split(":")[1]


class HubAlone(Breakable):
    """Only the hub runs, and it logs all it can."""

    def programs(self) -> dict[str, Program]:
        return {"hub": super().programs()["hub"]}

    def settings(self, **changed: str) -> None:
        """Other settings from the next start on."""
        self._overrides.update(changed)

    async def has_taken_in_everything(self, telegram: Telegram) -> None:
        async def look() -> bool:
            waiting = self.rows("SELECT 1 FROM channel_updates WHERE applied_at IS NULL LIMIT 1")
            return not waiting and not (await telegram.account())["waiting"]

        await until(look, "the hub to take in every update")

    async def has_sent_everything(self) -> None:
        async def look() -> bool:
            return not self.rows("SELECT 1 FROM outbox WHERE lane = 'deliver' AND NOT is_dead")

        await until(look, "the hub to send all it has to say")


async def a_customer(stack: Breakable, telegram: Telegram, name: str, token: str = TOKEN) -> TelegramCustomer:
    """Somebody in front of the app, whose conversation the journey can find."""
    customer = await telegram.customer(name, token)
    where = "SELECT conversation_id FROM identities WHERE external_id = ? AND conversation_id IS NOT NULL"

    async def look_up() -> str:
        return str((await stack.has_row(where, f"{customer.bot}:{customer.id}"))[0])

    customer.look_up = look_up
    return customer
