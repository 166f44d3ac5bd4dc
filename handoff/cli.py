"""`python -m handoff.cli`: run the hub, migrate its database, load demo data, make a token."""

import asyncio
import logging
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, TypeVar

import structlog
import typer
import uvicorn
from alembic import command
from alembic.config import Config
from sqlalchemy.exc import IntegrityError, OperationalError, ProgrammingError

from handoff import agents, demo, tokens
from handoff.channels.senders import sender_of
from handoff.channels.telegram.bots import read_tokens
from handoff.db import Database
from handoff.errors import Conflict, TellonceError
from handoff.models import Role
from handoff.routing import teams
from handoff.settings import Settings, settings

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
T = TypeVar("T")
WS_MAX_BYTES = 64 * 1024
SECRET_AT_LEAST = 32


@app.command()
def serve() -> None:
    """Run the hub until it is told to stop."""
    config = settings()
    if len(config.secret_key) < SECRET_AT_LEAST:
        sys.exit(f"TELLONCE_SECRET_KEY needs {SECRET_AT_LEAST} characters or more; make one and set it.")
    if trouble := _trouble_with_telegram(config) or _trouble_with_proofs(config):
        sys.exit(trouble)
    _log_as(config.log_level)
    # uvicorn stops in order and then raises the signal again; having stopped in order is no failure.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    uvicorn.run(
        "handoff.app:create_app",
        factory=True,
        host=config.host,
        port=config.port,
        ws_max_size=WS_MAX_BYTES,
        ws_per_message_deflate=False,
        access_log=False,
        # Below INFO the socket library writes whole frames to the log, before anything was masked in them.
        log_level=max(logging.getLevelNamesMapping()[config.log_level.upper()], logging.INFO),
        timeout_graceful_shutdown=10,
        server_header=False,
    )


def _trouble_with_telegram(config: Settings) -> str | None:
    """What is wrong with the settings, in a sentence that shows no secret."""
    try:
        bots = read_tokens(config.telegram_token)
    except ValueError as wrong:
        return str(wrong)
    if bots and config.telegram_mode == "webhook" and len(config.telegram_webhook_secret) < SECRET_AT_LEAST:
        return f"TELLONCE_TELEGRAM_WEBHOOK_SECRET needs {SECRET_AT_LEAST} characters or more; make one and set it."
    return None


def _trouble_with_proofs(config: Settings) -> str | None:
    """Whether codes can travel and sign-ins are signed well enough."""
    if config.login_secret and len(config.login_secret) < SECRET_AT_LEAST:
        return f"TELLONCE_LOGIN_SECRET needs {SECRET_AT_LEAST} characters or more; make one and set it."
    try:
        sender_of(config)
    except ValueError as wrong:
        return str(wrong)
    return None


@app.command()
def migrate() -> None:
    """Bring the database to the newest schema; safe to repeat."""
    url = settings().database_url
    if url.startswith("sqlite") and "///" in url:
        Path(url.split("///", 1)[1]).parent.mkdir(parents=True, exist_ok=True)
    command.upgrade(alembic_config(url), "head")


@app.command("seed-demo")
def seed_demo() -> None:
    """The demo agents and canned answers, on an empty database."""
    done = _run(demo.seed_people)
    typer.echo("The demo agents are there." if done else "There are agents already; nothing was changed.")
    typer.echo("\n".join(_run(demo.logins)))


@app.command("seed-day")
def seed_day() -> None:
    """A believable busy day at the desk, on top of the demo agents."""
    done = _run(demo.seed_all)
    typer.echo("The busy day is there." if done else "There are conversations already; nothing was changed.")


@app.command()
def token(
    name: Annotated[str, typer.Argument(help="What it is for.")],
    scope: Annotated[list[str], typer.Option(help="assistant, agent or read; may be repeated.")],
    agent: Annotated[str | None, typer.Option(help="E-mail of the agent it acts for.")] = None,
) -> None:
    """Make a bearer token for the API. It is shown once."""

    async def make(database: Database) -> str:
        return await database.write(lambda session: tokens.create(session, name, scope, agent))

    typer.echo(_run(make))


@app.command("add-agent")
def add_agent(
    email: Annotated[str, typer.Argument(help="They sign in with it.")],
    name: Annotated[str, typer.Argument(help="What customers and colleagues read.")],
    team: Annotated[list[str], typer.Option(help="care, returns, network, billing or retention; may be repeated.")],
    role: Annotated[Role, typer.Option(help="What they may do at the desk.")] = Role.AGENT,
    password: Annotated[str, typer.Option(prompt=True, hide_input=True, confirmation_prompt=True)] = "",
) -> None:
    """Let a person in at the desk. The password is asked for when it is not given."""

    async def hire(database: Database) -> str:
        async with database.read() as session:
            for one in team:
                await teams.checked(session, one)
        hashed = await agents.hash_password(password)
        try:
            await database.write(
                lambda session: agents.add(
                    session, email=email, name=name, password_hash=hashed, role=role, teams=tuple(team)
                )
            )
        except IntegrityError:
            raise Conflict(f"{email} can sign in already.") from None
        return f"{name} can sign in at {settings().public_url}/desk."

    typer.echo(_run(hire))


def alembic_config(url: str) -> Config:
    """Alembic, pointed at our migrations and this database."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    return config


def _run(step: Callable[[Database], Awaitable[T]]) -> T:
    async def go() -> T:
        async with Database(settings().database_url) as database:
            return await step(database)

    try:
        return asyncio.run(go())
    except TellonceError as refusal:
        sys.exit(refusal.message)
    except (OperationalError, ProgrammingError) as error:
        sys.exit(f"The database does not fit: {error.orig}. Run `python -m handoff.cli migrate` first.")


def _log_as(level: str) -> None:
    logging.basicConfig(level=level, format="%(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
    )


if __name__ == "__main__":
    app()
