"""A channel that keeps what it delivers, for tests and for trying things by hand."""

from handoff.ports import Outbound


class Console:
    name = "console"

    def __init__(self) -> None:
        self.delivered: list[Outbound] = []

    async def deliver(self, outbound: Outbound) -> None:
        self.delivered.append(outbound)
