"""Every way of saying no has its own code, one status and a sentence, and leaves in one shape whatever said it."""

from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient
from sqlalchemy.exc import OperationalError

from handoff import errors
from handoff.app import create_app
from handoff.assistants.scripted import Scripted
from handoff.channels.web import sessions
from handoff.errors import PermanentDeliveryError, TellonceError


def _kinds(kind: type[TellonceError]) -> Iterator[type[TellonceError]]:
    for below in kind.__subclasses__():
        yield below
        yield from _kinds(below)


KINDS = sorted(_kinds(TellonceError), key=lambda kind: kind.__name__)
SHARED = {PermanentDeliveryError}
"""Says the same to a program as its parent; it only carries the reason."""


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_error_has_a_code_a_status_and_a_sentence(kind: type[TellonceError]) -> None:
    error = kind("A sentence for a person.")
    assert error.as_dict() == {"code": kind.code, "message": "A sentence for a person."}
    assert kind.code.replace("_", "").islower()
    assert 400 <= kind.status < 600


def test_no_two_errors_share_a_code() -> None:
    codes = [kind.code for kind in KINDS if kind not in SHARED]
    assert sorted(codes) == sorted(set(codes))


def test_the_tree_at_the_top_of_the_module_names_every_error_with_its_status() -> None:
    drawn = {line.split()[-1] if len(line.split()) == 1 else line.strip("│├└─ ").split()[0] for line in _tree()}
    assert {kind.__name__ for kind in KINDS if kind.__module__ == errors.__name__} <= drawn
    for kind in KINDS:
        for line in _tree():
            words = line.strip("│├└─ ").split()
            if words[0] == kind.__name__ and len(words) > 1 and words[1].isdigit():
                assert int(words[1]) == kind.status


def _tree() -> list[str]:
    return [line.strip() for line in str(errors.__doc__).splitlines() if "──" in line]


def _app() -> FastAPI:
    """The real handlers over routes that fail in every way."""
    app = create_app(assistant=Scripted())

    @app.get("/fails/{name}")
    async def fails(name: str) -> None:
        if name == "database":
            raise OperationalError("select", {}, RuntimeError("secret of the database"))
        if name == "defect":
            raise ZeroDivisionError("secret of the code")
        if name == "overflow":
            raise OverflowError("too large to convert")
        raise next(kind for kind in KINDS if kind.__name__ == name)("No.")

    return app


async def _ask(method: str, path: str, **parts: object) -> tuple[int, dict[str, str], dict[str, str]]:
    transport = ASGITransport(_app(), raise_app_exceptions=False)
    async with AsyncClient(transport=transport, base_url="http://hub") as client:
        answer = await client.request(method, path, **parts)  # type: ignore[arg-type]
    return answer.status_code, answer.json(), dict(answer.headers)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
async def test_every_error_leaves_a_route_in_the_one_shape(kind: type[TellonceError]) -> None:
    status, body, headers = await _ask("GET", f"/fails/{kind.__name__}")
    assert (status, body) == (kind.status, {"code": kind.code, "message": "No."})
    assert headers["x-content-type-options"] == "nosniff"
    assert ("retry-after" in headers) == (kind.status == 429)


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/no/such/page", 404, "not_found"),
        ("GET", "/api/v1/no-such-thing", 404, "not_found"),
        ("DELETE", "/api/v1/cases", 405, "method_not_allowed"),
        ("POST", "/healthz", 405, "method_not_allowed"),
        ("GET", "/api/v1/cases/%00", 422, "bad_input"),
        ("GET", "/api/v1/cases?customer_id=%00", 422, "bad_input"),
        ("GET", "/fails/overflow", 422, "bad_input"),
        ("GET", "/fails/database", 503, "unavailable"),
        ("GET", "/fails/defect", 500, "error"),
    ],
)
async def test_what_no_route_refuses_is_refused_in_the_same_shape(
    method: str, path: str, status: int, code: str
) -> None:
    told, body, _ = await _ask(method, path)
    assert (told, body["code"]) == (status, code)
    assert body.keys() == {"code", "message"}
    assert "secret" not in body["message"]


async def test_a_body_that_is_too_large_is_refused_before_it_is_read() -> None:
    status, body, _ = await _ask("POST", "/api/v1/sign-in", content=b"x" * (1024 * 1024 + 1))
    assert (status, body["code"]) == (413, "too_large")


@pytest.mark.parametrize(
    "path",
    ["/desk/welcome/nobody/attachments", "/channels/telegram/attachments", "/desk/settings/partners/attachments"],
)
async def test_only_where_files_are_taken_may_a_body_be_large(path: str) -> None:
    for content_type in ("application/json", "application/x-www-form-urlencoded"):
        headers = {"Content-Type": content_type}
        status, body, _ = await _ask("POST", path, content=b"x" * (1024 * 1024 + 1), headers=headers)
        assert (status, body["code"]) == (413, "too_large")


async def test_a_body_that_does_not_say_how_large_it_is_is_refused_when_it_is_too_large() -> None:
    async def pieces() -> object:
        for _ in range(20):
            yield b"x" * 100_000

    status, body, _ = await _ask("POST", "/api/v1/sign-in", content=pieces())
    assert status in (400, 413)
    assert body.keys() == {"code", "message"}


def test_a_chat_session_of_somebody_else_says_which_error_it_is() -> None:
    with pytest.raises(sessions.SessionInvalid) as caught:
        sessions.read("made-up.signature", "s" * 40)
    assert caught.value.code == "session_invalid"
