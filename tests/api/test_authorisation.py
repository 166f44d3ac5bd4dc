"""Who may do what: every route of the API against every kind of caller. A route without a row here fails the test."""

from collections.abc import Mapping

import pytest
from fastapi.routing import APIWebSocketRoute
from starlette.routing import WebSocketRoute

from handoff.api.routes import router
from handoff.models import new_id
from tests.api.conftest import PASSWORD, Served

SUPERVISORS = {"supervisor"}
DESK = {"agent", "signed-in agent", *SUPERVISORS}
READS, HELPS, ANYONE, OPEN = {"read", *DESK}, {"assistant", *DESK}, {"read", "assistant", *DESK}, None
"""Who gets past the door. `OPEN` asks for no token."""
SIGNED: set[str] = set()
"""No token opens it: the partner's own signature does."""

THREAD = "/api/v1/conversations/{conversation_id}"
MATRIX: Mapping[str, set[str] | None] = {
    "POST /api/v1/sign-in": OPEN,
    "POST /api/v1/presence/online": DESK,
    "POST /api/v1/presence/away": DESK,
    "POST /api/v1/handovers": {"assistant"},
    "GET /api/v1/handovers": READS,
    "GET /api/v1/handovers/{handover_id}": READS,
    "GET /api/v1/schemas/handover-package": OPEN,
    f"GET {THREAD}": READS,
    f"GET {THREAD}/messages": READS,
    f"POST {THREAD}/messages": DESK,
    f"PATCH {THREAD}/messages/{{message_id}}": DESK,
    f"DELETE {THREAD}/messages/{{message_id}}": DESK,
    f"POST {THREAD}/attachments": DESK,
    f"DELETE {THREAD}/attachments/{{attachment_id}}": DESK,
    "GET /api/v1/attachments/{attachment_id}": READS,
    "GET /api/v1/attachments/{attachment_id}/content": READS,
    f"POST {THREAD}/notes": DESK,
    f"GET {THREAD}/facts": READS,
    f"POST {THREAD}/facts": DESK,
    f"GET {THREAD}/turns": READS,
    f"GET {THREAD}/handover": READS,
    f"POST {THREAD}/accept": DESK,
    f"POST {THREAD}/decline": DESK,
    f"POST {THREAD}/take-over": DESK,
    f"POST {THREAD}/transfer": DESK,
    f"POST {THREAD}/resolve": DESK,
    f"POST {THREAD}/give-back": DESK,
    f"GET {THREAD}/person": READS,
    f"POST {THREAD}/joins": DESK,
    f"POST {THREAD}/reply-to": DESK,
    f"POST {THREAD}/codes": HELPS,
    "POST /api/v1/joins/{join_id}/undo": DESK,
    "GET /api/v1/cases": ANYONE,
    "POST /api/v1/cases": HELPS,
    "GET /api/v1/cases/{ref}": ANYONE,
    "PATCH /api/v1/cases/{ref}": DESK,
    "GET /api/v1/cases/search": READS,
    "GET /api/v1/cases/list": READS,
    "POST /api/v1/cases/bulk": DESK,
    "POST /api/v1/cases/bulk/undo": DESK,
    "PUT /api/v1/cases/{ref}/tags": DESK,
    "PUT /api/v1/cases/{ref}/fields": DESK,
    "GET /api/v1/tags": READS,
    "POST /api/v1/tags/rename": SUPERVISORS,
    "GET /api/v1/fields": READS,
    "POST /api/v1/fields": SUPERVISORS,
    "DELETE /api/v1/fields/{field_id}": SUPERVISORS,
    "GET /api/v1/views": DESK,
    "POST /api/v1/views": DESK,
    "DELETE /api/v1/views/{view_id}": DESK,
    "GET /api/v1/articles": READS,
    "POST /api/v1/articles": SUPERVISORS,
    "PUT /api/v1/articles/{article_id}": SUPERVISORS,
    "DELETE /api/v1/articles/{article_id}": SUPERVISORS,
    "GET /api/v1/cases/{ref}/messages": READS,
    "GET /api/v1/cases/{ref}/facts": READS,
    "POST /api/v1/cases/{ref}/split": DESK,
    "GET /api/v1/cases/{ref}/join-preview": DESK,
    "POST /api/v1/cases/{ref}/join": DESK,
    "GET /api/v1/cases/{ref}/moves": READS,
    "POST /api/v1/cases/{ref}/moves/{move_id}/undo": DESK,
    "GET /api/v1/cases/{ref}/links": READS,
    "POST /api/v1/cases/{ref}/links": DESK,
    "DELETE /api/v1/cases/{ref}/links/{link_id}": DESK,
    "POST /api/v1/cases/{ref}/resolve-children": DESK,
    "POST /api/v1/cases/{ref}/wait": DESK,
    "POST /api/v1/cases/{ref}/notes": HELPS,
    "POST /api/v1/cases/{ref}/reopen": HELPS,
    "POST /api/v1/cases/{ref}/resolve": DESK,
    "GET /api/v1/cases/{ref}/shares": READS,
    "POST /api/v1/cases/{ref}/shares": DESK,
    "POST /api/v1/shares/{share_id}/show": DESK,
    "POST /api/v1/shares/{share_id}/messages": DESK,
    "POST /api/v1/shares/{share_id}/link": DESK,
    "POST /api/v1/shares/{share_id}/revoke": DESK,
    "GET /api/v1/partners": READS,
    "POST /api/v1/partners": SUPERVISORS,
    "PATCH /api/v1/partners/{partner_id}": SUPERVISORS,
    "POST /api/v1/partners/{partner_id}/secret": SUPERVISORS,
    "POST /api/v1/partners/{partner_id}/webhook": SIGNED,
    "GET /api/v1/webhooks": SUPERVISORS,
    "POST /api/v1/webhooks": SUPERVISORS,
    "PATCH /api/v1/webhooks/{endpoint_id}": SUPERVISORS,
    "POST /api/v1/webhooks/{endpoint_id}/secret": SUPERVISORS,
    "POST /api/v1/webhooks/{endpoint_id}/test": SUPERVISORS,
    "GET /api/v1/webhooks/{endpoint_id}/deliveries": SUPERVISORS,
    "POST /api/v1/webhook-deliveries/{delivery_id}/replay": SUPERVISORS,
    "GET /api/v1/cases/{ref}/clocks": READS,
    "GET /api/v1/reports/clocks": READS,
    "GET /api/v1/clock-targets": READS,
    "PUT /api/v1/clock-targets": SUPERVISORS,
    "DELETE /api/v1/clock-targets/{target_id}": SUPERVISORS,
    "GET /api/v1/triggers": READS,
    "POST /api/v1/triggers": SUPERVISORS,
    "PUT /api/v1/triggers/{trigger_id}": SUPERVISORS,
    "DELETE /api/v1/triggers/{trigger_id}": SUPERVISORS,
    "POST /api/v1/triggers/{trigger_id}/dry-run": SUPERVISORS,
    "POST /api/v1/triggers/{trigger_id}/switch": SUPERVISORS,
    "GET /api/v1/cases/{ref}/effort": READS,
    "GET /api/v1/customers/{customer_id}/effort": READS,
    "GET /api/v1/reports/effort": READS,
    "GET /api/v1/cases/{ref}/promises": READS,
    "POST /api/v1/cases/{ref}/promises": DESK,
    "POST /api/v1/promises/{promise_id}/keep": DESK,
    "POST /api/v1/promises/{promise_id}/withdraw": DESK,
    "GET /api/v1/cases/{ref}/follow-ups": READS,
    "POST /api/v1/cases/{ref}/follow-ups": DESK,
    "POST /api/v1/follow-ups/{follow_up_id}/drop": DESK,
    "POST /api/v1/follow-ups/{follow_up_id}/answer": HELPS,
    "GET /api/v1/cases/{ref}/survey": READS,
    "POST /api/v1/cases/{ref}/survey": DESK,
    "POST /api/v1/surveys/{survey_id}/answer": HELPS,
    "POST /api/v1/cases/{ref}/escalate": DESK,
    "GET /api/v1/cases/{ref}/exceptions": READS,
    "GET /api/v1/cases/{ref}/exceptions/offer": DESK,
    "POST /api/v1/cases/{ref}/exceptions": DESK,
    "GET /api/v1/exceptions/asked": DESK,
    "POST /api/v1/exceptions/{exception_id}/decide": DESK,
    "POST /api/v1/exceptions/{exception_id}/retry": DESK,
    "GET /api/v1/settings/exception-limits": SUPERVISORS,
    "PUT /api/v1/settings/exception-limits": SUPERVISORS,
    "POST /api/v1/messages/{message_id}/redact": DESK,
    "POST /api/v1/attachments/{attachment_id}/redact": DESK,
    "POST /api/v1/customers/{customer_id}/erase": SUPERVISORS,
    "GET /api/v1/customers/{customer_id}/export": SUPERVISORS,
    "GET /api/v1/cases/{ref}/export": READS,
    "GET /api/v1/settings/teams": SUPERVISORS,
    "POST /api/v1/settings/teams": SUPERVISORS,
    "PUT /api/v1/settings/teams/{team_id}": SUPERVISORS,
    "POST /api/v1/settings/teams/{team_id}/deactivate": SUPERVISORS,
    "POST /api/v1/settings/teams/{team_id}/activate": SUPERVISORS,
    "GET /api/v1/settings/skills": SUPERVISORS,
    "POST /api/v1/settings/skills": SUPERVISORS,
    "PUT /api/v1/settings/skills/{skill_id}": SUPERVISORS,
    "DELETE /api/v1/settings/skills/{skill_id}": SUPERVISORS,
    "GET /api/v1/settings/agents": SUPERVISORS,
    "POST /api/v1/settings/agents": SUPERVISORS,
    "PUT /api/v1/settings/agents/{agent_id}": SUPERVISORS,
    "POST /api/v1/settings/agents/{agent_id}/invite": SUPERVISORS,
    "POST /api/v1/settings/agents/{agent_id}/deactivate": SUPERVISORS,
    "POST /api/v1/settings/agents/{agent_id}/activate": SUPERVISORS,
    "GET /api/v1/settings/calendars": SUPERVISORS,
    "POST /api/v1/settings/calendars": SUPERVISORS,
    "PUT /api/v1/settings/calendars/{calendar_id}": SUPERVISORS,
    "DELETE /api/v1/settings/calendars/{calendar_id}": SUPERVISORS,
    "GET /api/v1/settings/canned-answers": SUPERVISORS,
    "POST /api/v1/settings/canned-answers": SUPERVISORS,
    "PUT /api/v1/settings/canned-answers/{answer_id}": SUPERVISORS,
    "DELETE /api/v1/settings/canned-answers/{answer_id}": SUPERVISORS,
    "GET /api/v1/settings/condition-fields": SUPERVISORS,
    "GET /api/v1/settings/routes": SUPERVISORS,
    "POST /api/v1/settings/routes": SUPERVISORS,
    "PUT /api/v1/settings/routes/{route_id}": SUPERVISORS,
    "POST /api/v1/settings/routes/{route_id}/move": SUPERVISORS,
    "DELETE /api/v1/settings/routes/{route_id}": SUPERVISORS,
    "GET /api/v1/settings/routes/trial/{ref}": SUPERVISORS,
}
NOBODY = {"no token", "bad token", "revoked", "deactivated agent"}
A_TRIGGER = {"name": "Note", "event": "opened", "actions": [{"do": "note", "value": "Look."}]}
BODIES: Mapping[str, dict[str, object]] = {
    "PUT /api/v1/clock-targets": {"kind": "first_reply", "target_s": 3600},
    "POST /api/v1/triggers": A_TRIGGER,
    "PUT /api/v1/triggers/{trigger_id}": A_TRIGGER,
    "POST /api/v1/triggers/{trigger_id}/switch": {"is_on": False},
    "POST /api/v1/sign-in": {"email": "dana@fernway.example", "password": "wrong"},
    "POST /api/v1/handovers": {
        "conversation_id": "?",
        "idempotency_key": "again",
        "reason_code": "asked",
        "issue": {"title": "Return"},
    },
    f"POST {THREAD}/messages": {"text": "Hello"},
    f"PATCH {THREAD}/messages/{{message_id}}": {"text": "Hello again"},
    f"POST {THREAD}/notes": {"text": "Careful"},
    f"POST {THREAD}/facts": {"name": "item", "value": "box"},
    f"POST {THREAD}/transfer": {"team": "billing", "note": "A bill."},
    f"POST {THREAD}/resolve": {"resolution": "Done."},
    f"POST {THREAD}/give-back": {"summary": "Done."},
    f"POST {THREAD}/joins": {"customer_id": "nobody"},
    f"POST {THREAD}/reply-to": {"identity_id": "nowhere"},
    f"POST {THREAD}/codes": {"via": "email", "address": "maya@example.com"},
    "POST /api/v1/cases": {"conversation_id": "?", "idempotency_key": "k", "title": "A case"},
    "PATCH /api/v1/cases/{ref}": {"priority": "high"},
    "POST /api/v1/cases/bulk": {"refs": ["C-000-000-0"], "do": "watch"},
    "POST /api/v1/cases/bulk/undo": {"undo": [{"ref": "C-000-000-0", "change": {"do": "watch"}, "now": "no"}]},
    "PUT /api/v1/cases/{ref}/tags": {"tags": ["vip"]},
    "PUT /api/v1/cases/{ref}/fields": {"values": {}},
    "POST /api/v1/tags/rename": {"old": "vip", "new": "regular"},
    "POST /api/v1/fields": {"name": "serial", "label": "Serial number", "kind": "text"},
    "POST /api/v1/views": {"name": "Mine", "chosen": {"assignee": "me"}},
    "POST /api/v1/articles": {"title": "Pickup", "text": "We come."},
    "PUT /api/v1/articles/{article_id}": {"title": "Pickup", "text": "We come."},
    "POST /api/v1/cases/{ref}/split": {"message_ids": [], "title": "Another matter"},
    "POST /api/v1/cases/{ref}/join": {"into": "C-000-000-0"},
    "POST /api/v1/cases/{ref}/links": {"other": "C-000-000-0", "kind": "related"},
    "POST /api/v1/cases/{ref}/resolve-children": {"resolution": "Done."},
    "POST /api/v1/cases/{ref}/wait": {"whom": "customer"},
    "POST /api/v1/cases/{ref}/notes": {"text": "Careful"},
    "POST /api/v1/cases/{ref}/reopen": {"reason": "Not solved"},
    "POST /api/v1/cases/{ref}/resolve": {"resolution": "Done."},
    "POST /api/v1/cases/{ref}/shares": {"partner_id": "nobody", "task": "Pick up a box"},
    "POST /api/v1/shares/{share_id}/show": {"facts": ["item"]},
    "POST /api/v1/shares/{share_id}/messages": {"text": "Ring twice"},
    "POST /api/v1/shares/{share_id}/revoke": {"why": "Wrong courier"},
    "POST /api/v1/partners": {"name": "Swift Parcel Couriers", "kind": "courier"},
    "PATCH /api/v1/partners/{partner_id}": {"is_active": False},
    "POST /api/v1/partners/{partner_id}/webhook": {"case_ref": "C-482-917-4", "state": "accepted"},
    "POST /api/v1/webhooks": {"name": "Reports", "url": "https://reports.example/hooks"},
    "PATCH /api/v1/webhooks/{endpoint_id}": {"is_on": False},
    "POST /api/v1/cases/{ref}/promises": {"text": "a label by Friday"},
    "POST /api/v1/promises/{promise_id}/withdraw": {"reason": "Sent already."},
    "POST /api/v1/cases/{ref}/follow-ups": {"question": "Did it go well?", "due_at": "2999-01-01T10:00:00Z"},
    "POST /api/v1/follow-ups/{follow_up_id}/drop": {"why": "Not needed."},
    "POST /api/v1/follow-ups/{follow_up_id}/answer": {"went_well": True},
    "POST /api/v1/cases/{ref}/survey": {"after_s": 60},
    "POST /api/v1/surveys/{survey_id}/answer": {"ease": 5},
    "POST /api/v1/cases/{ref}/escalate": {"reason": "Nine calls.", "team": "billing"},
    "POST /api/v1/cases/{ref}/exceptions": {"kind": "heavier_label", "reason": "Twenty pounds."},
    "POST /api/v1/exceptions/{exception_id}/decide": {"grant": True},
    "PUT /api/v1/settings/exception-limits": {"kind": "credit", "role": "agent", "amount_cents": 2500},
    "POST /api/v1/settings/teams": {"name": "Front desk"},
    "PUT /api/v1/settings/teams/{team_id}": {"name": "Front desk"},
    "POST /api/v1/settings/teams/{team_id}/deactivate": {},
    "POST /api/v1/settings/skills": {"name": "Fibre"},
    "PUT /api/v1/settings/skills/{skill_id}": {"name": "Fibre"},
    "POST /api/v1/settings/agents": {"email": "kim@fernway.example", "name": "Kim", "teams": ["care"]},
    "PUT /api/v1/settings/agents/{agent_id}": {"role": "agent", "teams": ["care"], "capacity": 2},
    "POST /api/v1/settings/calendars": {"name": "Office", "time_zone": "UTC", "hours": "mon-fri 08:00-20:00"},
    "PUT /api/v1/settings/calendars/{calendar_id}": {"name": "Office", "time_zone": "UTC", "hours": "mon 08:00-20:00"},
    "POST /api/v1/settings/canned-answers": {"shortcut": "hello", "text": "Hello."},
    "PUT /api/v1/settings/canned-answers/{answer_id}": {"shortcut": "hello", "text": "Hello."},
    "POST /api/v1/settings/routes": {"name": "All", "team": "care", "idempotency_key": "all"},
    "PUT /api/v1/settings/routes/{route_id}": {"name": "All", "team": "care"},
    "POST /api/v1/settings/routes/{route_id}/move": {"where": "up"},
}


def _routes() -> set[str]:
    from fastapi import FastAPI

    app = FastAPI()
    app.include_router(router)
    return {f"{method.upper()} {path}" for path, methods in app.openapi()["paths"].items() for method in methods}


def test_every_route_has_its_row() -> None:
    assert set(MATRIX) == _routes()


async def test_every_route_lets_in_exactly_whom_it_should(served: Served) -> None:
    wrong = []
    for caller in served.tokens:
        async with served.client(caller) as client:
            for route, allowed in MATRIX.items():
                method, path = route.split(" ")
                body = BODIES.get(route)
                if body and "conversation_id" in body:
                    body = {**body, "conversation_id": served.ids["conversation"]}
                answer = await client.request(method, _filled(path, served), json=body, params=_query(route, served))
                if not _is_right(answer.status_code, caller, allowed, route):
                    wrong.append((caller, route, answer.status_code, answer.text[:120]))
                if answer.status_code >= 400:
                    assert answer.json().keys() == {"code", "message"}
    assert wrong == []


def _is_right(status: int, caller: str, allowed: set[str] | None, route: str) -> bool:
    if allowed is None:
        return status in ((401, 429) if route.endswith("sign-in") else (200,))
    if caller in NOBODY:
        return status == 401
    return status < 500 and (status in (401, 403)) == (caller not in allowed)


class _Anything(dict[str, str]):
    """Names in a path that no row needs to know: there is no such thing, and whoever may ask is told so."""

    def __missing__(self, name: str) -> str:
        return "nothing"


def _filled(path: str, served: Served) -> str:
    known = {"conversation_id": "conversation", "handover_id": "handover", "ref": "case"}
    ids = {name: served.ids[kind] for name, kind in known.items()}
    return path.format_map(_Anything(ids, message_id=new_id(), attachment_id=new_id()))


def _query(route: str, served: Served) -> dict[str, str] | None:
    return {"customer_id": served.ids["customer"]} if route == "GET /api/v1/cases" else None


async def test_a_token_for_one_hub_is_refused_by_its_scheme_too(served: Served) -> None:
    async with served.client() as client:
        for header in ("", "Bearer", "Basic ZGFuYTpw", f"bearer{served.tokens['read']}", "Bearer \xff\xfe"):
            answer = await client.get("/api/v1/handovers", headers={b"Authorization": header.encode("latin-1")})
            assert answer.status_code == 401
            assert answer.headers["www-authenticate"] == "Bearer"


DESK_PUBLIC = {
    "GET /desk/sign-in",
    "POST /desk/sign-in",
    "GET /desk/welcome/{agent_id}/{token}",
    "POST /desk/welcome/{agent_id}/{token}",
    "GET /desk/static/{name}",
}


SUPERVISED = {"GET /desk/cases/{ref}/customer-export", "POST /desk/cases/{ref}/erase"}
"""Beside the settings, what plain agents are kept from at the desk."""
FOR_EVERYBODY = {
    "GET /",
    "GET /shop/{name}",
    "POST /shop/sign-in",
    "GET /widget.js",
    "GET /widget/{name}",
    "OPTIONS /channels/web/attachments",
    "OPTIONS /channels/web/attachments/{attachment_id}",
    "GET /p/static/{name}",
    "GET /healthz",
    "GET /readyz",
    "GET /metrics",
    "GET /api/v1/openapi.json",
}
KEYED = {
    "POST /channels/telegram/{bot_id}": 404,
    "POST /channels/web/attachments": 403,
    "DELETE /channels/web/attachments/{attachment_id}": 403,
    "GET /channels/web/files/{secret}/{stamp}/{name}": 403,
    "GET /channels/web/transcript": 403,
    "GET /p/{token}": 404,
    "GET /p/{token}/now": 404,
    "GET /p/{token}/files/{secret}/{name}": 404,
    "POST /p/{token}/attachments": 403,
    "POST /p/{token}/state": 404,
    "POST /p/{token}/words": 404,
}
"""What asks for a session, a link or a secret, and how it answers when there is none such."""
SOCKETS = {"SOCKET /channels/web/socket", "SOCKET /desk/live", "SOCKET /{token}/live"}


def _all_routes(served: Served) -> set[str]:
    """Whatever the hub answers to. Routers that are included by another are named without what comes before them."""
    found: set[str] = set()
    left = list(served.app.routes)
    while left:
        route = left.pop()
        left += getattr(route, "routes", None) or getattr(getattr(route, "original_router", None), "routes", None) or []
        if path := getattr(route, "path", ""):
            is_socket = isinstance(route, WebSocketRoute | APIWebSocketRoute)
            methods = {"SOCKET"} if is_socket else set(getattr(route, "methods", None) or ())
            found |= {f"{method} {path}" for method in methods - {"HEAD"}}
    return found


def _desk_routes(served: Served) -> set[str]:
    return {route for route in _all_routes(served) if route.split(" ")[1].startswith("/desk")} - SOCKETS


async def test_every_door_of_the_hub_is_known_here(served: Served) -> None:
    by_token = {route.replace("/api/v1", "", 1) for route in MATRIX}
    assert _all_routes(served) - by_token - _desk_routes(served) == FOR_EVERYBODY | set(KEYED) | SOCKETS


async def test_a_made_up_key_opens_no_other_door(served: Served) -> None:
    form = {"form": "made-up", "state": "done", "text": "Hello"}
    let_in = []
    async with served.client(params={"name": "a.png", "session": "made.up"}) as client:
        for route, refused in KEYED.items():
            method, path = route.split(" ")
            told = {"json": {}} if "telegram" in path else {"data": form} if method == "POST" else {}
            answer = await client.request(method, _anything(path, served), **told)
            let_in += [(route, answer.status_code)] if answer.status_code != refused else []
    assert let_in == []


async def test_settings_and_erasing_are_for_supervisors(served: Served) -> None:
    supervised = {route for route in _desk_routes(served) if "/settings" in route} | SUPERVISED
    let_in = []
    async with served.client(cookies=served.cookies) as client:
        client.headers["X-CSRF-Token"] = served.csrf
        for route in sorted(supervised):
            method, path = route.split(" ")
            answer = await client.request(method, _anything(path, served))
            let_in += [(route, answer.status_code)] if answer.status_code != 403 else []
    assert let_in == []


async def test_the_desk_shows_nothing_to_whoever_is_not_signed_in(served: Served) -> None:
    routes = {route for route in _desk_routes(served) if route not in DESK_PUBLIC and "{path" not in route}
    assert len(routes) > 20
    let_in = []
    for cookies in ({}, {"tellonce_desk": "made-up"}, {"tellonce_desk": str(served.tokens["agent"])}):
        async with served.client(cookies=cookies) as client:
            for route in sorted(routes):
                method, path = route.split(" ")
                answer = await client.request(method, _anything(path, served))
                if answer.status_code not in (401, 303) and "static" not in path:
                    let_in.append((route, answer.status_code))
    assert let_in == []


async def test_nothing_at_the_desk_changes_without_the_pages_own_token(served: Served) -> None:
    unsafe = {route for route in _desk_routes(served) if not route.startswith("GET ")} - DESK_PUBLIC
    changed = []
    for token in (None, "", "made-up", "csrf\xff"):
        headers = {b"X-CSRF-Token": token.encode("latin-1")} if token is not None else {}
        async with served.client(cookies=served.cookies) as client:
            for route in sorted(unsafe):
                method, path = route.split(" ")
                answer = await client.request(method, _anything(path, served), headers=headers)
                if answer.status_code != 403:
                    changed.append((route, token, answer.status_code))
    assert changed == []


def _anything(path: str, served: Served) -> str:
    ids = {"conversation_id": served.ids["conversation"], "ref": served.ids["case"], "name": "desk.css"}
    return path.format_map(_Anything(ids, message_id=new_id(), attachment_id=new_id()))


@pytest.mark.parametrize("origin", [None, "http://evil.example"])
async def test_signing_in_at_the_desk_needs_our_own_page(served: Served, origin: str | None) -> None:
    told = {"email": "dana@fernway.example", "password": PASSWORD}
    async with served.client() as client:
        answer = await client.post("/desk/sign-in", data=told, headers={"Origin": origin} if origin else {})
    assert answer.status_code == 403
