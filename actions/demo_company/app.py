"""The demo company as an ASGI application: who may ask, what is switched off, and one shape for every error."""

import hmac
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.middleware.base import RequestResponseEndpoint

from actions.demo_company import (
    accounts,
    billing,
    exceptions,
    faults,
    network,
    orders,
    pages,
    payments,
    progress,
    return_policy,
    returns,
    travel,
)
from actions.demo_company.db import open_database
from actions.demo_company.once import Once
from actions.demo_company.problems import Problem, invalid
from actions.demo_company.seed import seed
from handoff.settings import settings


def create_app(database: Path) -> FastAPI:
    engine = open_database(database)
    seed(engine)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        yield
        engine.dispose()

    app = FastAPI(title="Fernway Broadband", version="1.0.0", lifespan=lifespan, docs_url=None, redoc_url=None)
    app.state.engine = engine
    app.state.switch = faults.Switch()
    once = Once(engine)
    parts = (accounts, orders, return_policy, returns, travel, network, billing, payments, exceptions)
    for part in (*parts, pages, faults, progress):
        app.include_router(part.router)

    @app.get("/healthz", include_in_schema=False)
    def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @app.middleware("http")
    async def gate(request: Request, call_next: RequestResponseEndpoint) -> Response:
        system = faults.system_of(request.url.path)
        if system is None:
            return await call_next(request)
        try:
            _check_token(request, system)
            if await app.state.switch.is_down(system):
                raise Problem(503, "down", "This system is switched off.")
            return await (call_next(request) if request.method == "GET" else once.answer(request, call_next))
        except Problem as problem:
            return _problem(problem)

    app.add_exception_handler(Problem, lambda _, problem: _problem(problem))
    app.add_exception_handler(RequestValidationError, lambda _, error: _problem(_explain(error)))
    app.add_exception_handler(HTTPException, lambda _, error: _problem(_unknown(error)))
    return app


def _check_token(request: Request, system: str) -> None:
    """Tokens are checked where the settings name one."""
    token = getattr(settings(), f"{system}_token")
    given = request.headers.get("authorization", "")
    if token and not hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
        raise Problem(401, "unauthorized", "This system needs its bearer token.")


def _problem(problem: Problem) -> JSONResponse:
    return JSONResponse(problem.body, problem.status)


def _explain(error: RequestValidationError) -> Problem:
    names = {str(place["loc"][-1]).replace("_", " ") for place in error.errors()}
    return invalid(f"This cannot be used: {', '.join(sorted(names))}.")


def _unknown(error: HTTPException) -> Problem:
    code = "not_found" if error.status_code == 404 else "bad_request"
    return Problem(error.status_code, code, "There is nothing at this address.")
