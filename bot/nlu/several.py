"""Several wishes in one message: which of its clauses are matters of their own, and which comes first.

Pure: the classifier (bot/nlu/intents.py) hands in a function that ranks several texts at once. A wrong split costs more
than a missed one: it offers a customer something they never asked for. So a clause counts only when the classifier is
sure of it, when it does not lean on the words before it, and when the two intents cannot be one issue told twice.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bot.nlu.clauses import FEWEST_WORDS, Clause, leans, split, stands_alone, words

Ranking = Sequence[Mapping[str, Any]]
Rank = Callable[[list[str]], Sequence[Ranking]]

INTENTS_ALSO = "intents_also"
"""The key on a parsed message: a list of `Wish.as_json`."""

SURE = 0.7
CLEARLY = 0.2
MOST_CLAUSES = 8
# Longer texts are pasted letters; what is in them is a person's to sort.
LONGEST = 1000

NO_TOPICS = frozenset(
    {"greet", "goodbye", "affirm", "deny", "thank", "help", "bot_challenge", "cancel_flow", "out_of_scope", "inform",
     "nlu_fallback", "handback", "case_add", "files_sent", "complaint", "talk_to_human"}
)  # fmt: skip
# Said before a wish, these are manners and no matter of their own.
MANNERS = frozenset({"greet", "thank", "goodbye"})
# Answered by themselves, with a wish beside them: "14 Elm Street, and why is my bill so high?"
ANSWERS = frozenset({"inform", "affirm", "deny", "cancel_flow"})
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


def several(message: str, whole: Ranking, rank: Rank) -> Several | None:
    """What to act on first and what to offer next, or None when the whole message's `ranking` stands as it is.

    `rank` is called at most once, with two texts or more.
    """
    if not whole or len(message) > LONGEST:
        return None
    clauses = [clause for clause in split(message) if words(clause.text) >= FEWEST_WORDS][:MOST_CLAUSES]
    if len(clauses) < 2:
        return None
    rankings = rank([clause.text for clause in clauses])
    wishes = [
        Wish(clause, ranking) if ranking and is_sure(ranking) and stands_alone(clause) else clause
        for clause, ranking in zip(clauses, rankings, strict=True)
    ]
    answer = (
        rankings[0]
        if rankings[0] and rankings[0][0]["name"] in ANSWERS - {"cancel_flow"} and is_sure(rankings[0])
        else None
    )
    # "14 Elm Street, and where is my order?" answers first, unless the whole is clearly the question.
    whole = answer if answer and not is_sure(whole) else whole
    return _first_and_also(whole, list(_with_what_follows(wishes, message)))


def _with_what_follows(clauses: Sequence[Wish | Clause], message: str) -> Iterator[Wish]:
    """Each wish with the clauses that go on about it: "I want to return the box, we don't need it any more"."""
    for at, wish in enumerate(clauses):
        if not isinstance(wish, Wish):
            continue
        end = wish.clause.end
        for more in clauses[at + 1 :]:
            if isinstance(more, Wish) or (more.is_apart and not leans(more)):
                break
            end = more.end
        start = wish.clause.start
        yield replace(wish, clause=replace(wish.clause, text=message[start:end], end=end))


def _first_and_also(whole: Ranking, sure: Sequence[Wish]) -> Several | None:
    person = next((wish for wish in sure if wish.name == PERSON), None)
    wishes = tuple(_apart(wish for wish in sure if wish.name not in NO_TOPICS))
    name = str(whole[0]["name"])
    if person and person.ranking[0]["confidence"] > whole[0]["confidence"] and name != PERSON:
        return Several(person.ranking, wishes)
    if name == PERSON:
        return Several(whole, wishes)
    if len(wishes) > 1 or (wishes and name in MANNERS):
        first = _first(wishes, whole)
        return Several(first.ranking, tuple(wish for wish in wishes if wish is not first))
    if wishes and name in ANSWERS | {"complaint"} and is_sure(whole):
        return Several(whole, wishes)
    return None


def _first(wishes: Sequence[Wish], whole: Ranking) -> Wish:
    """The first one written, unless the message as a whole is clearly about another: what comes first may only say why
    ("we are moving, and I want to return a box")."""
    meant = next((wish for wish in wishes if wish.name == whole[0]["name"]), wishes[0])
    is_clear = whole[0]["confidence"] > wishes[0].ranking[0]["confidence"] + CLEARLY
    return meant if is_sure(whole) and is_clear else wishes[0]


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
