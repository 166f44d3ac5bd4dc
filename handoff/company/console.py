"""A company for tests and demonstrations without one: keeps what it was asked, and answers as it was told to."""

from dataclasses import dataclass, field

from handoff.ports import CompanyResult, ExceptionOrder, FoundFact


@dataclass
class ConsoleCompany:
    """`problems` are raised one after another before it begins to do what it is asked."""

    orders: list[ExceptionOrder] = field(default_factory=list)
    problems: list[Exception] = field(default_factory=list)

    async def make_exception(self, order: ExceptionOrder) -> CompanyResult:
        self.orders.append(order)
        if self.problems:
            raise self.problems.pop(0)
        facts = (FoundFact("exception_number", f"XC-{order.key[-5:]}", validated=True),)
        return CompanyResult(f"Done: {order.kind} for account {order.account_number}.", facts)
