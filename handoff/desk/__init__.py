"""The agent desk: server-rendered pages, kept alive by one socket. Mounted at `/desk` by the app.

Pages are built from frozen values (`pages`), read by `reads`, changed by the verbs of the noun modules, and drawn by
`templates/`. Nothing here decides who may speak; it shows what the nouns answer.
"""

from handoff.desk import (
    canned_routes,
    care_routes,
    case_list_routes,
    case_moves_routes,
    case_routes,
    conversation_routes,
    doors,
    exceptions_routes,
    file_routes,
    finding_routes,
    finding_settings_routes,
    partners_routes,
    person_routes,
    removals_routes,
    route_routes,
    rules_routes,
    settings_routes,
    socket,
    statics,
    team_routes,
)
from handoff.desk.refusals import refusal_page
from handoff.routers import Router

router = Router(under="/desk", include_in_schema=False)
for part in (
    doors,
    conversation_routes,
    file_routes,
    partners_routes,
    person_routes,
    case_list_routes,
    case_moves_routes,
    case_routes,
    care_routes,
    exceptions_routes,
    removals_routes,
    finding_routes,
    finding_settings_routes,
    settings_routes,
    team_routes,
    route_routes,
    rules_routes,
    canned_routes,
    socket,
    statics,
):
    router.include_router(part.router)

__all__ = ["refusal_page", "router"]
