"""What a call asks for: a query, a form, a multipart form or JSON, in which objects may be JSON in strings."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import UploadFile
from starlette.requests import Request

from tools.telegram_stub.refusals import bad_request


@dataclass(frozen=True)
class Upload:
    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True)
class Parameters:
    values: dict[str, Any]
    uploads: dict[str, Upload]

    def text(self, name: str, default: str = "") -> str:
        value = self.values.get(name)
        return default if value is None else str(value)

    def integer(self, name: str, default: int | None = None) -> int:
        value = self.values.get(name, default)
        try:
            return int(value)  # type: ignore[arg-type]
        except (TypeError, ValueError):
            raise bad_request(f"{name} must be an integer") from None

    def given(self, name: str) -> bool:
        return self.values.get(name) not in (None, "")

    def flag(self, name: str) -> bool:
        return str(self.values.get(name, "")).lower() in ("true", "1")

    def parsed(self, name: str) -> Any:
        """A JSON-serialised object or list, or None."""
        value = self.values.get(name)
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value) if value else None
        except ValueError:
            raise bad_request(f"can't parse {name} JSON object") from None


async def read(request: Request) -> Parameters:
    values: dict[str, Any] = dict(request.query_params)
    uploads: dict[str, Upload] = {}
    if request.headers.get("content-type", "").startswith("application/json"):
        values |= await request.json()
    elif request.method == "POST":
        async with request.form(max_part_size=64 * 1024 * 1024) as form:
            for name, value in form.multi_items():
                if isinstance(value, UploadFile):
                    media_type = value.content_type or "application/octet-stream"
                    uploads[name] = Upload(value.filename or name, media_type, await value.read())
                else:
                    values[name] = value
    return Parameters(values, uploads)
