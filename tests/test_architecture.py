"""Imports run one way: app -> desk api channels assistants -> nouns -> models db -> ports events errors settings."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
EDGES = ("desk", "api", "channels", "assistants", "company", "routers")
BOTTOM = {"ports", "events", "errors", "settings", "clock"}
NOT_FOR_NOUNS = ("fastapi", "starlette", "httpx", "requests", "telegram", "uvicorn", "jinja2", "websockets")
PROGRAMS = {"app", "cli", "__main__", "__init__", "demo"}


def _modules(folder: str) -> list[Path]:
    return sorted(path for path in (ROOT / folder).rglob("*.py") if "versions" not in path.parts)


def _imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def _rank(dotted: str) -> int | None:
    """0 for the bottom, 1 for models and db, 2 for nouns, 3 for the edges, 4 for the programs on top."""
    parts = dotted.split(".")
    if parts[0] != "handoff" or len(parts) < 2:
        return None
    name = parts[1]
    if name in BOTTOM:
        return 0
    if name in ("models", "db", "migrations"):
        return 1
    if name in EDGES:
        return 3
    return 4 if name in PROGRAMS else 2


NOUNS = [path for path in _modules("handoff") if _rank(".".join(path.relative_to(ROOT).with_suffix("").parts)) == 2]


@pytest.mark.parametrize("path", _modules("handoff"), ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_imports_from_above(path: Path) -> None:
    own = _rank(".".join(path.relative_to(ROOT).with_suffix("").parts))
    above = sorted(name for name in _imports(path) if own is not None and (_rank(name) or 0) > own)
    assert above == []


@pytest.mark.parametrize("path", NOUNS, ids=lambda path: path.stem)
def test_nouns_know_no_web_framework_and_no_http_client(path: Path) -> None:
    assert sorted(name for name in _imports(path) if name.split(".")[0] in NOT_FOR_NOUNS) == []


@pytest.mark.parametrize("folder", ["actions", "handoff", "tools"])
def test_only_the_bot_imports_rasa(folder: str) -> None:
    guilty = [path for path in _modules(folder) if any(name.split(".")[0] == "rasa" for name in _imports(path))]
    assert guilty == []


def test_actions_know_nothing_of_the_hub_but_its_settings() -> None:
    strangers = {
        f"{path.name}: {name}"
        for path in _modules("actions")
        for name in _imports(path)
        if name.startswith("handoff") and not name.startswith("handoff.settings")
    }
    assert strangers == set()


def test_the_bot_knows_nothing_of_the_hub() -> None:
    assert [path.name for path in _modules("bot") if any(name.startswith("handoff") for name in _imports(path))] == []


def test_the_reading_of_words_knows_nothing_of_its_readers() -> None:
    ours = {"handoff", "actions", "bot", "tools", "bench"}
    assert [path.name for path in _modules("words") if {name.split(".")[0] for name in _imports(path)} & ours] == []


ROUTES = [*_modules("handoff/api"), *(path for path in _modules("handoff/desk") if path.stem.endswith("routes"))]


@pytest.mark.parametrize("path", ROUTES, ids=lambda path: str(path.relative_to(ROOT)))
def test_routes_hold_no_query(path: Path) -> None:
    assert "sqlalchemy.select" not in _imports(path)
    assert ".execute(" not in path.read_text(encoding="utf-8")
