"""Routers that a request for somewhere else passes by at once."""

from typing import Any

from fastapi import APIRouter
from starlette.routing import Match
from starlette.types import Scope


class Router(APIRouter):
    """An `APIRouter` that looks at the beginning of an address before it asks its routes.

    FastAPI asks every route of every router in turn, and those of a router within a router once more: with some 340
    routes that was a quarter of the price of a page. `under` is what every address of its routes has in it, the prefix
    up to its first parameter unless told otherwise. Not only at the start: a proxy may put something before it.
    """

    def __init__(self, *, prefix: str = "", under: str | None = None, **options: Any) -> None:
        super().__init__(prefix=prefix, **options)
        self._under = prefix.partition("{")[0] if under is None else under

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if self._under not in scope["path"]:
            return Match.NONE, {}
        return super().matches(scope)
