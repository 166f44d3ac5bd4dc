"""Why an agent was chosen, in sentences somebody at the desk reads. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from handoff.routing.choosing import Candidate

MOST_PASSED_OVER = 3
LANGUAGES = {
    "ar": "Arabic",
    "de": "German",
    "en": "English",
    "es": "Spanish",
    "fr": "French",
    "hi": "Hindi",
    "it": "Italian",
    "ja": "Japanese",
    "ko": "Korean",
    "nl": "Dutch",
    "pl": "Polish",
    "pt": "Portuguese",
    "ru": "Russian",
    "tr": "Turkish",
    "uk": "Ukrainian",
    "vi": "Vietnamese",
    "zh": "Chinese",
}


def language(code: str) -> str:
    """`de-AT` -> `German`; a code nobody wrote a name for stays as it is."""
    base = code.split("-")[0].lower()
    return LANGUAGES.get(base, code)


def joined(parts: Sequence[str]) -> str:
    """`a, b and c`"""
    return " and ".join(filter(None, [", ".join(parts[:-1]), parts[-1] if parts else ""]))


def of_choice(
    chosen: Candidate | None,
    candidates: Sequence[Candidate],
    team: str,
    skill_names: Mapping[str, str],
    wanted_language: str,
    now: datetime,
) -> tuple[str, ...]:
    """Who is asked and why, then who would have been better and why not. `skill_names` are those the case asks for."""
    if chosen is None:
        return _nobody(candidates, team)
    said = [_fit(chosen, skill_names, wanted_language)]
    if chosen.knew_at:
        said.append(f"{chosen.agent.name} had this customer {day_of(chosen.knew_at, now)}.")
    said.append(f"{chosen.agent.name} has {chosen.load} of {chosen.agent.capacity} conversations.")
    better = sorted((one for one in candidates if one.rank < chosen.rank and not one.is_free), key=lambda one: one.rank)
    said += [_passed_over(one, chosen, now) for one in better[:MOST_PASSED_OVER]]
    return tuple(said)


def _fit(one: Candidate, skill_names: Mapping[str, str], wanted_language: str) -> str:
    name, lacks = one.agent.name, [skill_names.get(skill, skill) for skill in one.lacks]
    if one.fits:
        has = f", speaks {language(wanted_language)} and has the skill {joined(list(skill_names.values()))}"
        return f"{name} is at the desk{has if skill_names else f' and speaks {language(wanted_language)}'}."
    missing = [f"does not speak {language(wanted_language)}"] if not one.speaks else []
    missing += [f"lacks the skill {joined(lacks)}"] if lacks else []
    return f"Nobody free fits fully; {name} comes closest, but {joined(missing)}."


def _passed_over(one: Candidate, chosen: Candidate, now: datetime) -> str:
    name = one.agent.name
    if one.fits and not chosen.fits:
        good = f"{name} has what it takes"
    elif one.knew_at and not chosen.knew_at:
        good = f"{name} had this customer {day_of(one.knew_at, now)}"
    else:
        good = f"{name} would have been asked"
    why = "declined it" if one.has_declined else f"is full ({one.load} of {one.agent.capacity})"
    return f"{good}, but {why}."


def _nobody(candidates: Sequence[Candidate], team: str) -> tuple[str, ...]:
    if not candidates:
        return (f"Nobody of {team} is at the desk; whoever comes first is asked.",)
    why = [
        f"{one.agent.name} declined it" if one.has_declined else f"{one.agent.name} is full"
        for one in candidates[: MOST_PASSED_OVER + 2]
    ]
    return (f"Nobody of {team} is free: {joined(why)}. It waits where everybody sees it.",)


def day_of(at: datetime, now: datetime) -> str:
    """`today`, `yesterday`, `on Tuesday` within the week, else `on 3 November`. In UTC, as times are stored."""
    days = (now.date() - at.date()).days
    if days <= 1:
        return "today" if days <= 0 else "yesterday"
    return f"on {at:%A}" if now - at < timedelta(days=7) else f"on {at.day} {at:%B}"
