"""How people say that something went well or did not, and how easy it was. Pure.

Read only where exactly that was asked. What says both, or neither, says nothing: then it is answered like any message.
"""

import re

# Each begins with a "no" or "not" and means that all is well.
_NOTHING_WRONG = re.compile(
    r"\b(no|without( any| a)?|zero) (real |more |further )?(problems?|issues?|complaints?|trouble|worries|hiccups?)\b"
    r"|\bnot (too |so |half )?bad\b|\bcould ?n[o']?t (have )?(be(en)?|go(ne)?) (any )?better\b"
    r"|\bno,? (all|everything|it)('s| is| was| went)? "
    r"(good|fine|great|well|ok(ay)?|perfect|sorted)\b",
    re.I,
)
_DID_NOT = (
    r"(did|has|have|was|were|is|are|does|do|could|can|would|will) ?(n[o']?t|not|never)|ain'?t|never|no ?(body|one)|not"
)
_BAD = re.compile(
    rf"\b({_DID_NOT})( even| yet| really| ever| actually| been| quite| all| very| so| too| at all)? ?"
    r"(come|came|arrived?|show(ed|n)?|happen(ed)?|turn(ed)? up|work(s|ed|ing)?|pick(ed)?|collect(ed)?|go|went|help(ed)?"
    r"|deliver(ed)?|receiv(e|ed)|got(ten)?|get|call(ed)?|good|great|well|fine|happy|easy|ok(ay)?|perfect|right|solved?"
    r"|fix(ed)?|sorted|resolved|done|here|there|there yet|yet)\b"
    r"|\b(still|again) (broken|waiting|here|not|have|has|the same|slow|down|blink\w*|nothing|no\b|isn|does|doesn"
    r"|haven)"
    r"|\b(broken|broke|slow|down|stuck|failed|dropping|cutting out|out) again\b"
    r"|\bno (luck|show|sign of|signal|change)\b"
    r"|\b(wrong|worse|worst|missing|damaged|terrible|awful|horrible|badly|disaster|useless|unsolved"
    r"|nothing (came|happened|changed|arrived|works))\b",
    re.I,
)
_GOOD = re.compile(
    r"\b(went|go|goes|was|is|are|it'?s|all|everything|everything's|pretty|very|really|so) "
    r"(very |really |all |so |quite |just |pretty )?(well|fine|great|good|smooth(ly)?|perfect(ly)?|ok(ay)?|easy"
    r"|solved|sorted|fixed|done|resolved)\b"
    r"|\bworks?( now| again| fine| great| perfectly| well)|\b(perfect|great|excellent|wonderful|brilliant|amazing"
    r"|sorted|smoothly|no complaints)\b|\b(picked|got picked) (it )?up\b|\bit('s| has)? (arrived|came|come)\b",
    re.I,
)
_YES = re.compile(
    r"^\W*(y|ya|yes|yeah|yea|yep|yup|sure|ok(ay)?|absolutely|definitely|of course|indeed|fine|good|all good"
    r"|(it|they|he|she) (did|was|were|is|has|came))\b(?! ?n[o']?t)",
    re.I,
)
_NO = re.compile(r"^\W*(n|no+|nope|nah|not really|not yet|not at all|unfortunately|sadly|never|hardly)\b", re.I)

_EASE = (
    (1, r"(very|really|extremely|so|too) (hard|difficult|painful|complicated)|nightmare|impossible|terrible"),
    (5, r"(very|really|super|extremely|so) (easy|simple|smooth)|effortless|couldn'?t (have )?be(en)? easier|a breeze"),
    (2, r"hard|difficult|painful|complicated|not (so |very |that |really )?easy|frustrating"),
    (4, r"easy|simple|smooth|straightforward|quick"),
    (3, r"ok(ay)?|so[- ]so|neutral|average|in between|middling|fine|alright|all right"),
)
_DIGIT = re.compile(r"(?<![\d.,])([1-5])(?:\s*(?:/|out of|of)\s*5)?(?![\d.,/]*\d)")
_NUMBERS = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5}
_NOTHING = re.compile(
    r"^\W*(no+|nope|nah|nothing|none|that'?s (all|it)|no(pe)?,? thanks?|nothing (else|more)|all good)\W*$",
    re.I,
)
LONGEST_RATING = 60


def went_well(text: str) -> bool | None:
    """Whether it did; None when these words do not say."""
    nothing_wrong = bool(_NOTHING_WRONG.search(text))
    text = _NOTHING_WRONG.sub(" ", text)
    if _BAD.search(text):
        return False
    is_good = nothing_wrong or bool(_GOOD.search(text))
    if _NO.match(text):
        return True if nothing_wrong else None if is_good else False
    return True if is_good or _YES.match(text) else None


def ease(text: str) -> int | None:
    """From 1, hard, to 5, easy: a number, or how people put it in a few words."""
    if len(text) > LONGEST_RATING:
        return None
    found = {int(one) for one in _DIGIT.findall(text)} | {
        value for word, value in _NUMBERS.items() if re.search(rf"\b{word}\b", text, re.I)
    }
    if found:
        return found.pop() if len(found) == 1 else None
    return next((value for value, words in _EASE if re.search(rf"\b({words})\b", text, re.I)), None)


def is_nothing(text: str) -> bool:
    """ "No, that's all" to "anything to add?"."""
    return bool(_NOTHING.match(text))
