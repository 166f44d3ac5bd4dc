"""How identifiers are spelled: the patterns behind `identifiers`. Every repetition is bounded, so none can run away."""

import re

NUMBERED = {
    "order_number": r"orders?|purchase",
    "account_number": r"accounts?|acct|acc|customer|a/c",
    "policy_number": r"polic(?:y|ies)",
    "claim_number": r"claims?",
    "case_ref": r"cases?|ticket",
    "return_number": r"rma|return(?=\s{1,3}(?:no|nr|num|number|id|ref|code|label)\b)",
    "serial_number": r"serial|s/n|imei",
    "postcode": r"zip|zipcode|postcode|post code|postal code|pin code",
    "username": r"user ?name|user ?id|login",
    "ssn": r"ssn|social security",
}
"""Fact names, and the words that announce one."""

LABELS = "|".join(f"(?P<{name}>{words})" for name, words in NUMBERED.items())
KIND = r"code|numbers?|num|no|nr|ids?|ref|reference"
JOINT = r"is|was|are|it'?s|here|last|four|digits?"
NOT_A_PREFIX = (
    r"a|about|all|am|an|and|apt|are|as|at|ave|but|by|can|cost|day|dc|dec|did|due|for|from|get|had|has|i|if|in|is|it|jan|jul"
    r"|jun|just|last|line|may|me|my|next|no|not|now|of|off|oh|ok|on|only|or|our|out|over|paid|pay|plus|sep|so|some|ssn|than"
    r"|that|the|then|they|this|till|to|unit|up|usd|was|we|went|what|when|who|will|with|year|yes|you"
)
PREFIX = rf"(?!(?:{NOT_A_PREFIX})\b)[a-z]{{1,4}}"
PIECE = r"\d[\da-z]{0,30}(?:-[\da-z]{1,12}){0,4}"
SPACED = r"\d{4}(?: \d{2,4}){1,4}(?!\w)"
VALUE = rf"(?:{PREFIX}[ #-]?)?(?:{SPACED}|{PIECE})|(?-i:[A-Z0-9]{{6,20}})|[a-z]{{1,20}}\d[\da-z]{{0,20}}"

LABEL_BEFORE = re.compile(
    rf"\b(?:{LABELS})\b(?:[\s:=#,.-]{{0,4}}\b(?:{KIND}|{JOINT})\b){{0,5}}[\s:=#,.|-]{{0,4}}(?P<value>{VALUE})(?!\w)",
    re.I,
)
LABEL_AFTER = re.compile(
    rf"[\s,:-]{{0,3}}(?:(?:is|was|for|as|this|that|that's|it's|my|the|our|of|last|four)\s{{1,2}}){{0,4}}(?:{LABELS})\b",
    re.I,
)
VALUE_NEXT = re.compile(rf"(?:\s(?:{KIND}|is|of))?(?:\s(?:is|of))?[\s:=#]{{1,3}}\d", re.I)
"""After a label: it announces this number, and not the one before it."""

EMAIL = re.compile(r"(?<![\w.+%-])[\w.+%-]{1,64}@(?:[\w-]{1,63}\.){1,6}[a-z]{2,24}", re.I)
ORDER = re.compile(r"\bF[- ]?(?P<number>\d{5})\b", re.I)
CASE_REF = re.compile(r"\bC[- ]?(\d{3})[- ]?(\d{3})(?:[- ]?(\d{3}))?(?:[- ]?(\d))?\b", re.I)
"""People leave out the check digit. Three digits more when the short references are used up."""
RETURN = re.compile(r"\bRN[- ]?(?P<number>\d{3,6})\b", re.I)
SSN = re.compile(r"(?<![\w-])\d{3}-\d{2}-\d{4}(?![\w-])")

NOT_WITHIN_NUMBER = r"(?<![\w$£€.,/-])"
AMOUNT_NAMED = re.compile(
    r"\b(?:amount|charged?|price|fee|cost|total|refund of|bill (?:of|for))\b"
    r"(?:[\s:=-]{1,3}\b(?:was|is|of|for|me|at|about|only|amount|it|and)\b){0,4}"
    r"[\s:=]{1,3}(?P<value>\d{1,7}(?:\.\d{1,2})?)(?![\w/-]|[.,]\d)",
    re.I,
)
MONTHS = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}"
DATE = re.compile(
    r"(?<![\w/.-])(?:\d{4}-\d\d-\d\d|\d{1,2}/\d{1,2}/(?:\d{4}|\d\d)|\d{1,2}\.\d{1,2}\.\d{4}"
    rf"|{MONTHS}\.?\s{{1,2}}\d{{1,2}}\s?(?:st|nd|rd|th)?(?:,?\s{{1,2}}\d{{4}})?"
    rf"|\d{{1,2}}\s?(?:st|nd|rd|th)?\s{{1,2}}(?:of\s{{1,2}})?{MONTHS}(?:\s{{1,2}}\d{{4}})?)(?![\w/])",
    re.I,
)
COMPACT_DATE = re.compile(r"(?<![\w/.-])(?:\d{1,2})(?:\d\d)(?:19|20)\d\d(?![\w/-])")
SHORT_DATE = re.compile(
    r"\b(?:date|dated|on|since)\b(?:\s{1,2}(?:is|was|on)){0,2}[\s:]{1,2}(?P<value>\d{6})(?![\w/-])", re.I
)

PHONE = re.compile(
    r"(?<![\w$£€./-])(?:(?:\+?1[ .-]?)?(?:\(\d{3}\)[ .-]?|\d{3}[ .-])\d{3}[ .-]?\d{4}"
    r"|\+\d{1,3}(?:[ .()-]{1,2}\d{1,8}){1,5}|\+\d{8,15})(?![\w-])"
)
PHONE_IF_SPOKEN_OF = re.compile(r"(?<![\w$£€./-])(?:\d{3}[ .-]\d{4}|\d{8,13})(?![\w-])")
SPEAKS_OF_PHONE = re.compile(
    r"\b(?:phone|mobile|cell|call me|tel|telephone|reach me|text me|my number)\b[^\d.!?]{0,25}$", re.I
)

NOT_A_NAME = r"and|my|i|the|with|account|ssn|from|is|on|but|not|it|in|at|last|order|email|phone"
NAME = re.compile(
    r"(?:\b(?:my (?:full |new )?name(?: is|'s)?|full name(?: is)?:?|^name|(?<!user )name(?: is|:))"
    r"|^(?:this is|i am|i'm)(?=\s[a-z'-]{2,20}\s[a-z'-]{2,20}$))"
    rf"\s{{1,2}}(?P<value>(?!(?:{NOT_A_NAME}|a|so|very|having|going|looking)\b)[a-z][a-z'-]{{1,20}}"
    rf"(?:\s(?!(?:{NOT_A_NAME})\b)[a-z][a-z'-]{{1,20}}){{0,2}})(?!\w)",
    re.I,
)
_NO_ANSWER_NAME = rf"{NOT_A_NAME}|yes|yeah|no|nope|ok|okay|sure|thanks?|hi|hello|please|why|what|don'?t|not|you|we|can"
BARE_NAME = re.compile(
    rf"^\W{{0,3}}(?:it'?s |this is |i am |i'm )?(?P<value>(?!(?:{_NO_ANSWER_NAME})\b)[a-z][a-z'-]{{1,20}}"
    rf"(?:\s(?!(?:{_NO_ANSWER_NAME})\b)[a-z][a-z'-]{{1,20}}){{1,2}})\W{{0,3}}$",
    re.I,
)
"""Two or three words as the whole answer to the question for a name."""
LONG_NUMBER = re.compile(rf"{NOT_WITHIN_NUMBER}(?:\d{{4}}(?: \d{{4}}){{1,3}}|\d{{7,20}})(?![\w/-]|[.,]\d)")
CODE = re.compile(r"(?<![\w.@-])(?=[A-Z]{0,13}\d)(?=\d{0,13}[A-Z])[A-Z0-9]{6,14}(?![\w@-])")
LETTERS_CODE = re.compile(r"(?<![\w.@-])(?=[A-Z]{0,9}[B-DF-HJ-NP-TV-Z]{5})[A-Z]{8,12}(?![\w@-])")
PREFIXED = re.compile(rf"(?<![\w-]){PREFIX}[ -](?:\d{{3,4}}|\d{{7,12}})(?![\w-])", re.I)
SHORT_NUMBER = re.compile(rf"{NOT_WITHIN_NUMBER}\d{{4,6}}(?:-\d{{4}})?(?![\w/-]|[.,]\d)")
LOWER_CODE = re.compile(r"(?<![\w.@-])(?=[a-z]{1,12}\d)[a-z0-9]{5,16}(?![\w@-])")
LABELLED_CODE = re.compile(r"(?=[a-z]{1,6}\d)(?=.{1,14}\d[a-z]{0,6}$)[a-z0-9]{8,16}")
"""Only beside its label: elsewhere it is a word with a number behind it."""
CODES = (CODE, LETTERS_CODE, LABELLED_CODE)
YEAR = re.compile(r"(?:19|20)\d\d")
IN_A_PLACE = re.compile(r"\b(?:in|near|around|at)\s{1,2}$", re.I)
AFTER_A_PLACE = re.compile(r"(?:[a-z]{2,20},?|,\s?[A-Z]{2})\s{1,2}$", re.I)
AFTER_AN_ACCOUNT = re.compile(
    r"\b(?:account|acct)(?: (?:number|no|nr))?[\s:#.]{0,3}(?:is )?[\s:#]{0,2}\d{4,6}[\s,;/]{1,4}$", re.I
)
"""A number right behind that of one account is not another account."""
SPEAKS_OF_ACCOUNT = re.compile(r"\b(?:accounts?|acct|customer (?:number|id|no))\b", re.I)
FILLER = re.compile(
    r"\b(?:and|or|it|is|its|my|the|here|this|ok|okay|sure|yes|yeah|please|sorry|number|id|no|hi|thanks)\b|\W", re.I
)
