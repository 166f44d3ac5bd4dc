"""What the API takes and gives of effort, promises, follow-ups and surveys."""

from datetime import datetime

from pydantic import AwareDatetime, Field

from handoff.api.shapes import Shape
from handoff.masking import CardFree


class EffortShape(Shape):
    """Sums; durations in seconds. `channels` in the order they were used. `owed_since` while a word is owed."""

    contacts: int
    channels: list[str]
    transfers: int
    repeated_facts: int
    repeated_questions: int
    waited_s: int
    days_open: int
    broken_promises: int
    owed_since: datetime | None
    asked_twice: list[str]
    told_twice: list[str]


class PromiseShape(Shape):
    """`state` is open, kept, broken or withdrawn; a broken one can still be kept. `made_by` is None for the
    assistant's; `agent_id` is who is reminded, None for whoever has the case."""

    id: str
    text: str
    due_at: datetime
    made_by: str | None
    agent_id: str | None
    state: str
    reminded_at: datetime | None
    ended_at: datetime | None
    created_at: datetime


class Promised(Shape):
    """Without `due_at` the day is read from the words: "a label by Friday"."""

    text: CardFree = Field(min_length=1, max_length=300)
    due_at: AwareDatetime | None = None
    agent_id: str | None = Field(default=None, max_length=26)


class Withdrawn(Shape):
    reason: CardFree = Field(min_length=1, max_length=1000)


class FollowUpShape(Shape):
    """`state` is planned, asked, answered or dropped; `detail` says why it was dropped."""

    id: str
    question: str
    due_at: datetime
    state: str
    conversation_id: str | None
    went_well: bool | None
    words: str | None
    detail: str | None
    created_at: datetime
    answered_at: datetime | None


class FollowUpPlanned(Shape):
    question: CardFree = Field(min_length=1, max_length=300)
    due_at: AwareDatetime
    idempotency_key: str | None = Field(default=None, min_length=1, max_length=70)


class Dropped(Shape):
    why: CardFree = Field(default="", max_length=200)


class FollowUpAnswer(Shape):
    """`message_id` is the customer's message it was said in. Answering again with the same changes nothing."""

    went_well: bool
    words: CardFree = Field(default="", max_length=2000)
    message_id: str | None = Field(default=None, max_length=26)


class FollowUpAnswered(FollowUpShape):
    """`case_ref` is the case that goes on when it did not go well: opened again, or new where that was long ago."""

    case_ref: str


class SurveyShape(Shape):
    """`ease` is from 1, hard, to 5, easy."""

    id: str
    due_at: datetime
    state: str
    conversation_id: str | None
    is_solved: bool | None
    ease: int | None
    words: str | None
    detail: str | None
    created_at: datetime
    answered_at: datetime | None


class SurveyPlanned(Shape):
    after_s: float = Field(default=3600, ge=0, le=30 * 86400)


class SurveyAnswer(Shape):
    """One of the answers or several; what is left out stays as it was."""

    is_solved: bool | None = None
    ease: int | None = Field(default=None, ge=1, le=5)
    words: CardFree | None = Field(default=None, max_length=2000)
    message_id: str | None = Field(default=None, max_length=26)


class SurveyAnswered(SurveyShape):
    """`ask_next` is what is still to be asked: ease, words or nothing."""

    case_ref: str
    ask_next: str | None


class ReportLine(Shape):
    """Of the cases of one team and topic that began in the period. `effort` is the median of contacts beyond the
    first, transfers and repeats together; shares are from 0 to 1."""

    team: str
    topic: str
    cases: int
    effort: float
    one_contact_share: float
    contacts: float
    transfers: float
    repeats: float
    waited_s: float
    most_asked_twice: str | None
    broken_promises: int
    solved_share: float | None
    ease: float | None
