"""Idempotency keys: the same call under the same key gives the first answer and does nothing again."""

import asyncio
from hashlib import sha256

from fastapi import Request, Response
from sqlalchemy import Engine
from sqlalchemy.orm import Session
from starlette.middleware.base import RequestResponseEndpoint

from actions.demo_company.problems import Problem, invalid
from actions.demo_company.tables import Answer


class Once:
    """One change at a time, so that two equal calls at the same moment cannot both find nothing kept."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.lock = asyncio.Lock()

    async def answer(self, request: Request, call_next: RequestResponseEndpoint) -> Response:
        key = request.headers.get("idempotency-key")
        if not key or len(key) > 200:
            raise invalid("A change needs an Idempotency-Key of at most 200 characters.")
        name = (key, request.method, request.url.path)
        digest = sha256(await request.body()).hexdigest()
        async with self.lock:
            kept = await asyncio.to_thread(self._kept, name)
            if kept is None:
                response = await call_next(request)
                body = b"".join([part async for part in response.body_iterator])  # type: ignore[attr-defined]
                kept = Answer(
                    key=key, method=name[1], path=name[2], body_sha256=digest, status=response.status_code, body=body
                )
                await asyncio.to_thread(self._keep, kept)
        if kept.body_sha256 != digest:
            raise Problem(422, "idempotency_key_reused", "This Idempotency-Key was used for something else.")
        return Response(kept.body, kept.status, media_type="application/json")

    def _kept(self, name: tuple[str, str, str]) -> Answer | None:
        with Session(self.engine) as session:
            return session.get(Answer, name)

    def _keep(self, answer: Answer) -> None:
        """Failures are not kept: the next try may work. Refusals are, being answers."""
        if answer.status < 500:
            with Session(self.engine, expire_on_commit=False) as session, session.begin():
                session.add(answer)
