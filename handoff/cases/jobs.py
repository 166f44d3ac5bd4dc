"""What the outbox runs for cases and for what was redacted or erased, outside any transaction."""

from collections.abc import Mapping

from handoff.cases import exceptions
from handoff.cases.carrying_out import CarryingOut
from handoff.db import Database
from handoff.forgetting import COMPACT, FORGET_SESSION, Forgetting
from handoff.outbox import Job
from handoff.ports import Assistant, Company


def jobs(database: Database, company: Company, assistant: Assistant) -> Mapping[str, Job]:
    """By the name they have in the outbox."""
    forgetting = Forgetting(database, assistant)
    return {
        exceptions.JOB: CarryingOut(database, company).carry_out,
        FORGET_SESSION: forgetting.forget_session,
        COMPACT: forgetting.compact,
    }
