from collections.abc import Iterator
from uuid import uuid4

import pytest
import requests

from tests.actions.backends.fernway import running_company, systems_at


@pytest.fixture(scope="session")
def fernway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """One company for all tests of a run; each test uses customers of its own."""
    with running_company(tmp_path_factory.mktemp("fernway") / "company.db") as url:
        yield url


@pytest.fixture
def company(fernway: str) -> Iterator[str]:
    """Every client talks to Fernway, all of whose systems are up before and after."""
    with systems_at(fernway):
        yield fernway
    requests.post(f"{fernway}/demo/faults", json={"system": "all", "mode": "ok"}, timeout=5).raise_for_status()


@pytest.fixture
def key() -> str:
    return f"message-{uuid4()}"
