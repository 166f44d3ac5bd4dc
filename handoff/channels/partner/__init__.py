"""The page of a partner: one case, behind a link, for whoever has it. No account, no script needed, nothing kept.

What is shown comes from `handoff/partners/views.py` and nothing else; the link is looked at afresh at every request.
"""

from handoff.channels.partner.routes import router

__all__ = ["router"]
