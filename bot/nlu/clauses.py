"""Several wishes in one message: where one clause ends and the next begins, and which clauses are matters of their own.

Pure: the classifier (bot/nlu/intents.py) hands in a function that ranks several texts at once. A wrong split costs more
than a missed one: it offers a customer something they never asked for. So a clause counts only when the classifier is
sure of it, when it does not lean on the words before it, and when the two intents cannot be one issue told twice.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

Ranking = Sequence[Mapping[str, Any]]
Rank = Callable[[list[str]], Sequence[Ranking]]

INTENTS_ALSO = "intents_also"
"""The key on a parsed message: a list of `Wish.as_json`."""

SURE = 0.6
MOST_CLAUSES = 8
FEWEST_WORDS = 2
# Longer texts are pasted letters; what is in them is a person's to sort.
LONGEST = 1000

NO_TOPICS = frozenset(
    {"greet", "goodbye", "affirm", "deny", "thank", "help", "bot_challenge", "cancel_flow", "out_of_scope", "inform",
     "nlu_fallback", "handback", "case_add", "complaint", "talk_to_human"}
)  # fmt: skip
# Said before a wish, these are manners and no matter of their own.
MANNERS = frozenset({"greet", "thank", "goodbye"})
# Answered by themselves, with a wish beside them: "14 Elm Street, and why is my bill so high?"
ANSWERS = frozenset({"inform", "affirm", "deny", "cancel_flow", "complaint"})
PERSON = "talk_to_human"

# Two of one line are one issue: the second clause says the first again, or what should follow from it.
NEAR: tuple[frozenset[str], ...] = (
    frozenset({"outage_report", "outage_status", "outage_notify", "outage_credit", "troubleshoot"}),
    frozenset({"bill_balance", "bill_explain", "bill_dispute"}),
    frozenset({"bill_balance", "bill_pay", "payment_problem", "payment_arrangement"}),
    frozenset({"bill_dispute", "payment_problem", "refund_request"}),
    frozenset({"bill_dispute", "refund_status", "refund_request"}),
    frozenset({"bill_explain", "bill_dispute", "plan_change"}),
    frozenset({"return_start", "return_method", "return_policy", "exchange_item", "refund_request"}),
    frozenset({"return_status", "return_method", "refund_status", "refund_request", "order_status"}),
    frozenset({"return_status", "return_start", "return_policy"}),
    frozenset({"order_status", "order_cancel", "refund_request", "refund_status"}),
    frozenset({"order_cancel", "return_start", "return_policy", "exchange_item"}),
    frozenset({"exchange_item", "troubleshoot", "outage_report"}),
    frozenset({"service_cancel", "service_move", "plan_change"}),
    frozenset({"service_cancel", "order_cancel"}),
    frozenset({"service_move", "account_update"}),
    frozenset({"case_status", "case_reopen", "return_status"}),
)


@dataclass(frozen=True)
class Clause:
    """`text == message[start:end]`. `is_apart`: a sentence, or a word like "also", parts it from the clause before."""

    text: str
    start: int
    end: int
    is_apart: bool = True


@dataclass(frozen=True)
class Wish:
    """A clause the classifier is sure of, with what is said about it after. `ranking` is the clause's, best first."""

    clause: Clause
    ranking: Ranking

    @property
    def name(self) -> str:
        return str(self.ranking[0]["name"])

    def as_json(self) -> dict[str, Any]:
        """One of `intents_also`: name, confidence, text, start, end (character offsets in the message)."""
        clause, confidence = self.clause, float(self.ranking[0]["confidence"])
        return {
            "name": self.name,
            "confidence": confidence,
            "text": clause.text,
            "start": clause.start,
            "end": clause.end,
        }


@dataclass(frozen=True)
class Several:
    """What a message of several clauses is about: the ranking to act on first, and what else it asks for."""

    ranking: Ranking
    also: tuple[Wish, ...]


_VERBS = (
    "return|send|give|hand|cancel|change|update|reset|dispute|contest|pay|get|know|check|report|exchange|swap|move|"
    "upgrade|downgrade|switch|track|arrange|set|book|reopen|re-open|add|remove|explain|correct|replace|request|refund|"
    "transfer|see|find|ask|talk|speak|tell|let|help|fix|look|make|start|stop|end|close|credit|notify|text|email|mail"
)
_STATES = (
    "is|are|was|were|isn'?t|aren'?t|won'?t|has|hasn'?t|have|haven'?t|doesn'?t|don'?t|does|keeps?|went|can'?t|cannot|"
    "needs?|still|never|did|didn'?t|stopped|got|looks?|seems?|failed|shows?|says|dropped|drops|bounced"
)
_SUBJECT = rf"(?:my|our|the|this|that|your|ur|an?|some|someone'?s?)\s+(?:[\w'-]+\s+){{1,3}}?(?:{_STATES})\b"
_QUESTION = r"(?:how|what'?s?|when|where'?s?|why|who|which|is|are|do|does|did|can|could|would|will|should|may|any)\b"
_OPENER = (
    rf"(?:i(?:'?m|'?d|'?ve|'?ll)?\b|we(?:'?re|'?d|'?ve|'?ll)?\b|there(?:'?s)?\b|you\b|u\b|{_SUBJECT}|{_QUESTION}|"
    rf"(?:please|pls|plz|need|needs|want|wanna|wants|gotta|would like|looking|trying|to)\b|(?:{_VERBS})\b)"
)
_MARKER = (
    r"(?:also|plus|additionally|furthermore|besides(?:\s+that)?|btw|by\s+the\s+way|in\s+addition|on\s+top\s+of\s+that|"
    r"(?:and\s+)?(?:another|one\s+(?:more|other)|the\s+other|a\s+second|second)\s+(?:thing|question|issue|matter|problem)"
    r"(?:\s+is)?|second(?:ly)?|separately|apart\s+from\s+that|while\s+(?:i'?m|i\s+am|we'?re|you'?re|ur|u\s+r)\s+(?:here|at\s+it|on)"
    r"|at\s+the\s+same\s+time|lastly|finally|then|next|oh)"
)
_END = rf"[.!?;]+(?=\s|$)|\n+|\s[-\u2013\u2014]+\s|:\s+(?={_OPENER})"
_JOINT = re.compile(
    rf"(?P<end>{_END})"
    rf"|(?P<marker>[\s,(]+(?:(?:and|but|&|\+)[\s,]+)?(?:{_MARKER}\b[\s,:.]*)+(?={_OPENER}))"
    rf"|(?P<also>\s+(?:and\s+)?(?=(?:i|we)(?:'?d|'?ll)?\s+also\b))"
    rf"|(?P<and>\s*(?:,\s*(?:(?:and|&)\s+)?|\s(?:and|&|\+|n)\s+|\s/\s)(?={_OPENER}))",
    re.IGNORECASE,
)
_GREETING = (
    r"(?:hi|hiya|hello|hey|good\s+(?:morning|afternoon|evening|day)|dear\s+\w+)(?:\s+(?:there|again|all|team|guys))?"
)
_LEAD = re.compile(rf"^(?:\W+|(?:and|but|so|ok(?:ay)?|well|{_GREETING}|{_MARKER})\b[\s,:.]*)+", re.IGNORECASE)
_WORD = re.compile(r"[\w']+")

# "Return it": the thing was named before. In "my password is lost, reset it" it is named in the clause itself.
_LEANS = re.compile(
    r"^(?:(?!\b(?:my|our|the|an?)\s+\w).)*?\b(?:it|them|(?:this|that|these|those)(?:\s+one)?(?=\s*(?:$|[?.!,]|for|to|"
    r"back|off|up|out|please|pls|today|tomorrow|now|again|asap)))\b(?!\s+(?:possible|ok|okay|true))"
    r"|\b(?:new|another|different|other|right|working)\s+one\b",
    re.IGNORECASE,
)
# What they do not want, what they say this is not about, and what they only suppose.
_NO_WISH = re.compile(
    r"\b(?:don'?t|do not|didn'?t|never|not)\s+(?:really\s+)?(?:want|wanna|need|mean|ask|wish|plan|wanting|trying|"
    r"looking|asking|calling|here)\b.*\bto\b"
    r"|\bnot\s+(?:about|asking|calling)\b|\b(?:isn'?t|not) (?:my|the) (?:issue|problem|point)\b"
    r"|^(?:if|when(?!\s+(?:is|are|was|will|does|do|did|can|should)\b)|since|because|cause|cuz|after|before|once|as|"
    r"unless|until|although|even)\b",
    re.IGNORECASE,
)
# What has been done is told, not asked for.
_TOLD = re.compile(
    r"^(?:i|we)(?:'?ve|\s+have)?(?:\s+(?:already|just|even|both|only|recently|finally))*\s+(?:returned|sent|paid|cancell?ed|"
    r"called|phoned|rang|emailed|ordered|bought|moved|changed|switched|spoke|talked|chatted|upgraded|downgraded|reset|"
    r"restarted|rebooted|unplugged|tried|reported|asked|signed|dropped|gave|handed|shipped|posted|merged|checked)\b(?!.*\bbut\b)",
    re.IGNORECASE,
)


def split(message: str) -> list[Clause]:
    """The clauses in order, without the words and marks that join them. One clause when nothing clearly joins two."""
    pieces: list[Clause] = []
    start, is_apart = 0, True
    for joint in _JOINT.finditer(message):
        piece = _trimmed(message, start, joint.start(), is_apart)
        if joint.lastgroup != "end" and _words(piece.text if piece else "") < FEWEST_WORDS:
            continue
        pieces += [piece] if piece else []
        start, is_apart = joint.end(), joint.lastgroup != "and"
    last = _trimmed(message, start, len(message), is_apart)
    return pieces + ([last] if last else [])


def several(message: str, whole: Ranking, rank: Rank) -> Several | None:
    """What to act on first and what to offer next, or None when the whole message's `ranking` stands as it is.

    `rank` is called at most once, with two texts or more.
    """
    if not whole or len(message) > LONGEST:
        return None
    clauses = [clause for clause in split(message) if _words(clause.text) >= FEWEST_WORDS][:MOST_CLAUSES]
    if len(clauses) < 2:
        return None
    rankings = rank([clause.text for clause in clauses])
    wishes = [
        Wish(clause, ranking) if ranking and is_sure(ranking) and _may_stand_alone(clause) else clause
        for clause, ranking in zip(clauses, rankings, strict=True)
    ]
    return _first_and_also(whole, list(_with_what_follows(wishes, message)))


def _with_what_follows(clauses: Sequence[Wish | Clause], message: str) -> Iterator[Wish]:
    """Each wish with the clauses that go on about it: "I want to return the box, we don't need it any more"."""
    for at, wish in enumerate(clauses):
        if not isinstance(wish, Wish):
            continue
        end = wish.clause.end
        for more in clauses[at + 1 :]:
            if isinstance(more, Wish) or (more.is_apart and not _LEANS.search(more.text)):
                break
            end = more.end
        start = wish.clause.start
        yield replace(wish, clause=replace(wish.clause, text=message[start:end], end=end))


def _first_and_also(whole: Ranking, sure: Sequence[Wish]) -> Several | None:
    person = next((wish for wish in sure if wish.name == PERSON), None)
    wishes = tuple(_apart(wish for wish in sure if wish.name not in NO_TOPICS))
    name = str(whole[0]["name"])
    if person or name == PERSON:
        return Several(person.ranking if person else whole, wishes)
    if len(wishes) > 1 or (wishes and name in MANNERS):
        return Several(wishes[0].ranking, wishes[1:])
    if wishes and name in ANSWERS and is_sure(whole):
        return Several(whole, wishes)
    return None


def _apart(wishes: Iterator[Wish]) -> Iterator[Wish]:
    """Those that are not the issue of one before them."""
    names: list[str] = []
    for wish in wishes:
        if not any(is_near(wish.name, name) for name in names):
            yield wish
        names.append(wish.name)


def is_near(one: str, other: str) -> bool:
    return one == other or any({one, other} <= border for border in NEAR)


def is_sure(ranking: Ranking) -> bool:
    return float(ranking[0]["confidence"]) >= SURE


def _may_stand_alone(clause: Clause) -> bool:
    """Whether the words ask for something by themselves."""
    leans = clause.start and _LEANS.search(clause.text)
    return not (leans or _NO_WISH.search(clause.text) or _TOLD.search(clause.text))


def _trimmed(message: str, start: int, end: int, is_apart: bool) -> Clause | None:
    """The span without white space and joining words at its front, and without marks at its end; None when no word is
    left."""
    lead = _LEAD.match(message[start:end])
    start += lead.end() if lead else 0
    text = message[start:end].rstrip(" \t\r\n,:(&+/-")
    return Clause(text, start, start + len(text), is_apart) if _WORD.search(text) else None


def _words(text: str) -> int:
    return len(_WORD.findall(text))
