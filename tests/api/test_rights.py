"""Whose case it is: everything that changes one, at the desk and by the API, asked for by somebody of another team.

Every route about a case, or about what hangs on one, has a row here with what it needs to be done; without a row the
test fails. Somebody who may then writes a card number wherever the desk takes words.
"""

import re
import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import agents, cases, clock, conversations, tokens
from handoff.care import follow_ups, promises, surveys
from handoff.cases import Actor
from handoff.models import Agent, AgentSession, Base, CaseEvent, LinkKind, Message, Role
from handoff.partners import directory, shares
from handoff.ports import Author, Inbound
from handoff.tokens import Scope
from tests.api.conftest import PASSWORD, Served
from tests.api.test_attachments import said, taken_over, uploaded
from tests.api.test_authorisation import MATRIX, _desk_routes

CARD = "4111 1111 1111 1111"
WORDS = f"Please look: {CARD}"
THINGS = re.compile(r"\{(ref|conversation_id|\w+_id)\}")
NOT_OF_A_CASE = re.compile(r"/settings/|/views/|/(partners|webhooks|articles|fields|triggers|clock-targets)/\{")

EVERYBODY = {
    "POST /api/v1/cases/{ref}/notes",
    "POST /desk/cases/{ref}/notes",
    "POST /desk/cases/{ref}/watch",
    "POST /desk/cases/{ref}/unwatch",
}
"""What changes nothing of a case but who knows of it."""
BY_THE_FLOOR = re.compile(r"/(conversations|c)/\{conversation_id\}/")
OF_THE_CASE = {"split", "about", "undo", "remove", "facts"}
"""Of what is done in a conversation this is about its case; the rest is up to who has the floor."""

Row = Mapping[str, Any] | None
API: Mapping[str, Row] = {
    "PATCH /api/v1/cases/{ref}": {"priority": "high"},
    "POST /api/v1/conversations/{conversation_id}/facts": {"name": "item", "value": "box"},
    "PUT /api/v1/cases/{ref}/tags": {"tags": ["vip"]},
    "PUT /api/v1/cases/{ref}/fields": {"values": {}},
    "POST /api/v1/cases/{ref}/split": {"message_ids": ["<message>"], "title": WORDS},
    "POST /api/v1/cases/{ref}/join": {"into": "<other>", "reason": WORDS},
    "POST /api/v1/cases/{ref}/moves/{move_id}/undo": None,
    "POST /api/v1/cases/{ref}/links": {"other": "<other>", "kind": "duplicate"},
    "DELETE /api/v1/cases/{ref}/links/{link_id}": None,
    "POST /api/v1/cases/{ref}/resolve-children": {"resolution": WORDS},
    "POST /api/v1/cases/{ref}/wait": {"whom": "customer"},
    "POST /api/v1/cases/{ref}/reopen": {"reason": WORDS},
    "POST /api/v1/cases/{ref}/resolve": {"resolution": WORDS, "children": "leave"},
    "POST /api/v1/cases/{ref}/shares": {"partner_id": "<partner>", "task": WORDS},
    "POST /api/v1/shares/{share_id}/show": {"message_ids": ["<message>"]},
    "POST /api/v1/shares/{share_id}/messages": {"text": WORDS},
    "POST /api/v1/shares/{share_id}/link": None,
    "POST /api/v1/shares/{share_id}/revoke": {"why": WORDS},
    "POST /api/v1/cases/{ref}/promises": {"text": f"{WORDS} by Friday"},
    "POST /api/v1/promises/{promise_id}/keep": None,
    "POST /api/v1/promises/{promise_id}/withdraw": {"reason": WORDS},
    "POST /api/v1/cases/{ref}/follow-ups": {"question": WORDS, "due_at": "2999-01-01T10:00:00Z"},
    "POST /api/v1/follow-ups/{follow_up_id}/drop": {"why": WORDS},
    "POST /api/v1/follow-ups/{follow_up_id}/answer": {"went_well": True, "words": WORDS},
    "POST /api/v1/cases/{ref}/survey": {"after_s": 60},
    "POST /api/v1/surveys/{survey_id}/answer": {"ease": 5, "words": WORDS},
    "POST /api/v1/cases/{ref}/escalate": {"reason": WORDS, "team": "billing"},
    "POST /api/v1/cases/{ref}/exceptions": {"kind": "credit", "reason": WORDS, "amount_cents": 100},
    "POST /api/v1/exceptions/{exception_id}/decide": {"grant": False, "note": WORDS},
    "POST /api/v1/exceptions/{exception_id}/retry": None,
    "POST /api/v1/messages/{message_id}/redact": None,
    "POST /api/v1/attachments/{attachment_id}/redact": None,
}
DESK: Mapping[str, Row] = {
    "POST /desk/cases/{ref}/assignee": {"agent_id": "<agent>"},
    "POST /desk/cases/{ref}/mine": {},
    "POST /desk/cases/{ref}/priority": {"priority": "high"},
    "POST /desk/cases/{ref}/team": {"team": "billing"},
    "POST /desk/cases/{ref}/resolve": {"resolution": WORDS},
    "POST /desk/cases/{ref}/reopen": {"reason": WORDS},
    "POST /desk/cases/{ref}/tags": {"tags": "vip"},
    "POST /desk/cases/{ref}/fields": {},
    "POST /desk/cases/{ref}/split": {"message_ids": "<message>", "title": WORDS, "key": "split-0001"},
    "POST /desk/cases/{ref}/join": {"other": "<other>", "keep": "this", "reason": WORDS, "key": "join-00001"},
    "POST /desk/cases/{ref}/moves/{move_id}/undo": {},
    "POST /desk/cases/{ref}/links": {"kind": "duplicate", "other": "<other>"},
    "POST /desk/cases/{ref}/links/{link_id}/remove": {},
    "POST /desk/cases/{ref}/wait": {"whom": "customer"},
    "POST /desk/cases/{ref}/shares": {"partner_id": "<partner>", "task": WORDS},
    "POST /desk/cases/{ref}/shares/{share_id}/show": {"message_ids": "<message>"},
    "POST /desk/cases/{ref}/shares/{share_id}/words": {"text": WORDS},
    "POST /desk/cases/{ref}/shares/{share_id}/link": {},
    "POST /desk/cases/{ref}/shares/{share_id}/revoke": {"why": WORDS},
    "POST /desk/cases/{ref}/promises": {"text": f"{WORDS} by Friday"},
    "POST /desk/cases/{ref}/promises/{promise_id}/keep": {},
    "POST /desk/cases/{ref}/promises/{promise_id}/withdraw": {"reason": WORDS},
    "POST /desk/cases/{ref}/follow-ups": {"question": WORDS, "due": "2999-01-01T10:00"},
    "POST /desk/cases/{ref}/follow-ups/{follow_up_id}/drop": {},
    "POST /desk/cases/{ref}/survey": {},
    "POST /desk/cases/{ref}/escalate": {"reason": WORDS, "team": "billing"},
    "POST /desk/cases/{ref}/exceptions": {
        "kind": "waived_fee",
        "reason": WORDS,
        "amount": "1",
        "detail-account_number": "10042",
        "detail-line_id": CARD,
    },
    "POST /desk/cases/{ref}/exceptions/{exception_id}/grant": {"note": WORDS},
    "POST /desk/cases/{ref}/exceptions/{exception_id}/deny": {"note": WORDS},
    "POST /desk/cases/{ref}/exceptions/{exception_id}/retry": {},
    "POST /desk/cases/{ref}/redact": {"what": "message:<message>"},
    "POST /desk/cases/{ref}/erase": {"typed": "<ref>"},
    "POST /desk/c/{conversation_id}/split": {"message_ids": "<message>", "title": WORDS, "key": "split-0002"},
    "POST /desk/c/{conversation_id}/about": {"ref": "<ref>"},
    "POST /desk/c/{conversation_id}/moves/{move_id}/undo": {},
    "POST /desk/c/{conversation_id}/messages/{message_id}/remove": {},
}


WRITTEN = (
    "POST /desk/cases/{ref}/notes",
    "POST /desk/cases/{ref}/promises",
    "POST /desk/cases/{ref}/promises/{promise_id}/withdraw",
    "POST /desk/cases/{ref}/follow-ups",
    "POST /desk/cases/{ref}/exceptions",
    "POST /desk/cases/{ref}/exceptions/{exception_id}/deny",
    "POST /desk/cases/{ref}/shares/{share_id}/words",
    "POST /desk/cases/{ref}/shares/{share_id}/revoke",
    "POST /desk/cases/{ref}/shares",
    "POST /desk/cases/{ref}/split",
    "POST /desk/cases/{ref}/escalate",
    "POST /desk/cases/{ref}/resolve",
    "POST /desk/cases/{ref}/reopen",
    "POST /desk/cases/{ref}/join",
)
"""What takes words at the desk, in an order in which all of it can be done."""


def _about_cases(routes: set[str]) -> set[str]:
    """Those that change a case, or what hangs on one."""
    changing = {one for one in routes if not one.startswith("GET ") and THINGS.search(one)}
    found = {one for one in changing if not NOT_OF_A_CASE.search(one)} - EVERYBODY
    return {one for one in found if not BY_THE_FLOOR.search(one) or one.rsplit("/", 1)[1] in OF_THE_CASE}


def test_every_form_that_takes_words_is_written_in() -> None:
    elsewhere = {"POST /desk/cases/{ref}/exceptions/{exception_id}/grant", "POST /desk/c/{conversation_id}/split"}
    with_words = {route for route, told in DESK.items() if any(WORDS in str(one) for one in (told or {}).values())}
    assert with_words - elsewhere == set(WRITTEN) - EVERYBODY


def test_every_route_about_a_case_has_its_row() -> None:
    elsewhere = {"POST /api/v1/customers/{customer_id}/erase", "POST /api/v1/joins/{join_id}/undo"}
    by_supervisors = {one for one, may in MATRIX.items() if may == {"supervisor"}}
    assert _about_cases(set(MATRIX)) - elsewhere - by_supervisors == set(API)


async def test_every_route_of_the_desk_about_a_case_has_its_row(served: Served) -> None:
    elsewhere = {"POST /desk/c/{conversation_id}/joins/{join_id}/undo", "POST /desk/welcome/{agent_id}/{token}"}
    assert _about_cases(_desk_routes(served)) - elsewhere == set(DESK)


async def _everything(served: Served) -> dict[str, str]:
    """A case of the team care with everything that can hang on one, and two others of the same customer."""
    await taken_over(served)
    file = (await uploaded(served)).json()
    await said(served, text="Like this?", attachments=[file["id"]])
    ids = {**served.ids, "ref": served.ids["case"], "attachment": file["id"]}
    await served.hub.database.write(lambda session: _more(session, ids))
    async with served.client("agent") as client:
        await client.post(f"/api/v1/conversations/{ids['conversation']}/transfer", json={"team": "care", "note": "Go."})
    return ids


async def _more(session: AsyncSession, ids: dict[str, str]) -> None:
    dana = await session.get_one(Agent, ids["agent"])
    inbound = Inbound("web", "maya", "ref-00002", "The bill is wrong, too.")
    later = await conversations.receive(session, inbound)
    conversation = await conversations.get(session, ids["conversation"])
    ids["message"] = later.message_id
    await cases.set_team(session, ids["ref"], cases.SYSTEM, "care")
    for name in ("other", "done"):
        made = await cases.open_case(session, conversation, title=name, topic="general", actor=cases.SYSTEM)
        await cases.set_team(session, made.ref, cases.SYSTEM, "care")
        ids[name] = made.ref
    await cases.talk_about(session, ids["conversation"], ids["ref"], dana)
    first = await session.scalar(select(Message.id).where(Message.author == Author.CUSTOMER).order_by(Message.seq))
    await cases.split(session, ids["ref"], dana, [str(first)], title="Apart", team="care")
    ids["move"] = (await cases.moves_of(session, (await cases.get(session, ids["ref"])).id))[0].id
    ids["link"] = (await cases.link(session, ids["ref"], ids["other"], dana, LinkKind.RELATED)).id
    promise = await promises.make(session, ids["ref"], dana, "A label", clock.now() + timedelta(days=1))
    asked = await follow_ups.plan_by(session, ids["ref"], dana, "Did it go well?", clock.now() + timedelta(days=1))
    await cases.resolve(session, ids["done"], Actor.of(dana), "Done.")
    survey = await surveys.plan_by(session, ids["done"], dana)
    for one in (asked, survey):
        one.conversation_id, one.state = ids["conversation"], "asked"
    account = {"account_number": "10042"}
    told: dict[str, Any] = {"amount_cents": 9_900, "details": account}
    ids["exception"] = (await cases.ask_exception(session, ids["ref"], dana, "credit", "Nine calls.", **told)).id
    courier = await directory.add(session, "Swift Parcel Couriers", "courier")
    share, _ = await shares.open(session, ids["ref"], dana, courier.id, "Fetch a box", [], [], 7)
    ids |= {"promise": promise.id, "follow_up": asked.id, "survey": survey.id, "share": share.id, "partner": courier.id}


async def _stranger(served: Served) -> None:
    """Nia works at the desk, in another team."""
    hashed, secret = await agents.hash_password(PASSWORD), secrets.token_urlsafe(32)

    async def step(session: AsyncSession) -> tuple[str, str]:
        nia = await agents.add(
            session, email="nia@fernway.example", name="Nia", password_hash=hashed, teams=("network",)
        )
        now = clock.now()
        door = {"csrf_token": "csrf", "expires_at": now + timedelta(days=1), "created_at": now}
        session.add(AgentSession(agent_id=nia.id, secret_hash=agents._digest(secret), **door))
        return nia.id, await tokens.create(session, "nia", [Scope.AGENT, Scope.READ], nia.email)

    served.ids["stranger"], served.tokens["stranger"] = await served.hub.database.write(step)
    served.ids["stranger_cookie"] = secret


def _filled(told: Any, ids: Mapping[str, str]) -> Any:
    if isinstance(told, str):
        return re.sub(r"<(\w+)>", lambda found: ids[found[1]], told)
    if isinstance(told, dict):
        return {name: _filled(one, ids) for name, one in told.items()}
    return [_filled(one, ids) for one in told] if isinstance(told, list) else told


def _address(path: str, ids: Mapping[str, str]) -> str:
    return re.sub(r"\{(\w+?)(_id)?\}", lambda found: ids[found[1]], path)


async def _done_by(served: Served, agent_id: str) -> list[str]:
    async with served.hub.database.read() as session:
        return list(await session.scalars(select(CaseEvent.kind).where(CaseEvent.actor_id == agent_id)))


async def test_whoever_is_of_another_team_changes_nothing_of_a_case(served: Served) -> None:
    ids = await _everything(served)
    await _stranger(served)
    let_in = []
    async with served.client("stranger") as client:
        for route, body in API.items():
            method, path = route.split(" ")
            answer = await client.request(method, _address(path, ids), json=_filled(body, ids))
            let_in += [(route, answer.status_code, answer.text[:200])] if answer.status_code != 403 else []
    cookies = {"tellonce_desk": served.ids["stranger_cookie"]}
    async with served.client(cookies=cookies) as client:
        client.headers["X-CSRF-Token"] = "csrf"
        for route, body in DESK.items():
            answer = await client.post(_address(route.split(" ")[1], ids), data=_filled(body, ids))
            let_in += [(route, answer.status_code, answer.text[:200])] if answer.status_code != 403 else []
    assert let_in == [], "\n".join(map(str, let_in))
    assert await _done_by(served, served.ids["stranger"]) == []


async def test_a_case_is_given_to_nobody_who_has_left(served: Served) -> None:
    async with served.hub.database.read() as session:
        gone = await session.scalar(select(Agent.id).where(Agent.is_active.is_(False)))
    async with served.client("agent") as client:
        address = f"/api/v1/cases/{served.ids['case']}"
        answer = await client.patch(address, json={"assignee_id": gone})
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
        promised = await client.post(f"{address}/promises", json={"text": "A label by Friday", "agent_id": gone})
        assert (promised.status_code, promised.json()["code"]) == (404, "not_found")


async def test_no_card_number_is_kept_of_what_is_written_about_a_case_at_the_desk(served: Served) -> None:
    ids = await _everything(served)
    await _promoted(served)
    refused = []
    async with served.client(cookies=served.cookies) as client:
        client.headers["X-CSRF-Token"] = served.csrf
        for route in WRITTEN:
            told = _filled(DESK.get(route, {"text": WORDS}), ids)
            answer = await client.post(_address(route.split(" ")[1], ids), data=told)
            refused += [(route, answer.text[:200])] if answer.status_code != 200 else []
    assert refused == [], "\n".join(map(str, refused))
    kept = [(name, row) for name, rows in (await _rows(served)).items() for row in rows if re.search("4111.?1111", row)]
    assert kept == [], "\n".join(map(str, kept))


async def _promoted(served: Served) -> None:
    async def step(session: AsyncSession) -> None:
        (await session.get_one(Agent, served.ids["agent"])).role = Role.SUPERVISOR

    await served.hub.database.write(step)


async def _rows(served: Served) -> dict[str, list[str]]:
    async with served.hub.database.read() as session:
        tables = Base.metadata.tables.items()
        return {name: [repr(row) for row in await session.execute(select(table))] for name, table in tables}
