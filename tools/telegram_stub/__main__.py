"""`.venv/bin/python -m tools.telegram_stub`: the stub on 127.0.0.1."""

from __future__ import annotations

import argparse

import uvicorn

from tools.telegram_stub.app import create_app
from tools.telegram_stub.world import World


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tools.telegram_stub", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--token", action="append", required=True, help="a bot's token; give it twice for two bots")
    chosen = parser.parse_args()
    # A line that breaks on purpose is an error in uvicorn's eyes.
    uvicorn.run(create_app(World(chosen.token)), host="127.0.0.1", port=chosen.port, log_level="critical")


if __name__ == "__main__":
    main()
