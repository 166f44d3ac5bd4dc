"""A case open to a partner, as everybody outside calls it: `shares.open`, `shares.read`, `shares.revoke`, …

It begins in `opening`; rights are kept in `granting`, shown in `views`, and talked through in `answers`.
"""

from handoff.partners.answers import say, set_state, write
from handoff.partners.granting import end_all, enter, expire, of_case, revoke, show
from handoff.partners.opening import open, renew_link  # noqa: A004, one opens a case to somebody
from handoff.partners.views import PartnerView, file_of, first_seen, read
from handoff.partners.webhooks import link_of

__all__ = [
    "PartnerView",
    "end_all",
    "enter",
    "expire",
    "file_of",
    "first_seen",
    "link_of",
    "of_case",
    "open",
    "read",
    "renew_link",
    "revoke",
    "say",
    "set_state",
    "show",
    "write",
]
