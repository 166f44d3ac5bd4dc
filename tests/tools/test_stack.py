"""The supervisor, with small real servers in place of the four programs: what starts also stops, whatever happens."""

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tools.small_stack import SmallStack, all_free
from tools import leftovers
from tools.console import Refusal
from tools.ports import Ports, answers


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[SmallStack]:
    stack = SmallStack(tmp_path / "var", Ports.free())
    yield stack
    stack.stop()


def test_everything_answers_after_start_and_nothing_holds_a_port_after_stop(stack: SmallStack) -> None:
    with stack:
        assert all(answers(url) for url in stack.ports.urls.values())

    assert all_free(stack.ports)


def test_a_port_in_use_is_told_in_one_sentence_with_the_setting_to_change(stack: SmallStack) -> None:
    with socket.create_server(("127.0.0.1", stack.ports.rasa)), pytest.raises(Refusal) as refused:
        stack.start()

    assert str(refused.value) == (
        f"Port {stack.ports.rasa}, wanted for rasa, is in use; stop what uses it or set TELLONCE_ASSISTANT_PORT."
    )
    assert not stack.log("rasa").exists()


def test_a_process_that_ends_at_start_is_named_with_its_last_words_and_takes_the_others_along(
    stack: SmallStack,
) -> None:
    stack.broken = "actions"

    with pytest.raises(Refusal, match=r"(?s)^actions ended with code 3.*no such table: customers"):
        stack.start()

    assert all_free(stack.ports)


def test_one_process_can_be_killed_and_started_again_while_the_others_go_on(stack: SmallStack) -> None:
    with stack:
        stack.kill("rasa")
        assert not answers(stack.ports.urls["rasa"])
        assert answers(stack.ports.urls["hub"])
        assert stack.dead() == []

        stack.restart("rasa")
        assert answers(stack.ports.urls["rasa"])


def test_a_process_that_dies_is_noticed(stack: SmallStack) -> None:
    with stack:
        os.kill(stack.pid("hub"), signal.SIGKILL)
        deadline = time.monotonic() + 30
        while not stack.dead() and time.monotonic() < deadline:
            time.sleep(0.01)

        with pytest.raises(Refusal, match="hub ended with code -9"):
            stack.refuse_dead()


def test_secrets_are_made_once_and_only_their_owner_can_read_them(stack: SmallStack, tmp_path: Path) -> None:
    first = stack.secrets()
    again = SmallStack(tmp_path / "var", stack.ports).secrets()

    assert first == again
    assert len(set(first.values())) == len(first) == 4
    assert all(len(secret) >= 32 for secret in first.values())
    assert stat.S_IMODE((tmp_path / "var").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "var" / "secrets.json").stat().st_mode) == 0o600


def test_every_process_is_told_the_same_addresses(stack: SmallStack) -> None:
    env, urls = stack.env, stack.ports.urls

    assert env["TELLONCE_PUBLIC_URL"] == env["TELLONCE_HUB_URL"] == urls["hub"]
    assert env["TELLONCE_ASSISTANT_URL"] == urls["rasa"]
    assert env["TELLONCE_ACTION_ENDPOINT"] == urls["actions"] + "/webhook"
    assert env["TELLONCE_BILLING_URL"] == urls["company"]
    assert env["RASA_TELEMETRY_ENABLED"] == "false"


def test_an_address_the_user_set_wins_over_the_demo_company(stack: SmallStack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TELLONCE_BILLING_URL", "http://billing.example")

    assert stack.env["TELLONCE_BILLING_URL"] == "http://billing.example"


def test_what_a_killed_supervisor_left_running_is_ended_by_the_next_start(stack: SmallStack) -> None:
    command = [sys.executable, "-m", "http.server", str(stack.ports.hub), "--bind", "127.0.0.1"]
    env = {**os.environ, "TELLONCE_VAR": str(stack.var)}
    stack.var.mkdir()
    orphan = subprocess.Popen(command, env=env, start_new_session=True, stderr=subprocess.DEVNULL)
    (stack.var / "processes.json").write_text(json.dumps({"supervisor": _a_dead_pid(), "pids": [orphan.pid]}))
    # The orphan is this test's child: reaping it here is what init does for a real one.
    signal.signal(signal.SIGCHLD, lambda number, frame: orphan.poll())
    try:
        with stack:
            assert orphan.poll() is not None
            assert answers(stack.ports.urls["hub"])
    finally:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)


def test_a_second_start_in_the_same_folder_is_refused_while_the_first_runs(stack: SmallStack) -> None:
    stack.var.mkdir()
    env = {**os.environ, "TELLONCE_VAR": str(stack.var)}
    sleeper = subprocess.Popen(["sleep", "60"], env=env)
    try:
        note = {"supervisor": os.getppid(), "pids": [sleeper.pid]}
        (stack.var / "processes.json").write_text(json.dumps(note))
        with pytest.raises(Refusal, match=rf"already runs .*process {os.getppid()}"):
            stack.start()
    finally:
        sleeper.kill()
        sleeper.wait()


def test_a_process_number_used_again_by_a_stranger_is_left_alone(stack: SmallStack) -> None:
    stack.var.mkdir()
    stranger = subprocess.Popen(["sleep", "60"], start_new_session=True)
    try:
        note = {"supervisor": _a_dead_pid(), "pids": [stranger.pid]}
        (stack.var / "processes.json").write_text(json.dumps(note))
        leftovers.sweep(stack.var)
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


@pytest.mark.parametrize("value", ["eighty", "0", "70000", "-1"])
def test_a_port_that_is_no_port_is_refused(value: str) -> None:
    with pytest.raises(Refusal, match="TELLONCE_PORT must be a port number"):
        Ports.from_environ({"TELLONCE_PORT": value})


def test_two_processes_cannot_be_given_the_same_port() -> None:
    with pytest.raises(Refusal, match="cannot share a port"):
        Ports.from_environ({"TELLONCE_PORT": "5005"})


def _a_dead_pid() -> int:
    gone = subprocess.Popen(["true"])
    gone.wait()
    return gone.pid
