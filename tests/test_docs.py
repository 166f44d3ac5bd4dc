"""What exists is documented: every setting, make target, command and API route has its line in docs/guide.md."""

import re
from pathlib import Path

import pytest

from handoff.api.routes import router
from handoff.cli import app as cli
from handoff.settings import Settings

ROOT = Path(__file__).parent.parent
GUIDE = (ROOT / "docs" / "guide.md").read_text(encoding="utf-8")
CODE = [path for folder in ("actions", "bot", "tools") for path in (ROOT / folder).rglob("*.py")]
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")


def _settings_read_elsewhere() -> set[str]:
    texts = [path.read_text(encoding="utf-8") for path in [*CODE, ROOT / "endpoints.yml", ROOT / "credentials.yml"]]
    return {name for text in texts for name in re.findall(r"TELLONCE_[A-Z_]+[A-Z]", text)}


@pytest.mark.parametrize("name", [f"TELLONCE_{name.upper()}" for name in Settings.model_fields])
def test_every_setting_of_the_hub_is_in_the_guide(name: str) -> None:
    assert f"`{name}`" in GUIDE


def test_every_setting_named_anywhere_else_is_in_the_guide() -> None:
    assert sorted(name for name in _settings_read_elsewhere() if f"`{name}`" not in GUIDE) == []


def test_the_guide_names_no_setting_that_nothing_reads() -> None:
    known = {f"TELLONCE_{name.upper()}" for name in Settings.model_fields} | _settings_read_elsewhere()
    assert sorted(set(re.findall(r"`(TELLONCE_[A-Z_]+)`", GUIDE)) - known) == []


@pytest.mark.parametrize("target", re.findall(r"^([a-z-]+):.*## ", MAKEFILE, re.M))
def test_every_make_target_is_in_the_guide(target: str) -> None:
    assert f"`make {target}`" in GUIDE


def test_the_guide_names_no_make_target_that_does_not_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", MAKEFILE, re.M))
    assert sorted(set(re.findall(r"`make ([a-z-]+)`", GUIDE)) - targets) == []


@pytest.mark.parametrize("command", [command.name or command.callback.__name__ for command in cli.registered_commands])
def test_every_command_of_the_hub_is_in_the_guide(command: str) -> None:
    assert f"`{command}`" in GUIDE


def _routes() -> list[str]:
    from fastapi import FastAPI

    app = FastAPI()
    app.include_router(router)
    paths = app.openapi()["paths"]
    return [f"{method.upper()} {path}" for path, methods in paths.items() for method in methods]


@pytest.mark.parametrize("route", _routes())
def test_every_api_route_is_in_the_guide(route: str) -> None:
    assert f"`{route}`" in GUIDE
