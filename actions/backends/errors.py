"""What can go wrong when a company system is asked, each with a sentence that can be said to the customer.

    CompanyError
    ├── Unavailable          nothing is known about the outcome: a person should take over
    │   ├── CompanyDown      refused, broken off, or answered 5xx
    │   ├── CompanySlow      no whole answer within the time allowed
    │   └── CompanyConfused  answered outside the contract (bad token, not the promised shape)
    ├── NotFound             the system works and has no such thing
    ├── Invalid              a value cannot be used; the sentence says which
    └── Refused              the rules say no; a person with authority may still say yes

`code` and `outcome` are the words the handover package uses for an action that was tried.
"""

from typing import Any, Literal

Outcome = Literal["ok", "refused", "failed", "timeout"]

SYSTEM_NAMES = {"accounts": "account", "orders": "orders and returns", "network": "network", "billing": "billing"}


class CompanyError(Exception):
    """A call to a company system that gave no result."""

    code = "company_error"
    outcome: Outcome = "failed"

    def __init__(self, sentence: str, *, system: str = "", code: str | None = None) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.system = system
        self.code = code or type(self).code


class Unavailable(CompanyError):
    """The system could not be asked. Only its name is needed: the sentence follows from it."""

    words = "Our {name} system is not answering at the moment."

    def __init__(self, system: str, *, code: str | None = None) -> None:
        super().__init__(self.words.format(name=SYSTEM_NAMES.get(system, system)), system=system, code=code)


class CompanyDown(Unavailable):
    code = "company_down"


class CompanySlow(Unavailable):
    code = "company_slow"
    outcome: Outcome = "timeout"
    words = "Our {name} system is taking too long to answer."


class CompanyConfused(Unavailable):
    code = "company_confused"
    words = "Our {name} system gave an answer I cannot use."


class NotFound(CompanyError):
    code = "not_found"


class Invalid(CompanyError):
    code = "invalid"


class Refused(CompanyError):
    """The rules say no. `code` is `policy_refused` or `needs_person`; `details` holds the numbers behind it."""

    code = "policy_refused"
    outcome: Outcome = "refused"

    def __init__(self, code: str, sentence: str, *, system: str = "", details: dict[str, Any] | None = None) -> None:
        super().__init__(sentence, system=system, code=code)
        self.details = details or {}
