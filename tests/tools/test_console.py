"""What the user sees when a long step fails or is stopped."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tools.console import Refusal, cause_of_failure, run_step
from tools.processes import ROOT

A_TOOL = """
import sys
from pathlib import Path
from tools.console import Refusal, main, run_step

def tool():
    {body}

main(tool)
"""


def a_tool(body: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", A_TOOL.format(body=body)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_a_refusal_is_one_sentence_without_a_traceback_and_a_non_zero_exit() -> None:
    tool = a_tool("raise Refusal('Port 8000 is in use.')")
    _, errors = tool.communicate()

    assert tool.returncode == 1
    assert errors.strip() == "Port 8000 is in use."


def test_ctrl_c_in_a_long_step_ends_the_whole_group_of_the_step(tmp_path: Path) -> None:
    script = tmp_path / "step.sh"
    script.write_text(f"sleep 300 & echo $! > {tmp_path}/worker\nwait\n")
    tool = a_tool(f"run_step('Training', ['sh', {str(script)!r}], Path({str(tmp_path / 'log')!r}))")
    worker = tmp_path / "worker"
    while not (worker.exists() and worker.read_text().strip()):
        time.sleep(0.01)

    tool.send_signal(signal.SIGINT)
    tool.communicate()

    assert tool.returncode == 130
    assert not Path(f"/proc/{worker.read_text().strip()}").exists() or _is_zombie(int(worker.read_text()))


def test_a_failed_step_names_its_cause_and_where_the_rest_is(tmp_path: Path) -> None:
    log = tmp_path / "train.log"

    with pytest.raises(Refusal) as refused:
        run_step("Training the assistant", ["sh", "-c", "echo YamlException: bad indent.; exit 1"], log)

    assert str(refused.value) == (
        f"Training the assistant failed: YamlException: bad indent (the whole output is in {log})."
    )


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("OSError: [Errno 28] No space left on device", "the disk is full"),
        ("error: Failed to fetch: some page", "a download failed"),
        ("error: Hash mismatch for `anyio`", "does not match its locked hash"),
    ],
)
def test_causes_a_user_can_act_on_are_told_in_plain_words(tmp_path: Path, line: str, told: str) -> None:
    log = tmp_path / "log"
    log.write_text(f"first\n{line}\nTraceback ends here\n")

    assert told in cause_of_failure(log)


def test_a_stop_is_held_back_while_a_process_is_being_written_down(tmp_path: Path) -> None:
    body = (
        "from tools.processes import undisturbed; import os, signal\n"
        "    with undisturbed():\n"
        "        os.kill(os.getpid(), signal.SIGTERM)\n"
        "        print('written down', flush=True)\n"
        "    print('never reached', flush=True)"
    )
    tool = a_tool(body)
    output, _ = tool.communicate()

    assert output == "written down\n"
    assert tool.returncode == 130


def _is_zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except OSError:
        return not os.path.exists(f"/proc/{pid}")  # noqa: PTH110
