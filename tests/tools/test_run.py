"""Stopping: Ctrl-C, SIGTERM and kill -9 of the supervisor, at every moment, with real processes."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.tools.small_stack import SmallStack, all_free
from tools.ports import Ports, answers
from tools.processes import ROOT
from tools.run import REVIVALS, SCREEN


class Supervisor:
    """`make run` in a process of its own, over small servers."""

    def __init__(self, var: Path, silent: str = "") -> None:
        self.ports = Ports.free()
        command = [sys.executable, "-m", "tests.tools.small_stack", str(var), *map(str, vars(self.ports).values())]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        command += [silent] if silent else []
        self.process = subprocess.Popen(command, cwd=ROOT, preexec_fn=_hears_hangups, **pipes)

    def wait_until_up(self) -> None:
        assert self.process.stdout
        assert self.process.stdout.readline() == "up\n"

    def wait_until_answering(self, name: str) -> None:
        while not answers(self.ports.urls[name]):
            time.sleep(0.01)


def _hears_hangups() -> None:
    """Also when these tests were started with `nohup`, which everything below inherits and `make run` honours."""
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_stop_ends_every_process_and_is_a_success(tmp_path: Path, number: int) -> None:
    supervisor = Supervisor(tmp_path)
    supervisor.wait_until_up()

    supervisor.process.send_signal(number)
    output, errors = supervisor.process.communicate()

    assert (supervisor.process.returncode, errors) == (0, "")
    assert "Stopping" in output
    assert all_free(supervisor.ports)


def test_ctrl_c_during_the_start_leaves_nothing_running(tmp_path: Path) -> None:
    supervisor = Supervisor(tmp_path, silent="rasa")
    supervisor.wait_until_answering("company")

    supervisor.process.send_signal(signal.SIGINT)
    _, errors = supervisor.process.communicate()

    assert (supervisor.process.returncode, errors) == (130, "")
    assert all_free(supervisor.ports)


def test_a_process_that_dies_later_is_named_and_started_again_and_the_others_go_on(tmp_path: Path) -> None:
    supervisor = Supervisor(tmp_path)
    supervisor.wait_until_up()
    before = running(tmp_path)

    os.kill(before[0], signal.SIGKILL)
    assert supervisor.process.stdout
    assert supervisor.process.stdout.readline().startswith("rasa has ended and is started again")
    supervisor.wait_until_answering("rasa")

    assert len(set(before) & set(running(tmp_path))) == len(before) - 1
    supervisor.process.send_signal(signal.SIGINT)
    supervisor.process.communicate()
    assert all_free(supervisor.ports)


def test_a_process_that_dies_again_and_again_stops_the_rest_and_is_named(tmp_path: Path) -> None:
    supervisor = Supervisor(tmp_path)
    supervisor.wait_until_up()
    seen: set[int] = set()

    while supervisor.process.poll() is None:
        for rasa in set(running(tmp_path)[:1]) - seen:
            os.kill(rasa, signal.SIGKILL)
            seen.add(rasa)
        time.sleep(0.05)
    _, errors = supervisor.process.communicate()

    assert (supervisor.process.returncode, len(seen)) == (1, REVIVALS + 1)
    assert errors.strip().startswith("rasa ended with code -9")
    assert all_free(supervisor.ports)


def running(var: Path) -> list[int]:
    note = var / "processes.json"
    pids: list[int] = json.loads(note.read_text())["pids"] if note.exists() else []
    return pids


def test_a_start_after_a_kill_9_of_the_supervisor_just_works(tmp_path: Path) -> None:
    killed = Supervisor(tmp_path)
    killed.wait_until_up()
    killed.process.kill()
    killed.process.communicate()

    with SmallStack(tmp_path, killed.ports):
        assert all(answers(url) for url in killed.ports.urls.values())

    assert all_free(killed.ports)


def test_the_screen_fits_a_small_terminal() -> None:
    assert len(SCREEN.splitlines()) < 30
    assert max(map(len, SCREEN.splitlines())) <= 100
