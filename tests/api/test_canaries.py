"""What goes in comes out as data only, and secrets come out nowhere."""

import json
import logging

import pytest
import structlog

from handoff.assistants.scripted import saying
from handoff.cli import _log_as
from tests.api.conftest import PASSWORD, Served
from tests.api.test_chat_socket import _next, greeted

PAYLOADS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'-alert(1)-'",
    "</textarea><svg/onload=alert(1)>",
    "javascript:alert(1)",
    "{{7*7}}${7*7}<%= 7*7 %>",
    "\u202e\u2028<\u2029b>",
    "=cmd|' /C calc'!A0",
)


@pytest.mark.parametrize("payload", PAYLOADS)
async def test_markup_is_kept_as_written_and_served_as_nothing_but_json(served: Served, payload: str) -> None:
    served.assistant.script = lambda request: saying(payload)
    thread = f"/api/v1/conversations/{served.ids['conversation']}"
    async with served.client("agent") as client:
        await client.post(f"{thread}/accept")
        sent = [
            await client.post(f"{thread}/messages", json={"text": payload}),
            await client.post(f"{thread}/notes", json={"text": payload}),
            await client.post(f"{thread}/facts", json={"name": "item", "value": payload}),
            await client.post(
                "/api/v1/cases",
                json={
                    "conversation_id": served.ids["conversation"],
                    "idempotency_key": payload,
                    "title": payload,
                    "topic": payload,
                    "note": payload,
                },
            ),
        ]
        assert [answer.status_code for answer in sent] == [201] * 4
        case = sent[-1].json()["ref"]
        sent += [
            await client.post(f"/api/v1/cases/{case}/resolve", json={"resolution": payload}),
            await client.post(f"/api/v1/cases/{case}/reopen", json={"reason": payload}),
            await client.post(f"{thread}/transfer", json={"team": "billing", "note": payload}),
            await client.get(f"/api/v1/cases/{payload.encode().hex()}"),
            await client.get(f"/api/v1/handovers?team={payload.encode().hex()}"),
            *[await client.get(path) for path in (f"{thread}/messages", f"{thread}/facts", f"/api/v1/cases/{case}")],
        ]
    for answer in sent:
        assert answer.headers["content-type"].startswith("application/json")
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in answer.headers["content-security-policy"]
    said = [message["text"] for message in sent[-3].json()]
    assert payload in said
    assert payload in [fact["value"] for fact in sent[-2].json()]
    assert sent[-1].json()["title"] == payload


async def test_a_refusal_that_repeats_what_was_sent_is_json_too(served: Served) -> None:
    async with served.client("agent") as client:
        answer = await client.get("/api/v1/cases/<script>alert(1)<%2fscript>")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_no_secret_is_logged_at_debug(
    served: Served, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    before = structlog.get_config()
    root = logging.getLogger()
    level, handlers = root.level, list(root.handlers)
    # The test's own browser and programs run in this process too; what they send is not the hub's to hide.
    for own in ("websockets.client", "httpx", "httpcore"):
        caplog.set_level(logging.WARNING, own)
    caplog.set_level(logging.DEBUG)
    _log_as("DEBUG")
    root.setLevel(logging.DEBUG)
    try:
        logging.getLogger("handoff").debug("the log is on")
        tokens = await _talk_about_secrets(served)
    finally:
        structlog.configure(**before)
        root.setLevel(level)
        root.handlers = handlers
    out, err = capfd.readouterr()
    logged = caplog.text + out + err
    assert "the log is on" in logged
    for canary in (*tokens, PASSWORD, "4111111111111111", "4111 1111 1111 1111", "wrong but typed"):
        assert canary not in logged


async def _talk_about_secrets(served: Served) -> list[str]:
    """Everything that carries a secret: sign-ins, tokens, a chat session, a card number in the middle of a chat."""
    async with served.client("agent") as client:
        for password in (PASSWORD, "wrong but typed"):
            signed = await client.post("/api/v1/sign-in", json={"email": "dana@fernway.example", "password": password})
            token = signed.json().get("token", "")
            if token:
                granted = token
        await client.get("/api/v1/handovers", headers={"Authorization": f"Bearer {granted}"})
        await client.get("/api/v1/handovers", headers={"Authorization": "Bearer tlo_made_up_and_wrong"})
    async with served.client(cookies=served.cookies) as client:
        await client.get("/desk")
    async with greeted(served) as socket:
        frame = {"type": "say", "client_ref": "reference-9", "text": "charge my card 4111 1111 1111 1111"}
        await socket.send(json.dumps(frame))
        shown = await _next(socket, "message")
        assert "4111" not in shown["message"]["text"]
    known = [str(token) for token in served.tokens.values() if token and token != "tlo_made_up"]
    return [*known, granted, "tlo_made_up_and_wrong", *served.cookies.values()]
