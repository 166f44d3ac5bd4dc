"""The way into the settings. Each section has routes of its own."""

from fastapi.responses import RedirectResponse

from handoff.desk.settings_pages import SECTIONS
from handoff.desk.visit import Supervisor
from handoff.routers import Router

router = Router(prefix="/desk/settings")


@router.get("")
async def first(visit: Supervisor) -> RedirectResponse:
    return RedirectResponse(SECTIONS[0].href, 303)
