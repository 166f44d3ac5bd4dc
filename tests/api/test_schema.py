"""The API against its own OpenAPI: whatever is sent, the answer is one the schema names, never a failure of ours."""

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from jsonschema import Draft202012Validator

from handoff.app import create_app
from handoff.assistants.scripted import Scripted
from tests.api.conftest import Served

CALLERS = ("no token", "read", "assistant", "agent")
EACH = 4
"""Examples a route and caller; the boundaries below are tried one by one."""


def _schema() -> dict[str, Any]:
    return create_app(assistant=Scripted()).openapi()


def test_every_route_says_how_it_refuses() -> None:
    for path, methods in _schema()["paths"].items():
        for method, operation in methods.items():
            refusals = {code for code in operation["responses"] if code.startswith("4")}
            assert {"401", "404", "422"} <= refusals, (method, path)
            for code in refusals:
                shape = operation["responses"][code]["content"]["application/json"]["schema"]
                assert shape == {"$ref": "#/components/schemas/ErrorShape"}, (method, path, code)


def test_every_request_shape_refuses_unknown_fields() -> None:
    schema = _schema()
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            body = operation.get("requestBody")
            if body and "application/json" in body["content"]:
                shape = body["content"]["application/json"]["schema"]
                if "$ref" in shape:
                    shape = schema["components"]["schemas"][shape["$ref"].rsplit("/", 1)[1]]
                assert shape["additionalProperties"] is False, (method, path)


def test_the_published_package_schema_is_a_schema() -> None:
    from handoff.package import HandoverPackage

    Draft202012Validator.check_schema(HandoverPackage.model_json_schema())


async def test_whatever_is_sent_the_answer_is_in_the_schema(served: Served) -> None:
    """Generated requests, valid and not, for every route and kind of caller."""
    import asyncio

    await asyncio.to_thread(_fuzz, served)


def _fuzz(served: Served) -> None:
    schema = schemathesis.openapi.from_dict(_schema())
    schema.config.update(base_url=served.url)
    failures: list[str] = []
    for caller in CALLERS:
        token = served.tokens[caller]
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        for result in schema.get_all_operations():
            operation = result.ok()
            if operation is None:
                pytest.fail(str(result))
            _fuzz_one(operation, headers, served, failures, caller)
    assert failures == []


def _fuzz_one(operation: Any, headers: dict[str, str], served: Served, failures: list[str], caller: str) -> None:
    from hypothesis import given

    @given(case=operation.as_strategy())
    @settings(
        max_examples=EACH,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def send(case: Any) -> None:
        _aim(case, served)
        answer = case.call(headers=headers)
        if problem := _problem(operation, answer):
            failures.append(f"{caller}: {operation.method} {operation.path}: {problem}")

    send()


def _aim(case: Any, served: Served) -> None:
    """Half of the requests hit what exists, or nothing behind the first look-up would ever be reached."""
    known = {"conversation_id": "conversation", "handover_id": "handover", "ref": "case"}
    if case.path_parameters and len(str(case.path_parameters)) % 2:
        for name in known.keys() & case.path_parameters.keys():
            case.path_parameters[name] = served.ids[known[name]]
    if isinstance(case.body, dict) and "conversation_id" in case.body and len(str(case.body)) % 2:
        case.body["conversation_id"] = served.ids["conversation"]


def _problem(operation: Any, answer: Any) -> str | None:
    status = answer.status_code
    if status >= 500:
        return f"{status} {answer.text[:200]}"
    if status == 204:
        return None
    told = answer.json()
    if status >= 400 and (set(told) != {"code", "message"} or not told["message"]):
        return f"{status} in another shape: {answer.text[:200]}"
    try:
        operation.validate_response(answer)
    except Exception as error:  # noqa: BLE001, whatever it complains of is the finding
        return f"{status} is not in the schema: {error}"[:400]
    return None


HOSTILE = {
    "NUL": b'"a\\u0000b"',
    "half a character": b'"a\\ud800b"',
    "a key with half a character": b'{"\\ud800": 1}',
    "a huge number": b"1" + b"0" * 400,
    "a number of 5,000 digits": b"9" * 5000,
    "NaN": b"NaN",
    "infinity": b"-Infinity",
    "bad UTF-8": b'"\xff\xfe"',
    "a long string": b'"' + b"x" * 300_000 + b'"',
    "a deep nest": b"[" * 5000 + b"]" * 5000,
    "a nest of objects": b'{"a":' * 200 + b"1" + b"}" * 200,
    "null": b"null",
    "a list": b"[]",
    "half a document": b'{"text": "',
}
FIELDS = {
    "/api/v1/conversations/{conversation}/messages": ("text", "client_ref", "seen_seq"),
    "/api/v1/conversations/{conversation}/notes": ("text", "idempotency_key"),
    "/api/v1/conversations/{conversation}/facts": ("name", "value"),
    "/api/v1/conversations/{conversation}/transfer": ("team", "note"),
    "/api/v1/conversations/{conversation}/give-back": ("summary", "promises", "facts_learned"),
    "/api/v1/cases": ("conversation_id", "idempotency_key", "title", "topic", "team", "note"),
    "/api/v1/cases/{case}/notes": ("text", "idempotency_key"),
    "/api/v1/sign-in": ("email", "password"),
}
FOR_ASSISTANT = ("conversation_id", "turn_id", "idempotency_key", "issue", "team", "nlu", "facts", "metadata", "form")
RIGHT = {
    "text": "Hello",
    "name": "item",
    "value": "box",
    "team": "billing",
    "note": "A note",
    "summary": "Done",
    "title": "A case",
    "email": "a@b.example",
    "password": "x",
    "idempotency_key": "key",
}


@pytest.mark.parametrize("kind", HOSTILE)
async def test_what_cannot_be_kept_is_refused_in_a_sentence(served: Served, kind: str) -> None:
    wrong = []
    async with served.client("agent") as agent, served.client("assistant") as assistant:
        for path, fields in FIELDS.items():
            for field in fields:
                answer = await _send(agent, path.format(**served.ids), _document(field, fields, kind, served))
                wrong += _wrong(answer, f"{path} {field}")
        for field in FOR_ASSISTANT:
            needed = ("conversation_id", "idempotency_key", "reason_code", "issue", field)
            answer = await _send(assistant, "/api/v1/handovers", _document(field, needed, kind, served))
            wrong += _wrong(answer, f"handovers {field}")
        for field in ("metadata", "nlu"):
            within = (
                b'{"conversation_id": "x", "idempotency_key": "k", "reason_code": "asked", "issue": {"title": "t"}, '
            )
            within += b'"%s": {"latest_text": %s, "k": {"deep": [%s]}}}' % (
                field.encode(),
                HOSTILE[kind],
                HOSTILE[kind],
            )
            wrong += _wrong(await _send(assistant, "/api/v1/handovers", within), f"handovers within {field}")
    assert wrong == []


async def _send(client: Any, path: str, document: bytes) -> Any:
    return await client.post(path, content=document, headers={"Content-Type": "application/json"})


def _document(hostile: str, fields: tuple[str, ...], kind: str, served: Served) -> bytes:
    known = {**RIGHT, "conversation_id": served.ids["conversation"], "reason_code": "asked"}
    right = {
        name: b'{"title": "Return"}' if name == "issue" else b'"%s"' % known[name].encode()
        for name in fields
        if name in known or name == "issue"
    }
    right[hostile] = HOSTILE[kind]
    return b"{" + b", ".join(b'"%s": %s' % (name.encode(), value) for name, value in right.items()) + b"}"


def _wrong(answer: Any, where: str) -> list[str]:
    fits = 200 <= answer.status_code < 300 or (
        answer.status_code in (400, 401, 403, 404, 409, 413, 422, 429) and answer.json().keys() == {"code", "message"}
    )
    return [] if fits else [f"{where}: {answer.status_code} {answer.text[:200]}"]


@pytest.mark.parametrize(
    "address",
    [
        "/api/v1/conversations/%00",
        "/api/v1/conversations/{conversation}/messages?after=99999999999999999999",
        "/api/v1/conversations/{conversation}/messages?after=-1",
        "/api/v1/conversations/{conversation}/messages?limit=x",
        "/api/v1/handovers?team=%00",
        "/api/v1/handovers?team=%ff%fe",
        "/api/v1/handovers?team=" + "x" * 5000,
        "/api/v1/cases?customer_id=%ed%a0%80",
        "/api/v1/cases/%ed%a0%80",
        "/api/v1/cases/" + "9" * 5000,
        "/api/v1/handovers/%F0%9F%92%A5",
    ],
)
async def test_a_hostile_address_is_answered(served: Served, address: str) -> None:
    async with served.client("agent") as client:
        answer = await client.get(address.format(**served.ids))
    assert answer.status_code in (200, 404, 422)
    if answer.status_code != 200:
        assert answer.json().keys() == {"code", "message"}


async def test_an_unknown_field_is_refused_by_name(served: Served) -> None:
    async with served.client("agent") as client:
        path = f"/api/v1/conversations/{served.ids['conversation']}/notes"
        answer = await client.post(path, json={"text": "Hello", "is_admin": True})
    assert answer.status_code == 422
    assert "is_admin" in answer.json()["message"]
