"""What the routes of partners and webhooks take and give."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from handoff.api.shapes import Shape
from handoff.masking import CardFree
from handoff.partners.kinds import State

Id = Annotated[str, Field(max_length=26)]
Name = Annotated[str, Field(min_length=1, max_length=60)]
Kind = Annotated[str, Field(min_length=1, max_length=40)]


class StateShape(Shape):
    """A state a partner may set. `customer_text` is said to the customer once; `{partner}` in it is the name."""

    name: str = Field(max_length=40)
    label: str = Field(max_length=60)
    customer_text: CardFree = Field(default="", max_length=300)
    opens: bool = False
    """Whether a case that waits for the partner is open again with it."""

    def state(self) -> State:
        return State(self.name, self.label, self.customer_text, self.opens)


class PartnerShape(Shape):
    """`has_secret` says whether their systems can sign webhooks to us."""

    id: str
    name: str
    kind: str
    states: list[StateShape]
    facts: list[str]
    is_active: bool
    has_secret: bool
    created_at: datetime


class PartnerAdded(Shape):
    name: str = Field(min_length=1, max_length=100)
    kind: str = Field(max_length=40)


class PartnerChanged(Shape):
    """What is left out stays."""

    states: list[StateShape] | None = Field(default=None, max_length=12)
    facts: list[Name] | None = Field(default=None, max_length=40)
    is_active: bool | None = None


class SecretShape(Shape):
    """Shown this once."""

    secret: str


class ShareShape(Shape):
    """A case open to a partner. `facts` are `{name, id}`; `is_open` says whether the link opens anything now."""

    id: str
    case_ref: str
    partner_id: str
    partner: str
    task: str
    facts: list[dict[str, str]]
    state: str | None
    is_open: bool
    created_at: datetime
    expires_at: datetime
    seen_at: datetime | None
    revoked_at: datetime | None
    revoked_why: str | None


class ShareOpened(Shape):
    """`facts` and `sensitive` are names or ids of facts of the case; sensitive ones are refused among `facts`."""

    partner_id: Id
    task: CardFree = Field(min_length=1, max_length=1000)
    facts: list[Name] = Field(default=[], max_length=40)
    sensitive: list[Name] = Field(default=[], max_length=40)
    message_ids: list[Id] = Field(default=[], max_length=100)
    days: int = Field(default=7, ge=1, le=60)
    waits: bool = False
    """Set the case waiting for the partner."""
    idempotency_key: str | None = Field(default=None, min_length=1, max_length=100)


class ShareWidened(Shape):
    facts: list[Name] = Field(default=[], max_length=40)
    sensitive: list[Name] = Field(default=[], max_length=40)
    message_ids: list[Id] = Field(default=[], max_length=100)


class ShareWithLink(ShareShape):
    """`link` is shown this once; a new one can be made, which closes this."""

    link: str


class ShareRevoked(Shape):
    why: CardFree = Field(default="", max_length=200)


class SaidToPartner(Shape):
    text: CardFree = Field(min_length=1, max_length=2000)
    idempotency_key: str | None = Field(default=None, min_length=1, max_length=60)


class EndpointShape(Shape):
    """An address that is told of events. No `events` means all; with `partner_id` it hears of their shares alone."""

    id: str
    name: str
    url: str
    events: list[str]
    partner_id: str | None
    is_on: bool
    off_because: str | None
    created_at: datetime


class EndpointAdded(Shape):
    name: str = Field(min_length=1, max_length=100)
    url: str = Field(max_length=500)
    events: list[Kind] = Field(default=[], max_length=60)
    partner_id: Id | None = None


class EndpointChanged(Shape):
    """What is left out stays."""

    name: str | None = Field(default=None, min_length=1, max_length=100)
    url: str | None = Field(default=None, max_length=500)
    events: list[Kind] | None = Field(default=None, max_length=60)
    is_on: bool | None = None


class EndpointWithSecret(EndpointShape):
    """`secret` is shown this once."""

    secret: str


class DeliveryShape(Shape):
    """One event for one address. `id` is its `webhook-id`; `next_at` when it is tried again."""

    id: str
    kind: str
    state: str
    attempts: int
    last_status: int | None
    last_error: str | None
    next_at: datetime | None
    created_at: datetime
    delivered_at: datetime | None


class WebhookTold(Shape):
    """What a partner's system says of a case: `share_ref` or `case_ref`, and a `state`, a `text` or both."""

    share_ref: str | None = Field(default=None, max_length=26)
    case_ref: str | None = Field(default=None, max_length=20)
    state: str | None = Field(default=None, max_length=40)
    text: str | None = Field(default=None, max_length=2000)


class WebhookTaken(Shape):
    """`is_new` is false for one that came before."""

    is_new: bool
