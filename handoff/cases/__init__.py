"""Cases: what has to be solved, apart from the conversations it is talked about in.

Every change is an appended event and, in the same transaction, the stored status; `replay` of the events gives the
same status. Everyone outside calls `cases.<verb>`; the modules in here import each other, never this one, and other
nouns as modules (`from handoff import routing`), so that nouns may call each other both ways.
"""

from handoff.cases.actors import ASSISTANT, SYSTEM, Actor
from handoff.cases.belonging import keep_to_own
from handoff.cases.built_in import DEFAULT_TEAM, TEAMS
from handoff.cases.changes import (
    add_note,
    assign,
    must_be_live,
    must_not_be_joined,
    set_priority,
    set_status,
    set_team,
    wait_for,
)
from handoff.cases.ending import reopen, resolve, resolve_children, take_back_resolving
from handoff.cases.erasures import Erased, erase_customer
from handoff.cases.escalations import escalate
from handoff.cases.exceptions import (
    ask_exception,
    asked_exceptions,
    decide_exception,
    exceptions_of,
    refusal_of,
    try_exception_again,
)
from handoff.cases.following_up import reopen_or_follow_up
from handoff.cases.joins import join
from handoff.cases.links import Linked, link, links_of, open_children, unlink
from handoff.cases.log import history, record, record_all, replay
from handoff.cases.looking import (
    conversation_ids,
    facts_of,
    files_of,
    get,
    hold,
    hold_conversations,
    leads_to,
    normal_ref,
    of_conversation,
    of_customer,
    of_person,
    open_one_of,
    words_of,
)
from handoff.cases.moves import brought_by_joins, moves_of
from handoff.cases.offers import offer_of
from handoff.cases.opening import begin, join_conversation, open_case, stop_talking_of, talk_of_again
from handoff.cases.previews import JoinPreview, preview_join
from handoff.cases.redactions import Redacted, redact_file, redact_message
from handoff.cases.rights import actor_must_work_on, may_work_on, must_work_on
from handoff.cases.splits import split
from handoff.cases.talking import talk_about
from handoff.cases.undoing import undo, undo_for_strangers
from handoff.cases.watching import unwatch, watch

__all__ = [
    "ASSISTANT",
    "DEFAULT_TEAM",
    "SYSTEM",
    "TEAMS",
    "Actor",
    "Erased",
    "JoinPreview",
    "Linked",
    "Redacted",
    "actor_must_work_on",
    "add_note",
    "ask_exception",
    "asked_exceptions",
    "assign",
    "begin",
    "brought_by_joins",
    "conversation_ids",
    "decide_exception",
    "erase_customer",
    "escalate",
    "exceptions_of",
    "facts_of",
    "files_of",
    "get",
    "history",
    "hold",
    "hold_conversations",
    "join",
    "join_conversation",
    "keep_to_own",
    "leads_to",
    "link",
    "links_of",
    "may_work_on",
    "moves_of",
    "must_be_live",
    "must_not_be_joined",
    "must_work_on",
    "normal_ref",
    "of_conversation",
    "of_customer",
    "of_person",
    "offer_of",
    "open_case",
    "open_children",
    "open_one_of",
    "preview_join",
    "record",
    "record_all",
    "redact_file",
    "redact_message",
    "refusal_of",
    "reopen",
    "reopen_or_follow_up",
    "replay",
    "resolve",
    "resolve_children",
    "set_priority",
    "set_status",
    "set_team",
    "split",
    "stop_talking_of",
    "take_back_resolving",
    "talk_about",
    "talk_of_again",
    "try_exception_again",
    "undo",
    "undo_for_strangers",
    "unlink",
    "unwatch",
    "wait_for",
    "watch",
    "words_of",
]
