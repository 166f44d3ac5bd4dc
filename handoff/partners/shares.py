"""A case open to a partner, as everybody outside calls it: `shares.open`, `shares.read`, `shares.revoke`, …

The rights are given in `granting`, shown in `views`, and talked through in `answers`.
"""

from handoff.partners.answers import say, set_state, write
from handoff.partners.granting import end_all, enter, expire, of_case, open, renew_link, revoke, show  # noqa: A004
from handoff.partners.views import PartnerView, file_of, first_seen, read

__all__ = [
    "PartnerView",
    "end_all",
    "enter",
    "expire",
    "file_of",
    "first_seen",
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
