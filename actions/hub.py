"""The hub, as actions ask it: handovers and cases. Blocking; call it through `asyncio.to_thread`.

An answer is what the hub decided; only it may be announced to the customer. `HubUnreachable` means nothing is known,
`HubRefused` that the hub said no and why.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, TypeVar
from urllib.parse import quote

import requests
from pydantic import BaseModel, ConfigDict, ValidationError

from handoff.settings import settings

CONNECT_TIMEOUT_S = 1.0
READ_TIMEOUT_S = 3.0


class HubError(Exception):
    """The hub could not do what was asked."""


class HubUnreachable(HubError):
    pass


class HubRefused(HubError):
    """`code` is the hub's; `not_found` is the one a customer may hear of."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


T = TypeVar("T", bound=_Answer)


class Wait(_Answer):
    """An honest range in seconds."""

    low: int
    high: int


class HandoverAnswer(_Answer):
    """`state` is `queued`, `out_of_hours` or `with_agent`."""

    case_ref: str
    state: str
    queue_position: int | None = None
    wait_s: Wait | None = None
    is_staffed: bool = True
    opens_at: datetime | None = None
    promised_at: datetime | None = None
    agent_name: str | None = None
    already: bool = False


class Case(_Answer):
    ref: str
    title: str
    status: str
    updated_at: datetime | None = None
    resolution: str | None = None
    promised_at: datetime | None = None


class FollowUpAnswered(_Answer):
    """`case_ref` is the case that goes on when it did not go well."""

    case_ref: str


class SurveyAnswered(_Answer):
    """`ask_next` is what is still to be asked: `ease`, `words` or nothing."""

    case_ref: str
    ask_next: str | None = None


class CodeSent(_Answer):
    """`sent_to` is masked and may be said."""

    sent_to: str
    expires_at: datetime


@dataclass(frozen=True)
class Hub:
    """Shared by threads. Environment proxies are ignored: the hub is on loopback and the token must stay there."""

    url: str
    token: str
    session: requests.Session

    def hand_over(self, package: Mapping[str, Any]) -> HandoverAnswer:
        return _read(HandoverAnswer, self._call("POST", "/handovers", json=package))

    def cases(self, customer_id: str) -> tuple[Case, ...]:
        """Newest first."""
        return tuple(_read(Case, row) for row in self._call("GET", "/cases", params={"customer_id": customer_id}))

    def case(self, ref: str) -> Case:
        return _read(Case, self._call("GET", f"/cases/{quote(ref, safe='')}"))

    def open_case(self, case: Mapping[str, Any]) -> Case:
        return _read(Case, self._call("POST", "/cases", json=case))

    def note(self, ref: str, text: str, *, key: str) -> None:
        self._call("POST", f"/cases/{quote(ref, safe='')}/notes", json={"text": text, "idempotency_key": key})

    def reopen(self, ref: str, reason: str, *, key: str) -> Case:
        body = {"reason": reason, "idempotency_key": key}
        return _read(Case, self._call("POST", f"/cases/{quote(ref, safe='')}/reopen", json=body))

    def answer_follow_up(self, follow_up_id: str, told: Mapping[str, Any]) -> FollowUpAnswered:
        path = f"/follow-ups/{quote(follow_up_id, safe='')}/answer"
        return _read(FollowUpAnswered, self._call("POST", path, json=told))

    def answer_survey(self, survey_id: str, told: Mapping[str, Any]) -> SurveyAnswered:
        return _read(SurveyAnswered, self._call("POST", f"/surveys/{quote(survey_id, safe='')}/answer", json=told))

    def send_code(self, conversation_id: str, *, via: str, address: str, account_number: str) -> CodeSent:
        """Six digits to what the account has on file; the hub reads them back out of the customer's words."""
        body = {"via": via, "address": address, "account_number": account_number}
        return _read(CodeSent, self._call("POST", f"/conversations/{quote(conversation_id, safe='')}/codes", json=body))

    def _call(self, method: str, path: str, **request: Any) -> Any:
        try:
            answer = self.session.request(
                method,
                f"{self.url}/api/v1{path}",
                headers={"Authorization": f"Bearer {self.token}"},
                timeout=(CONNECT_TIMEOUT_S, READ_TIMEOUT_S),
                allow_redirects=False,
                **request,
            )
            body = answer.json() if answer.content else {}
        except (requests.RequestException, ValueError) as error:
            raise HubUnreachable(f"The hub did not answer {method} {path}.") from error
        if not 200 <= answer.status_code < 300:
            raise _refusal(answer.status_code, body)
        return body


def hub() -> Hub:
    """The hub as the settings say now."""
    now = settings()
    return _hub(now.hub_url, now.actions_token)


@lru_cache
def _hub(url: str, token: str) -> Hub:
    session = requests.Session()
    session.trust_env = False
    return Hub(url, token, session)


def _read(shape: type[T], body: Any) -> T:
    try:
        return shape.model_validate(body)
    except ValidationError as error:
        raise HubUnreachable("The hub answered in a shape we do not know.") from error


def _refusal(status: int, body: Any) -> HubError:
    said = body if isinstance(body, dict) else {}
    if status >= 500:
        return HubUnreachable(f"The hub failed with {status}.")
    return HubRefused(status, str(said.get("code", "refused")), str(said.get("message", "The hub refused.")))
