"""Effort, promises, follow-ups and surveys over the API and at the desk, and the report."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from handoff.care import reports
from handoff.care.reports import Line
from tests.api.conftest import Served
from tests.support.waiting import until

TOMORROW = (datetime.now(UTC) + timedelta(days=1)).isoformat()


async def at_desk(served: Served, method: str, path: str, **form: Any) -> tuple[int, str]:
    headers = {"x-csrf-token": served.csrf}
    async with served.client(cookies=served.cookies) as client:
        answer = await client.request(method, f"/desk{path}", data=form or None, headers=headers)
    return answer.status_code, answer.text


async def test_a_promise_is_made_listed_and_kept(served: Served) -> None:
    case = f"/api/v1/cases/{served.ids['case']}"
    async with served.client("agent") as client:
        made = (await client.post(f"{case}/promises", json={"text": "a label", "due_at": TOMORROW})).json()
        assert [one["text"] for one in (await client.get(f"{case}/promises")).json()] == ["a label"]
        kept = await client.post(f"/api/v1/promises/{made['id']}/keep")
        assert kept.json()["state"] == "kept"
        again = await client.post(f"/api/v1/promises/{made['id']}/keep")
        assert (again.status_code, again.json()["code"]) == (409, "illegal_move")


@pytest.mark.parametrize(
    "body",
    [
        {"text": "a label soon"},
        {"text": "a label", "due_at": "2020-01-01T10:00:00Z"},
        {"text": "x", "due_at": "2999-01-01T10:00:00"},
    ],
)
async def test_a_promise_without_a_time_to_come_is_refused(served: Served, body: dict[str, str]) -> None:
    async with served.client("agent") as client:
        answer = await client.post(f"/api/v1/cases/{served.ids['case']}/promises", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_input")


async def test_a_follow_up_planned_twice_under_one_key_is_one(served: Served) -> None:
    case = f"/api/v1/cases/{served.ids['case']}/follow-ups"
    body = {"question": "Did the pickup go well?", "due_at": TOMORROW, "idempotency_key": "k"}
    async with served.client("agent") as client:
        first = (await client.post(case, json=body)).json()
        assert (await client.post(case, json=body)).json()["id"] == first["id"]
        not_asked = await client.post(f"/api/v1/follow-ups/{first['id']}/answer", json={"went_well": True})
        assert (not_asked.status_code, not_asked.json()["message"]) == (409, "The customer was not asked this yet.")
        dropped = await client.post(f"/api/v1/follow-ups/{first['id']}/drop", json={"why": "They called."})
        assert (dropped.json()["state"], dropped.json()["detail"]) == ("dropped", "They called.")


async def test_an_open_case_has_no_survey_yet(served: Served) -> None:
    case = f"/api/v1/cases/{served.ids['case']}"
    async with served.client("agent") as client:
        assert (await client.get(f"{case}/survey")).status_code == 404
        assert (await client.post(f"{case}/survey", json={})).status_code == 409
        await client.post(f"{case}/resolve", json={"resolution": "Picked up."})
        assert (await client.post(f"{case}/survey", json={})).json()["state"] == "planned"
        assert (await client.post(f"{case}/survey", json={})).status_code == 409


async def test_effort_is_told_for_a_case_and_for_a_customer(served: Served) -> None:
    async with served.client("read") as client:

        async def counted() -> Any:
            told = (await client.get(f"/api/v1/cases/{served.ids['case']}/effort")).json()
            return told if told["contacts"] else None

        one = await until(counted, "the first contact to be counted")
        all_of_them = (await client.get(f"/api/v1/customers/{served.ids['customer']}/effort")).json()
    assert one == all_of_them
    assert one["days_open"] == 1


async def test_a_period_that_ends_before_it_begins_is_refused(served: Served) -> None:
    async with served.client("read") as client:
        wrong = await client.get("/api/v1/reports/effort?since=2026-02-01T00:00:00Z&until=2026-01-01T00:00:00Z")
        assert (wrong.status_code, wrong.json()["code"]) == (422, "bad_input")
        assert (await client.get("/api/v1/reports/effort")).status_code == 200


async def test_the_case_page_tells_effort_and_promises_and_takes_new_ones(served: Served) -> None:
    ref = served.ids["case"]
    status, page = await at_desk(served, "POST", f"/cases/{ref}/promises", text="A label", due="2999-01-01T10:00")
    assert status == 200
    assert "A label" in page
    assert "Customer effort" in page
    status, page = await at_desk(
        served, "POST", f"/cases/{ref}/follow-ups", question="Did it go well?", due="2999-01-01T10:00"
    )
    assert (status, "Did it go well?" in page) == (200, True)
    refused, sentence = await at_desk(served, "POST", f"/cases/{ref}/promises", text="A label some day")
    assert (refused, "Say by when" in sentence) == (422, True)


async def test_the_report_is_a_page_and_a_file(served: Served) -> None:
    status, page = await at_desk(served, "GET", "/reports")
    assert (status, "What cases cost customers" in page) == (200, True)
    status, table = await at_desk(served, "GET", "/reports/effort.csv")
    assert (status, table.splitlines()[0].split(",")[:3]) == (200, ["team", "topic", "cases"])
    refused, _ = await at_desk(served, "GET", "/reports?since=2026-02-01&until=2026-01-01")
    assert refused == 422


@pytest.mark.parametrize("topic", ["=1+1", "+cmd", "-2", "@sum", "\tx"])
def test_no_cell_of_the_file_is_a_formula(topic: str) -> None:
    line = Line("care", topic, 1, 0, 1.0, 1, 0, 0, 0, None, 0, None, None)
    assert f",'{topic.split(',')[0]}," in reports.as_csv([line])
