"""Two invented customers of the demo shop, so that signing in can be tried. Outside a demonstration there are none."""

from dataclasses import dataclass

from handoff import logins
from handoff.errors import NotFound
from handoff.settings import settings


@dataclass(frozen=True)
class DemoCustomer:
    sub: str
    name: str
    email: str
    account_number: str


CUSTOMERS = (
    DemoCustomer("maya", "Maya Okafor", "maya.okafor@example.com", "10042"),
    DemoCustomer("marta", "Marta Silva", "marta.silva@example.com", "10033"),
)


def offered() -> tuple[DemoCustomer, ...]:
    return CUSTOMERS if settings().demo and settings().login_secret else ()


def token_of(sub: str) -> str:
    """What the shop's server would sign for this customer."""
    found = next((one for one in offered() if one.sub == sub), None)
    if found is None:
        raise NotFound("There is no such customer to try.")
    return logins.make(sub, name=found.name, email=found.email, account_number=found.account_number)
