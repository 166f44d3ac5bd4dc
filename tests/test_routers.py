"""Routers that are passed by at once lead where the same routers of FastAPI lead."""

import httpx
import pytest
from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute

from handoff.app import create_app
from handoff.assistants.scripted import Scripted
from handoff.routers import Router

ASKED = ("/desk", "/desk/cases", "/desk/cases/C-1", "/desk/cases/C-1/x", "/desk/settings", "/desk/", "/cases/C-1", "/")


def _app(kind: type[APIRouter]) -> FastAPI:
    app, desk, of_a_case = FastAPI(), kind(prefix="/desk"), kind(prefix="/cases/{ref}")

    @desk.get("")
    @desk.get("/settings")
    def page() -> str:
        return "page"

    @of_a_case.get("")
    @of_a_case.post("/x")
    def case(ref: str) -> str:
        return ref

    desk.include_router(of_a_case)
    app.include_router(desk)
    return app


async def _asked(app: FastAPI, method: str, path: str, root_path: str = "") -> httpx.Response:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False, root_path=root_path)
    async with httpx.AsyncClient(transport=transport, base_url="http://hub.example") as client:
        return await client.request(method, path)


@pytest.mark.parametrize("root_path", ["", "/behind/a/proxy"])
@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
async def test_every_address_is_answered_alike(root_path: str, method: str) -> None:
    for path in (*ASKED, *(root_path + path for path in ASKED)):
        ours, theirs = [await _asked(_app(kind), method, path, root_path) for kind in (Router, APIRouter)]
        assert (ours.status_code, ours.content) == (theirs.status_code, theirs.content), path


async def test_a_request_for_the_desk_asks_no_route_of_the_api(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    really = APIRoute.matches
    monkeypatch.setattr(APIRoute, "matches", lambda self, scope: asked.append(self.path) or really(self, scope))
    await _asked(create_app(Scripted()), "GET", "/desk/settings/teams")
    assert asked
    assert not [path for path in asked if path.startswith(("/api", "/cases", "/conversations"))]
