"""The fault switch: lets a journey take one system down or slow it, as real ones do. Only the demo has it."""

import asyncio
import time
from dataclasses import dataclass, field
from typing import Annotated, Literal

from fastapi import APIRouter, Request
from pydantic import Field

from actions.demo_company.asked import Asked

router = APIRouter(prefix="/demo", include_in_schema=False)

SYSTEM_OF = {
    "accounts": "accounts",
    **dict.fromkeys(
        (
            "orders",
            "equipment",
            "refunds",
            "exchanges",
            "returns",
            "return-exceptions",
            "return-policy",
            "pickup-windows",
            "drop-off-points",
        ),
        "orders",
    ),
    **dict.fromkeys(("incidents", "line-tests", "faults", "downtime-quotes", "downtime-credits"), "network"),
    **dict.fromkeys(
        (
            "balances",
            "bills",
            "bill-comparisons",
            "payment-links",
            "instalment-options",
            "instalment-plans",
            "payments",
            "billing-exceptions",
        ),
        "billing",
    ),
}


def system_of(path: str) -> str | None:
    """The system that owns a path; none for pages, health and the switch itself."""
    return SYSTEM_OF.get(path.split("/")[1])


class Fault(Asked):
    """`seconds` is how long the fault lasts, until switched off when absent; `delay_s` how late a slow answer is."""

    system: Literal["accounts", "orders", "network", "billing", "all"]
    mode: Literal["down", "slow", "ok"]
    seconds: Annotated[float, Field(gt=0)] | None = None
    delay_s: Annotated[float, Field(gt=0, le=60)] = 10.0


@dataclass
class Switch:
    faults: dict[str, tuple[Fault, float]] = field(default_factory=dict)

    def set(self, fault: Fault) -> None:
        ends_at = time.monotonic() + (fault.seconds or float("inf"))
        systems = set(SYSTEM_OF.values()) if fault.system == "all" else {fault.system}
        self.faults.update(dict.fromkeys(systems, (fault, ends_at)))

    async def is_down(self, system: str) -> bool:
        """Waits first when the system is slow."""
        fault, ends_at = self.faults.get(system, (None, 0.0))
        if fault is None or time.monotonic() > ends_at:
            return False
        if fault.mode == "slow":
            await asyncio.sleep(fault.delay_s)
        return fault.mode == "down"

    def modes(self) -> dict[str, str]:
        now = time.monotonic()
        return {system: fault.mode for system, (fault, ends_at) in self.faults.items() if now <= ends_at}


@router.post("/faults")
def switch(request: Request, fault: Fault) -> dict[str, str]:
    known: Switch = request.app.state.switch
    known.set(fault)
    return known.modes()
