"""Days as people write them: "tomorrow", "last tuesday", "the 3rd", "in two weeks", "12/03", "end of the month". Pure.

A day is found relative to `today`. Without a word that looks back ("last", "since", "charged on …") it is the next one
to come: plans speak of those. Numbers are read month first, as the company's customers write them.
"""

import re
from dataclasses import dataclass
from datetime import date, timedelta

from words import slips

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
COUNTS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
MOST_IN_A_MESSAGE = 30

_MONTH = (
    r"(?P<month>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)\b"
)
_YEAR = r"(?:,?\s{1,2}(?P<year>(?:19|20)\d\d)\b)?"
_COUNT = rf"(?P<count>an?|a couple of|{'|'.join(COUNTS[1:])}|\d{{1,2}})"
_UNIT = r"(?P<unit>day|week|month|year)s?\b"
_WHICH = r"(?P<which>this past|this coming|last|past|this|next|coming)\s{1,2}"
_WEEKDAY = (
    r"(?P<weekday>mon(?:day)?|tue(?:s(?:day)?)?|wed(?:s|nesday)?|thu(?:rs?(?:day)?)?|fri(?:day)?|saturday|sunday"
    r"|(?<=on )(?:sat|sun)|(?<=this )(?:sat|sun)|(?<=next )(?:sat|sun)|(?<=last )(?:sat|sun)|(?<=or )(?:sat|sun))s?\b"
)
_NTH = r"(?P<day>\d{1,2})(?:\s?(?:st|nd|rd|th))?"
# What may follow "the 3rd" when it is a day. "The 3rd floor" and "the 3rd time" are none.
_AFTER_NTH = (
    "at|and|or|between|before|after|in|is|works?|would|will|please|pls|then|around|if|for|from|but|until|till?|to"
)
_BEFORE_MONTH = "|".join(f"(?<={word} )" for word in ("in", "since", "until", "by", "from"))
_BOUNDARY = r"(?<![\w/.,$£€#-])"
_SHAPES: tuple[tuple[str, str], ...] = (
    ("iso", r"(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})(?:T\d\d:\d\d(?:/\d\d:\d\d)?)?(?![\w/-])"),
    ("numbers", r"(?P<month>\d{1,2})(?P<by>[/-])(?P<day>\d{1,2})(?:(?P=by)(?P<year>\d{4}|\d\d))?(?![\w/-]|[.,]\d)"),
    ("numbers", r"(?P<day>\d{1,2})\.(?P<month>\d{1,2})\.(?P<year>\d{4})(?![\w/-]|[.,]\d)"),
    ("numbers", r"(?P<month>0\d|1[0-2]|[1-9])(?P<day>[0-3]\d)(?P<year>(?:19|20)\d\d)(?![\w/-])"),
    ("named", rf"(?:the\s{{1,2}})?{_NTH}\s{{1,2}}(?:of\s{{1,2}})?{_MONTH}{_YEAR}"),
    ("named", rf"{_MONTH}\.?\s{{1,2}}(?:the\s{{1,2}})?{_NTH}\b(?![:/]\d){_YEAR}"),
    ("end", rf"(?:the\s{{1,2}})?end\sof\s(?:the\s)?(?:(?P<which>this|next|last)\s)?(?:month\b|{_MONTH})"),
    ("after", r"(?:the\s)?day\s{1,2}(?:after\s{1,2}tomorrow|before\s{1,2}yesterday)\b"),
    ("ahead", rf"in\s{{1,2}}{_COUNT}\s{{1,2}}{_UNIT}(?:(?:'s|')?\s{{1,2}}time\b)?"),
    ("ahead", rf"{_COUNT}\s{{1,2}}{_UNIT}\s{{1,2}}from\s{{1,2}}(?:now|today)\b"),
    ("ago", rf"{_COUNT}\s{{1,2}}{_UNIT}\s{{1,2}}(?:ago|back|earlier)\b"),
    ("word", r"(?P<word>today|tonight|tomorrow|yesterday|last\s{1,2}night|this\s(?=morning|afternoon|evening))\b"),
    ("weekday", rf"(?:{_WHICH}(?:on\s)?)?{_WEEKDAY}(?:\s{{1,2}}(?P<later>(?:last|next)\sweek|week)\b)?"),
    ("span", rf"{_WHICH}(?P<span>weekend|week|month|year)\b"),
    ("span", r"the\s(?P<span>weekend)\b"),
    ("month", rf"(?:{_WHICH}|{_BEFORE_MONTH})(?!mar\b|sep\b){_MONTH}{_YEAR}"),
    (
        "of_month",
        rf"(?:the\s|(?<=on )|(?<=by ))(?P<day>\d{{1,2}})(?:st|nd|rd|th)\b(?!\s{{1,2}}(?!(?:{_AFTER_NTH})\b)\w)",
    ),
)
_PATTERNS = tuple((name, re.compile(_BOUNDARY + shape, re.I)) for name, shape in _SHAPES)
_LOOKS_BACK = re.compile(
    r"\b(?:since|bought|ordered|arrived|delivered|charged|paid|received|billed|started|happened|came|dated|died|broke"
    r"|stopped|returned|sent|called|spoke|posted|shipped|cancelled|moved|installed|lost)\b[^.!?\d]{0,30}$",
    re.I,
)


@dataclass(frozen=True)
class Days:
    """One mention: where it stands, and the first and last day it can mean, which are the same for a single day."""

    start: int
    end: int
    first: date
    last: date

    @property
    def iso(self) -> str:
        """ISO 8601: `2026-11-24`, or the interval `2026-11-23/2026-11-29`."""
        return self.first.isoformat() if self.first == self.last else f"{self.first}/{self.last}"


def find(text: str, today: date) -> list[Days]:
    """Every day or run of days spoken of, in reading order; none overlaps another."""
    read = slips.TIMES.read(text)
    taken = bytearray(len(text))
    found: list[Days] = []
    for name, pattern in _PATTERNS:
        for match in pattern.finditer(read.text):
            start, end = read.span(*match.span())
            if any(taken[start:end]):
                continue
            meant = _meant(name, match, today)
            if meant is not None:
                taken[start:end] = b"\1" * (end - start)
                found.append(Days(start, end, *meant))
    return sorted(found, key=lambda one: one.start)[:MOST_IN_A_MESSAGE]


def day(text: str, today: date) -> date | None:
    """The first single day spoken of, or None. "Next week" is no day."""
    return next((one.first for one in find(text, today) if one.first == one.last), None)


def spoken(when: date) -> str:
    """`Friday 4 December`, the same on every system."""
    return f"{when:%A} {when.day} {when:%B}"


Span = tuple[date, date]


def _meant(name: str, match: re.Match[str], today: date) -> Span | None:
    is_back = bool(_LOOKS_BACK.search(match.string, max(0, match.start() - 60), match.start()))
    said = {key: value.lower() for key, value in match.groupdict().items() if value}
    try:
        return _READERS[name](said, match.group().lower(), today, is_back)
    except (ValueError, OverflowError):
        # 30 February, 13/45.
        return None


def _iso(said: dict[str, str], text: str, today: date, is_back: bool) -> Span:
    return _one(date(int(said["year"]), int(said["month"]), int(said["day"])))


def _numbers(said: dict[str, str], text: str, today: date, is_back: bool) -> Span:
    month, number = int(said["month"]), int(said["day"])
    if month > 12 >= number:
        month, number = number, month
    if said.get("by") == "-" and "year" not in said:
        # "3-4" is more often a range, or three to four days.
        raise ValueError
    return _one(_nearest(today, month, number, said.get("year"), is_back))


def _named(said: dict[str, str], text: str, today: date, is_back: bool) -> Span:
    return _one(_nearest(today, _month_number(said["month"]), int(said["day"]), said.get("year"), is_back))


def _end(said: dict[str, str], text: str, today: date, is_back: bool) -> Span:
    if "month" in said:
        return _one(_of_month(said, text, today, is_back)[1])
    return _one(_span_of("month", said.get("which", "this"), today)[1])


def _after(said: dict[str, str], text: str, today: date, is_back: bool) -> Span:
    return _one(today + timedelta(days=2 if "after" in text else -2))


def _word(said: dict[str, str], text: str, today: date, is_back: bool) -> Span:
    ahead = {"tomorrow": 1, "yesterday": -1}.get(said["word"], -1 if said["word"].startswith("last") else 0)
    return _one(today + timedelta(days=ahead))


def _ahead(said: dict[str, str], text: str, today: date, is_back: bool) -> Span:
    return _one(_shifted(today, _count(said["count"]), said["unit"]))


def _ago(said: dict[str, str], text: str, today: date, is_back: bool) -> Span:
    return _one(_shifted(today, -_count(said["count"]), said["unit"]))


def _span(said: dict[str, str], text: str, today: date, is_back: bool) -> Span:
    return _span_of(said.get("span", "weekend"), said.get("which", "last" if is_back else "this"), today)


def _weekday(said: dict[str, str], text: str, today: date, is_back: bool) -> Span:
    number = next(at for at, name in enumerate(WEEKDAYS) if name.startswith(said["weekday"][:3]))
    which, later = said.get("which", ""), said.get("later", "")
    if later.endswith("week") and later != "week":
        monday, _ = _span_of("week", later.split()[0], today)
        return _one(monday + timedelta(days=number))
    if which in ("last", "past", "this past") or (is_back and not which):
        return _one(today - timedelta(days=(today.weekday() - number) % 7 or 7))
    ahead = (number - today.weekday()) % 7 or 7
    is_next_week = which == "next" and ahead + today.weekday() < 7
    return _one(today + timedelta(days=ahead + (7 if is_next_week or later == "week" else 0)))


def _of_month(said: dict[str, str], text: str, today: date, is_back: bool) -> Span:
    month, which = _month_number(said["month"]), said.get("which", "")
    is_past = which in ("last", "past", "this past") or (not which and (is_back or text == "since"))
    year = int(said["year"]) if "year" in said else today.year
    if "year" not in said and is_past and month >= today.month + (which == ""):
        year -= 1
    elif "year" not in said and which in ("next", "coming", "this coming", "") and not is_past and month < today.month:
        year += 1
    first = date(year, month, 1)
    return first, _last_of(first)


def _of_the_month(said: dict[str, str], text: str, today: date, is_back: bool) -> Span:
    """ "The 5th": of this month while it is still to come, else of the next; looking back, the other way round."""
    number, this = int(said["day"]), today.replace(day=1)
    months = [_shifted(this, -1 if is_back else 1, "month")]
    is_here = number <= today.day if is_back else number >= today.day
    return _one(next(when for month in ([this, *months] if is_here else months) if (when := _dated(month, number))))


_READERS = {
    "iso": _iso,
    "numbers": _numbers,
    "named": _named,
    "end": _end,
    "after": _after,
    "word": _word,
    "ahead": _ahead,
    "ago": _ago,
    "span": _span,
    "weekday": _weekday,
    "month": _of_month,
    "of_month": _of_the_month,
}


def _one(when: date) -> Span:
    return when, when


def _nearest(today: date, month: int, number: int, year: str | None, is_back: bool) -> date:
    """Without a year: the next such day, or the last one when the words look back."""
    if year:
        return date(int(year) + (2000 if len(year) == 2 else 0), month, number)
    for ahead in range(9):
        when = _dated(date(today.year + (-ahead if is_back else ahead), month, 1), number)
        if when and (when <= today if is_back else when >= today):
            return when
    raise ValueError


def _dated(month: date, number: int) -> date | None:
    return month.replace(day=number) if 1 <= number <= _last_of(month).day else None


def _month_number(name: str) -> int:
    return MONTHS.index(name[:3]) + 1


def _last_of(first: date) -> date:
    return _shifted(first, 1, "month") - timedelta(days=1)


def _count(said: str) -> int:
    if said.isdigit():
        return int(said)
    return 2 if said == "a couple of" else COUNTS.index(said) if said in COUNTS else 1


def _shifted(day: date, count: int, unit: str) -> date:
    if unit in ("day", "week"):
        return day + timedelta(days=count * (7 if unit == "week" else 1))
    months = day.year * 12 + day.month - 1 + count * (12 if unit == "year" else 1)
    first = date(months // 12, months % 12 + 1, 1)
    # The 31st a month on is the last day there.
    following = date((months + 1) // 12, (months + 1) % 12 + 1, 1)
    return min(first + timedelta(days=day.day - 1), following - timedelta(days=1))


def _span_of(unit: str, which: str, today: date) -> Span:
    """The week (from Monday), weekend, month or year that is this one, the last or the next."""
    step = -1 if which in ("last", "past", "this past") else 1 if which in ("next", "coming") else 0
    if unit in ("week", "weekend"):
        monday = today - timedelta(days=today.weekday()) + timedelta(days=7 * step)
        return monday + timedelta(days=5 if unit == "weekend" else 0), monday + timedelta(days=6)
    first = _shifted(today.replace(day=1) if unit == "month" else today.replace(month=1, day=1), step, unit)
    return first, _shifted(first, 1, unit) - timedelta(days=1)
