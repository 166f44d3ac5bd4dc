"""Starts the assistant: `python -m bot --model models/tellonce.tar.gz`. Takes what `rasa run` takes of the same names.

The server is Rasa's own; what differs is what is loaded before it (docs/decisions/0006) and how it calls actions
(`bot/action_calls.py`). `rasa run` with the same files gives the same answers, later and with more memory.
"""

import argparse
import gc
import os
import sys
from pathlib import Path
from typing import Any, List

from bot import without_tensorflow


def main(words: List[str]) -> None:
    asked = _arguments(words)
    os.environ["RASA_TELEMETRY_ENABLED"] = "false"
    if not asked.model.exists():
        sys.exit(f"There is no model at {asked.model}; train one with `make train`.")
    if not without_tensorflow.is_needed(asked.model):
        without_tensorflow.install()
    serve(asked)


def serve(asked: argparse.Namespace) -> None:
    """Until SIGTERM or SIGINT. The imports wait for the choice made above."""
    import rasa.core.run
    import rasa.utils.common
    import rasa.utils.io
    from rasa.core.utils import AvailableEndpoints
    from rasa.utils.log_utils import configure_structlog

    from bot import action_calls

    rasa.utils.common.configure_logging_and_warnings()
    rasa.utils.io.configure_colored_logging(None)
    configure_structlog(None)
    action_calls.install()
    endpoints = AvailableEndpoints.read_endpoints(asked.endpoints)
    endpoints.action = action_calls.kept_open(endpoints.action)
    rasa.core.run.serve_application(
        str(asked.model),
        interface=asked.interface,
        port=asked.port,
        credentials=asked.credentials,
        enable_api=False,
        endpoints=endpoints,
        server_listeners=[(_settle, "after_server_start")],
    )


async def _settle(*_server: Any) -> None:
    """What is loaded stays for good; looking through it again and again for garbage would cost whole turns."""
    gc.collect()
    gc.freeze()


def _arguments(words: List[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bot", description="Starts the assistant.")
    parser.add_argument("--interface", default="127.0.0.1", help="keep it on loopback: anybody could ask it anything")
    parser.add_argument("--port", type=int, default=5005)
    parser.add_argument("--model", type=Path, default=Path("models/tellonce.tar.gz"))
    parser.add_argument("--endpoints", default="endpoints.yml")
    parser.add_argument("--credentials", default="credentials.yml")
    return parser.parse_args(words)


if __name__ == "__main__":
    main(sys.argv[1:])
