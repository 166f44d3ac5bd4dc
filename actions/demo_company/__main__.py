"""`python -m actions.demo_company`: the demo company on 127.0.0.1."""

import argparse
import os
from pathlib import Path

import uvicorn

from actions.demo_company.app import create_app


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m actions.demo_company", description=__doc__)
    parser.add_argument("--port", type=int, default=int(os.environ.get("TELLONCE_COMPANY_PORT", "8100")))
    parser.add_argument("--database", type=Path, default=Path(os.environ.get("TELLONCE_VAR", "var")) / "company.db")
    chosen = parser.parse_args()
    os.environ["TELLONCE_COMPANY_PORT"] = str(chosen.port)
    uvicorn.run(create_app(chosen.database), host="127.0.0.1", port=chosen.port, log_level="warning")


if __name__ == "__main__":
    main()
