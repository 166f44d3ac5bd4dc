"""Where one clause of a message ends and the next begins, and what a clause does by itself. Pure.

Conservative: lists ("the modem and the router"), numbers and addresses stay whole; what nothing joins is one clause.
"""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Clause:
    """`text == message[start:end]`. `is_apart`: a sentence, or a word like "also", parts it from the clause before."""

    text: str
    start: int
    end: int
    is_apart: bool = True


FEWEST_WORDS = 2

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
        if joint.lastgroup != "end" and words(piece.text if piece else "") < FEWEST_WORDS:
            continue
        pieces += [piece] if piece else []
        start, is_apart = joint.end(), joint.lastgroup != "and"
    last = _trimmed(message, start, len(message), is_apart)
    return pieces + ([last] if last else [])


def leans(clause: Clause) -> bool:
    """Whether it is about something named before it."""
    return bool(_LEANS.search(clause.text))


def stands_alone(clause: Clause) -> bool:
    """Whether the words ask for something by themselves."""
    return not ((clause.start and leans(clause)) or _NO_WISH.search(clause.text) or _TOLD.search(clause.text))


def words(text: str) -> int:
    return len(_WORD.findall(text))


def _trimmed(message: str, start: int, end: int, is_apart: bool) -> Clause | None:
    """The span without white space and joining words at its front, and without marks at its end; None when no word is
    left."""
    lead = _LEAD.match(message[start:end])
    start += lead.end() if lead else 0
    text = message[start:end].rstrip(" \t\r\n,:(&+/-")
    return Clause(text, start, start + len(text), is_apart) if _WORD.search(text) else None
