"""A channel that keeps what it delivers, for tests and for trying things by hand."""

from handoff.ports import Outbound, Sent


class Console:
    name = "console"

    def __init__(self) -> None:
        self.delivered: list[Outbound] = []

    async def deliver(self, outbound: Outbound, sent: Sent) -> None:
        if 0 not in outbound.parts_sent:
            self.delivered.append(outbound)
            await sent(0, str(len(self.delivered)))
