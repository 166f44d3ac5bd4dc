"""How calls are made, against a real socket that misbehaves on request."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from actions.backends import accounts, errors, orders
from tests.actions.backends.fernway import free_port, systems_at

ACCOUNTS = b'{"accounts": []}'


class Misbehaving(BaseHTTPRequestHandler):
    """Plays one step of the server's script for each request; the last one again and again."""

    protocol_version = "HTTP/1.1"
    server: "Scripted"

    def do_GET(self) -> None:
        self.server.seen.append(self)
        steps = self.server.script
        (steps.pop(0) if len(steps) > 1 else steps[0])(self)

    do_POST = do_GET  # noqa: N815 - the name http.server looks for

    def log_message(self, format: str, *args: object) -> None:
        """Requests are kept in `seen`; nothing is printed."""

    def say(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Scripted(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Misbehaving)
        self.script: list[Callable[[Misbehaving], None]] = []
        self.seen: list[Misbehaving] = []
        self.released = threading.Event()


def says(status: int, body: bytes = ACCOUNTS, **headers: str) -> Callable[[Misbehaving], None]:
    return lambda request: request.say(status, body, **headers)


def hangs(request: Misbehaving) -> None:
    request.server.released.wait(10)


def breaks_off(request: Misbehaving) -> None:
    request.close_connection = True


def drips(request: Misbehaving) -> None:
    """A whole and correct answer, one byte every tenth of a second."""
    request.send_response(200)
    request.send_header("Content-Length", str(len(ACCOUNTS)))
    request.end_headers()
    for byte in ACCOUNTS:
        if request.server.released.wait(0.1):
            return
        try:
            request.wfile.write(bytes([byte]))
        except OSError:
            return


@pytest.fixture
def server() -> Iterator[Scripted]:
    server = Scripted()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        with systems_at(f"http://127.0.0.1:{server.server_port}", company_timeout_s="3", orders_token="t0ken"):
            yield server
    finally:
        server.released.set()
        server.shutdown()
        thread.join()
        server.server_close()


def ask() -> tuple[accounts.Account, ...]:
    return accounts.find(account_number="10042")


def change() -> accounts.PasswordReset:
    return accounts.reset_password("10042", key="message-1")


def test_a_safe_call_is_repeated_after_a_server_error(server: Scripted) -> None:
    server.script = [says(503), says(502), says(200)]
    assert ask() == ()
    assert len(server.seen) == 3


def test_a_safe_call_is_repeated_after_a_broken_connection(server: Scripted) -> None:
    server.script = [breaks_off, says(200)]
    assert ask() == ()


def test_a_safe_call_gives_up_and_says_so_plainly(server: Scripted) -> None:
    server.script = [says(500)]
    with pytest.raises(errors.CompanyDown) as caught:
        ask()
    assert caught.value.sentence == "Our account system is not answering at the moment."
    assert (caught.value.code, caught.value.outcome, caught.value.system) == ("company_down", "failed", "accounts")


def test_a_change_is_sent_once_even_when_it_fails(server: Scripted) -> None:
    server.script = [says(503)]
    with pytest.raises(errors.CompanyDown):
        change()
    assert len(server.seen) == 1


def test_a_change_carries_its_idempotency_key(server: Scripted) -> None:
    server.script = [says(200, b'{"sent_to": "m@x", "expires_at": "2026-01-01T00:00:00Z"}')]
    change()
    assert server.seen[0].headers["Idempotency-Key"] == "message-1"


def test_nobody_listening_means_down() -> None:
    with systems_at(f"http://127.0.0.1:{free_port()}"), pytest.raises(errors.CompanyDown):
        ask()


@pytest.mark.parametrize("slowness", [hangs, drips])
def test_a_slow_answer_is_given_up_and_not_asked_for_again(
    server: Scripted, slowness: Callable[[Misbehaving], None]
) -> None:
    url = f"http://127.0.0.1:{server.server_port}"
    server.script = [slowness]
    with systems_at(url, company_timeout_s="0.5"), pytest.raises(errors.CompanySlow) as caught:
        ask()
    assert caught.value.outcome == "timeout"
    assert len(server.seen) == 1


@pytest.mark.parametrize("body", [b"<html>", b"{}", b'{"accounts": [{"name": 1}]}'])
def test_an_answer_outside_the_contract_is_not_passed_on(server: Scripted, body: bytes) -> None:
    server.script = [says(200, body)]
    with pytest.raises(errors.CompanyConfused):
        ask()


def test_a_refusal_keeps_code_sentence_and_numbers(server: Scripted) -> None:
    said = {"code": "needs_person", "message": "A colleague decides.", "details": {"limit": "25.00"}}
    server.script = [says(409, json.dumps(said).encode())]
    with pytest.raises(errors.Refused) as caught:
        change()
    assert (caught.value.code, caught.value.sentence) == ("needs_person", "A colleague decides.")
    assert caught.value.details == {"limit": "25.00"}
    assert caught.value.outcome == "refused"


@pytest.mark.parametrize(
    ("status", "error"), [(404, errors.NotFound), (422, errors.Invalid), (401, errors.CompanyConfused)]
)
def test_each_status_has_its_own_error(server: Scripted, status: int, error: type[errors.CompanyError]) -> None:
    server.script = [says(status, b'{"code": "some_code", "message": "A sentence."}')]
    with pytest.raises(error) as caught:
        ask()
    assert caught.value.code == "some_code"


def test_an_error_page_of_a_proxy_is_not_read_to_the_customer(server: Scripted) -> None:
    server.script = [says(404, b"<html>nginx</html>")]
    with pytest.raises(errors.CompanyConfused) as caught:
        ask()
    assert "nginx" not in caught.value.sentence


def test_a_redirect_is_not_followed(server: Scripted) -> None:
    server.script = [says(307, b"", Location="/elsewhere")]
    with pytest.raises(errors.CompanyConfused):
        ask()
    assert len(server.seen) == 1


def test_a_cookie_of_one_customer_is_never_sent_for_another(server: Scripted) -> None:
    server.script = [says(200, ACCOUNTS, **{"Set-Cookie": "who=10042"})]
    ask()
    ask()
    assert [request.headers["Cookie"] for request in server.seen] == [None, None]


def test_each_system_gets_its_own_token(server: Scripted) -> None:
    server.script = [says(200, ACCOUNTS), says(200, b'{"orders": []}')]
    ask()
    orders.of_account("10042")
    assert [request.headers["Authorization"] for request in server.seen] == [None, "Bearer t0ken"]


@pytest.mark.parametrize("typed", ["..", ".", " ", ""])
def test_what_a_customer_typed_cannot_climb_to_another_path(server: Scripted, typed: str) -> None:
    with pytest.raises(errors.Invalid):
        orders.get(typed)
    assert server.seen == []


def test_slashes_and_question_marks_stay_inside_their_segment(server: Scripted) -> None:
    server.script = [says(404, b'{"code": "not_found", "message": "No."}')]
    with pytest.raises(errors.NotFound):
        orders.get("../accounts?x=1")
    assert server.seen[0].path == "/orders/..%2Faccounts%3Fx%3D1"


def test_threads_share_a_client_without_mixing_answers(server: Scripted) -> None:
    def echo(request: Misbehaving) -> None:
        time.sleep(0.01)
        number = request.path.rsplit("/", 1)[1]
        body = {"order_number": number, "account_number": "1", "placed_on": "2026-01-01", "status": "shipped"}
        request.say(200, json.dumps({**body, "items": [], "total": "0.00", "can_cancel": False}).encode())

    server.script = [echo]
    got: dict[str, str] = {}
    threads = [
        threading.Thread(target=lambda name=name: got.update({name: orders.get(name).order_number}))
        for name in (f"F-{number}" for number in range(20))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got == {name: name for name in got}
    assert len(got) == 20
