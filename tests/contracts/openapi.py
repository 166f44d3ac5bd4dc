"""The company contract as data: its file, its operations, and schemas laid out so that two spellings compare equal."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

import actions.backends

FILE = Path(actions.backends.__file__).with_name("openapi.yml")
WORDS = {"title", "description", "examples"}


@cache
def contract() -> dict[str, Any]:
    return dict(yaml.safe_load(FILE.read_text(encoding="utf-8")))


@dataclass(frozen=True)
class Operation:
    method: str
    path: str
    spec: dict[str, Any]

    @property
    def name(self) -> str:
        return str(self.spec["operationId"])

    @property
    def parameters(self) -> list[dict[str, Any]]:
        return [resolved(parameter, contract()) for parameter in self.spec.get("parameters", [])]

    @property
    def body(self) -> dict[str, Any] | None:
        return json_schema(self.spec["requestBody"]) if "requestBody" in self.spec else None

    @property
    def result(self) -> dict[str, Any]:
        return json_schema(self.spec["responses"]["200"])


def operations(document: dict[str, Any]) -> dict[str, Operation]:
    found = [
        Operation(method.upper(), path, spec)
        for path, ways in document["paths"].items()
        for method, spec in ways.items()
    ]
    return {operation.name: operation for operation in found}


def json_schema(holder: dict[str, Any]) -> dict[str, Any]:
    return dict(holder["content"]["application/json"]["schema"])


def resolved(schema: Any, document: dict[str, Any]) -> Any:
    while isinstance(schema, dict) and "$ref" in schema:
        found: Any = document
        for step in schema["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        schema = found
    return schema


def plain(schema: Any, document: dict[str, Any]) -> Any:
    """The schema without references and words; "or null" is spelt one way, and order means nothing."""
    schema = resolved(schema, document)
    if isinstance(schema, list):
        return [plain(part, document) for part in schema]
    if not isinstance(schema, dict):
        return schema
    if "properties" in schema:
        named = {name: plain(part, document) for name, part in schema["properties"].items()}
        rest = {name: part for name, part in schema.items() if name not in WORDS | {"properties"}}
        return {**rest, "properties": named, "required": sorted(schema.get("required", []))}
    kept = {name: plain(part, document) for name, part in schema.items() if name not in WORDS}
    return _or_null(kept)


def _or_null(schema: dict[str, Any]) -> dict[str, Any]:
    ways = schema.get("anyOf", [])
    others = [way for way in ways if way != {"type": "null"}]
    if len(others) == 1 and len(ways) == 2:
        rest = {name: part for name, part in schema.items() if name != "anyOf"}
        return {**rest, **others[0], "or_null": True}
    if isinstance(schema.get("type"), list) and "null" in schema["type"]:
        (type_,) = (name for name in schema["type"] if name != "null")
        enum = {"enum": [value for value in schema["enum"] if value is not None]} if "enum" in schema else {}
        return {**schema, **enum, "type": type_, "or_null": True}
    return schema


def references(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        if "$ref" in schema:
            yield schema["$ref"]
        for part in schema.values():
            yield from references(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from references(part)
