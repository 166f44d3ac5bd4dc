"""Films played in place, and what is removed or exported over HTTP."""

import re

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import agents, attachments, tokens
from handoff.models import Agent, Role
from handoff.tokens import Scope
from tests.api.conftest import PASSWORD, Served
from tests.api.test_attachments import said, taken_over, uploaded

FILM = b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom" + bytes(range(256)) * 40


async def _film(served: Served) -> tuple[str, str]:
    """Dana sends a film; its id, and the address the desk plays it from."""
    await taken_over(served)
    file = (await uploaded(served, FILM, "box.mp4")).json()
    assert (file["kind"], file["media_type"]) == ("video", "video/mp4")
    assert (await said(served, text="Look", attachments=[file["id"]])).status_code == 201
    async with served.client(cookies=served.cookies) as desk:
        page = (await desk.get(f"/desk/cases/{served.ids['case']}")).text
    found = re.search(r'<video src="([^"]+)" controls', page)
    assert found
    return file["id"], found[1]


async def test_a_film_plays_in_place_at_the_desk_and_can_be_wound_forward(served: Served) -> None:
    _, address = await _film(served)
    async with served.client(cookies=served.cookies) as desk:
        policy = (await desk.get(f"/desk/cases/{served.ids['case']}")).headers["content-security-policy"]
        whole = await desk.get(address)
        middle = await desk.get(address, headers={"Range": "bytes=5000-5099"})
        beyond = await desk.get(address, headers={"Range": "bytes=99999-"})
    assert "media-src 'self'" in policy
    assert (whole.status_code, whole.content, whole.headers["accept-ranges"]) == (200, FILM, "bytes")
    assert whole.headers["content-disposition"].startswith("inline")
    assert (middle.status_code, middle.content) == (206, FILM[5000:5100])
    assert middle.headers["content-range"] == f"bytes 5000-5099/{len(FILM)}"
    assert middle.headers["content-type"] == "video/mp4"
    assert beyond.status_code == 416
    async with served.client() as stranger:
        assert (await stranger.get(address, headers={"Range": "bytes=0-9"})).status_code == 401


async def test_a_redacted_film_plays_nowhere_any_more(served: Served) -> None:
    file_id, address = await _film(served)
    async with served.client("agent") as client:
        assert (await client.post(f"/api/v1/attachments/{file_id}/redact")).status_code == 200
        assert (await client.get(f"/api/v1/attachments/{file_id}/content")).status_code == 404
        known = (await client.get(f"/api/v1/attachments/{file_id}")).json()
    assert (known["state"], known["name"]) == ("redacted", "removed")
    async with served.client(cookies=served.cookies) as desk:
        assert (await desk.get(address)).status_code == 404
        assert "<video" not in (await desk.get(f"/desk/cases/{served.ids['case']}")).text
    async with served.hub.database.read() as session:
        assert (await attachments.get(session, file_id)).store_key is None


async def _supervisor(served: Served) -> str:
    async def hire(session: AsyncSession) -> str:
        hashed = await agents.hash_password(PASSWORD)
        sam = await agents.add(
            session, email="sam@fernway.example", name="Sam", password_hash=hashed, role=Role.SUPERVISOR
        )
        return await tokens.create(session, "sam", [Scope.AGENT], sam.email)

    return await served.hub.database.write(hire)


async def test_a_customer_is_exported_and_erased_by_a_supervisor_only(served: Served) -> None:
    served.tokens["boss"] = await _supervisor(served)
    path = f"/api/v1/customers/{served.ids['customer']}"
    async with served.client("agent") as client:
        assert (await client.get(f"{path}/export")).status_code == 403
        assert (await client.post(f"{path}/erase")).status_code == 403
    async with served.client("boss") as client:
        assert "I want to return order F-20418" in (await client.get(f"{path}/export")).text
        assert (await client.post(f"{path}/erase")).json()["messages"] >= 1
        assert "F-20418" not in (await client.get(f"{path}/export")).text
        assert "F-20418" not in (await client.get(f"/api/v1/cases/{served.ids['case']}/export")).text


@pytest.mark.parametrize(
    ("wanted", "media_type"), [("json", "application/json"), ("html", "text/html"), ("vcon", "application/vcon+json")]
)
async def test_a_case_is_exported_as_a_download_that_runs_nothing(served: Served, wanted: str, media_type: str) -> None:
    async with served.client("read") as client:
        answer = await client.get(f"/api/v1/cases/{served.ids['case']}/export", params={"format": wanted})
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith(media_type)
    assert answer.headers["content-disposition"].startswith("attachment")
    assert "sandbox" in answer.headers["content-security-policy"]
    assert "F-20418" in answer.text


async def test_an_agent_grants_at_the_desk_what_the_form_says(served: Served) -> None:
    async def in_care(session: AsyncSession) -> None:
        (await session.get_one(Agent, served.ids["agent"])).teams = ["care"]

    await served.hub.database.write(in_care)
    headers = {"X-CSRF-Token": served.csrf}
    at = f"/desk/cases/{served.ids['case']}"
    async with served.client(cookies=served.cookies) as desk:
        desk.headers.update(headers)
        fields = (await desk.get(f"{at}/exceptions/form", params={"kind": "refund_above_limit"})).text
        assert 'name="detail-order_number" value="F-20418"' in fields
        asked = {"kind": "credit", "amount": "$12.50", "reason": "Nine calls.", "detail-account_number": "10042"}
        assert "Credit on the account, $12.50" in (await desk.post(f"{at}/exceptions", data=asked)).text
        wrong = await desk.post(f"{at}/exceptions", data={**asked, "amount": "lots"})
        assert (wrong.status_code, "such as 25 or 12.50" in wrong.text) == (422, True)
