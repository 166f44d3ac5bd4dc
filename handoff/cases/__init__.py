"""Cases: what has to be solved, apart from the conversations it is talked about in.

Every change is an appended event and, in the same transaction, the stored status; `replay` of the events gives the
same status. Everyone outside calls `cases.<verb>`; the modules in here import each other, never this one, and other
nouns as modules (`from handoff import routing`), so that nouns may call each other both ways.
"""

from handoff.cases.actors import ASSISTANT, SYSTEM, Actor
from handoff.cases.built_in import DEFAULT_TEAM, TEAMS
from handoff.cases.changes import add_note, assign, must_be_live, set_priority, set_status, set_team, wait_for
from handoff.cases.ending import reopen, resolve
from handoff.cases.log import history, record, replay
from handoff.cases.looking import (
    conversation_ids,
    facts_of,
    files_of,
    get,
    hold,
    normal_ref,
    of_conversation,
    of_customer,
    open_one_of,
    words_of,
)
from handoff.cases.opening import join_conversation, open_case, stop_talking_of, talk_of_again
from handoff.cases.rights import may_work_on, must_work_on

__all__ = [
    "ASSISTANT",
    "DEFAULT_TEAM",
    "SYSTEM",
    "TEAMS",
    "Actor",
    "add_note",
    "assign",
    "conversation_ids",
    "facts_of",
    "files_of",
    "get",
    "history",
    "hold",
    "join_conversation",
    "may_work_on",
    "must_be_live",
    "must_work_on",
    "normal_ref",
    "of_conversation",
    "of_customer",
    "open_case",
    "open_one_of",
    "record",
    "reopen",
    "replay",
    "resolve",
    "set_priority",
    "set_status",
    "set_team",
    "stop_talking_of",
    "talk_of_again",
    "wait_for",
    "words_of",
]
