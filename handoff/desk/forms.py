"""What the desk's forms may contain; anything else is refused."""

from typing import Annotated, Literal

from fastapi import Form
from pydantic import BaseModel, ConfigDict, Field

from handoff.masking import CardFree
from handoff.package import Handback, LearnedFact, Promise, Resume


class Filled(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Utterance(Filled):
    """`seen_seq` is the newest message on the agent's screen; `anyway` after they were shown what came since.

    `attachments` are ids of files uploaded before; with files the words may be empty."""

    text: str = Field(default="", max_length=4000)
    attachments: list[Annotated[str, Field(max_length=26)]] = Field(default=[], max_length=50)
    client_ref: str = Field(min_length=8, max_length=100)
    seen_seq: int = 0
    is_note: bool = False
    anyway: bool = False


class Transfer(Filled):
    team: str
    note: CardFree = Field(max_length=2000)


class Resolution(Filled):
    resolution: CardFree = Field(max_length=2000)


class GivenBack(Filled):
    outcome: Literal["resolved", "partly", "unresolved"]
    summary: str = Field(min_length=1, max_length=2000)
    resume_at: Resume = Resume.START
    promises: str = ""
    fact_name: list[str] = []
    fact_value: list[str] = []

    def handback(self) -> Handback:
        """Promises are one a line; a fact needs both its halves."""
        pairs = zip(self.fact_name, self.fact_value, strict=False)
        return Handback(
            outcome=self.outcome,
            summary=self.summary.strip(),
            facts_learned=[
                LearnedFact(name=_slot(name), value=value.strip())
                for name, value in pairs
                if name.strip() and value.strip()
            ],
            promises=[Promise(text=line.strip()) for line in self.promises.splitlines() if line.strip()],
            resume_at=self.resume_at,
        )


class Split(Filled):
    """`key` makes a second press do nothing; no team is the team of the case they leave."""

    message_ids: list[Annotated[str, Field(max_length=26)]] = Field(default=[], max_length=1000)
    title: CardFree = Field(default="", max_length=200)
    team: str = Field(default="", max_length=40)
    key: str = Field(min_length=8, max_length=60)


def _slot(name: str) -> str:
    return "_".join(name.strip().lower().replace("-", " ").split())


UtteranceForm = Annotated[Utterance, Form()]
TransferForm = Annotated[Transfer, Form()]
ResolutionForm = Annotated[Resolution, Form()]
GivenBackForm = Annotated[GivenBack, Form()]
