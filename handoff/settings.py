"""Every setting of the hub and the action server, read once from the environment (prefix `TELLONCE_`).

`docs/guide.md` lists each of them; a test fails when one is missing there. The Rasa server runs in an environment of
its own and reads only `TELLONCE_ASSISTANT_SECRET`.
"""

from functools import lru_cache
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Durations carry their unit in the name; addresses are base URLs without a trailing slash."""

    model_config = SettingsConfigDict(env_prefix="TELLONCE_", extra="forbid")

    # Where things listen and live
    host: str = "127.0.0.1"
    port: int = 8000
    public_url: str = "http://127.0.0.1:8000"
    database_url: str = "sqlite+aiosqlite:///var/tellonce.db"
    secret_key: str = Field(default="", description="Signs web-chat sessions and desk cookies; 32 bytes or more.")
    allowed_origins: str = Field(
        default="",
        description="Comma-separated origins whose pages may open the chat socket; the public URL always may.",
    )
    log_level: str = "INFO"

    # The assistant
    assistant_url: str = "http://127.0.0.1:5005"
    assistant_secret: str = ""
    assistant_name: str = "Fern"
    assistant_timeout_s: float = 10.0
    assistant_slow_after_s: float = 3.0
    assistant_concurrency: int = 8
    assistant_session_turns: int = Field(default=40, description="Turns after which the Rasa session is rotated.")
    new_conversation_after_hours: float = Field(
        default=24.0, description="A customer who comes back to a finished conversation after this starts a new one."
    )
    empty_turns_before_handover: int = 2

    # The action server
    actions_port: int = 5055
    actions_token: str = Field(default="", description="Bearer token with scope `assistant` for the hub's API.")
    hub_url: str = "http://127.0.0.1:8000"

    # Company systems: base URL and token of each
    accounts_url: str = "http://127.0.0.1:8100"
    accounts_token: str = ""
    orders_url: str = "http://127.0.0.1:8100"
    orders_token: str = ""
    network_url: str = "http://127.0.0.1:8100"
    network_token: str = ""
    billing_url: str = "http://127.0.0.1:8100"
    billing_token: str = ""
    company_timeout_s: float = 3.0
    company_name: str = "Fernway Broadband"

    # Telegram
    telegram_token: str = Field(default="", description="A bot's token, or several as `team=token`, comma-separated.")
    telegram_mode: Literal["polling", "webhook"] = "polling"
    telegram_webhook_secret: str = Field(default="", description="What Telegram sends along with every update.")
    telegram_api_url: str = Field(default="", description="Another Bot API server than Telegram's own.")

    telegram_link_url: str = Field(default="https://t.me", description="What a link to a bot begins with.")

    # Who the customer is
    code_sender: str = Field(
        default="console",
        description="How codes travel: `console` (the log), an address that takes a POST, or `package.module:name`.",
    )
    code_sender_secret: str = Field(default="", description="Sent along to that address as a bearer token.")
    login_secret: str = Field(default="", description="Your site signs its customers' sign-ins with it (HS256).")
    demo: bool = Field(default=False, description="Shows what only a demonstration needs, such as invented sign-ins.")

    # Partners and webhooks
    webhook_allow_private: bool = Field(
        default=False, description="Webhooks may go to addresses inside your own network, such as 127.0.0.1."
    )

    # Files
    attachments_url: str = Field(
        default="var/attachments", description="A folder, or a bucket as `s3://…`, `gs://…` or `az://…`."
    )
    attachment_max_mb: int = 20
    attachments_per_message: int = 10
    attachments_per_conversation_mb: int = 200

    # People
    offer_timeout_s: float = Field(default=60.0, description="After this the offer goes to the next agent.")
    reply_timeout_s: float = Field(
        default=180.0, description="A customer unanswered for this long by an agent who is gone goes back to the queue."
    )
    contact_gap_hours: float = Field(
        default=4.0, description="After this much silence about a case the customer's next word is another contact."
    )
    reopen_within_days: float = Field(
        default=14.0, description="A case resolved longer ago is not opened again; a follow-up case is made."
    )
    close_waiting_after_days: float = Field(
        default=7.0, description="A case that waits for its customer this long is closed; told a day before; 0: never."
    )
    keep_settled_days: float = Field(
        default=30.0,
        ge=0,
        description="Settled webhook deliveries, old codes and work given up are deleted after this; 0: never.",
    )
    agent_session_hours: float = 12.0
    agent_away_after_s: float = Field(default=90.0, description="Without a sign of life the agent counts as away.")
    opening_hours: str = Field(
        default="mon-sun 00:00-24:00", description="When people answer, e.g. `mon-fri 08:00-20:00, sat 09:00-17:00`."
    )
    time_zone: str = "UTC"


@lru_cache
def settings() -> Settings:
    """The settings of this process. Tests call `settings.cache_clear()` after changing the environment."""
    return Settings()
