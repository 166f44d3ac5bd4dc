"""A stack of small real servers, for testing the supervisor without waiting for Rasa.

`python -m tests.tools.small_stack VAR PORT PORT PORT PORT [SILENT]` runs one as `make run` would.
"""

import sys
from pathlib import Path

from tools.console import main
from tools.ports import Ports, is_free
from tools.run import serve
from tools.stack import Program, Stack


class SmallStack(Stack):
    """Four file servers. `broken` ends at once instead; `silent` runs and never answers."""

    broken = ""
    silent = ""

    def programs(self) -> dict[str, Program]:
        ports = {name: getattr(self.ports, name) for name in super().programs()}
        return {name: Program(name, self._command(name, port), "/") for name, port in ports.items()}

    def prepare_database(self) -> None:
        pass

    def _command(self, name: str, port: int) -> tuple[str | Path, ...]:
        if name == self.broken:
            return (sys.executable, "-c", "print('no such table: customers'); raise SystemExit(3)")
        if name == self.silent:
            return ("sleep", "600")
        return (sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1", "--directory", self.var)


def all_free(ports: Ports) -> bool:
    return all(is_free(port) for port in vars(ports).values())


def _run() -> None:
    var, *ports = sys.argv[1:6]
    stack = SmallStack(Path(var), Ports(*map(int, ports)))
    stack.silent = "".join(sys.argv[6:])
    serve(stack, lambda: "up")


if __name__ == "__main__":
    main(_run)
