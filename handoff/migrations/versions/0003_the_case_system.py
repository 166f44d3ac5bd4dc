"""The case system: words belong to one case, and everything a case goes through until it is solved.

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

from handoff.models import words
from handoff.models.base import Json, UtcDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

LANES = "lane IN ('turn', 'deliver', 'fetch', 'case', 'company', 'webhook', 'timer')"
STATUSES = "status IN ('open', 'waiting', 'resolved', 'joined')"
FILE_STATES = "state IN ('awaited', 'stored', 'refused', 'lost', 'redacted')"


def upgrade() -> None:
    _widen_the_old_tables()
    _give_words_their_case()
    _give_lanes_a_subject()
    _add_the_new_tables()
    _make_cases_findable()


def _add_the_new_tables() -> None:
    op.create_table(
        "articles",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("url", sa.String(length=500), nullable=True),
        sa.Column("is_published", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_articles")),
        sa.UniqueConstraint("id", name=op.f("uq_articles_id")),
    )
    op.create_table(
        "calendars",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("time_zone", sa.String(length=60), nullable=False),
        sa.Column("hours", sa.String(length=300), nullable=False),
        sa.Column("holidays", Json, nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendars")),
        sa.UniqueConstraint("name", name=op.f("uq_calendars_name")),
    )
    op.create_table(
        "case_fields",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("topic", sa.String(length=60), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("label", sa.String(length=100), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("options", Json, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.CheckConstraint("kind IN ('text', 'number', 'date', 'choice', 'yes_no')", name=op.f("ck_case_fields_kind")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_fields")),
        sa.UniqueConstraint("topic", "name", name=op.f("uq_case_fields_topic_name")),
    )
    op.create_table(
        "exception_limits",
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("role", sa.String(length=12), nullable=False),
        sa.Column("amount_cents", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("kind", "role", name=op.f("pk_exception_limits")),
    )
    op.create_table(
        "partners",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("states", Json, nullable=False),
        sa.Column("facts", Json, nullable=False),
        sa.Column("webhook_secret", sa.String(length=100), nullable=True),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_partners")),
        sa.UniqueConstraint("name", name=op.f("uq_partners_name")),
    )
    op.create_table(
        "skills",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_skills")),
    )
    op.create_table(
        "triggers",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("event", sa.String(length=40), nullable=False),
        sa.Column("after", Json, nullable=False),
        sa.Column("conditions", Json, nullable=False),
        sa.Column("actions", Json, nullable=False),
        sa.Column("is_on", sa.Boolean(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_triggers")),
    )
    op.create_table(
        "endpoints",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("url", sa.String(length=500), nullable=False),
        sa.Column("secret", sa.String(length=100), nullable=False),
        sa.Column("events", Json, nullable=False),
        sa.Column("partner_id", sa.String(length=26), nullable=True),
        sa.Column("is_on", sa.Boolean(), nullable=False),
        sa.Column("off_because", sa.String(length=200), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["partner_id"], ["partners.id"], name=op.f("fk_endpoints_partner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_endpoints")),
    )
    with op.batch_alter_table("endpoints", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_endpoints_partner_id"), ["partner_id"], unique=False)

    op.create_table(
        "saved_views",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("agent_id", sa.String(length=26), nullable=True),
        sa.Column("chosen", Json, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["agent_id"], ["agents.id"], name=op.f("fk_saved_views_agent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_views")),
    )
    with op.batch_alter_table("saved_views", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_saved_views_agent_id"), ["agent_id"], unique=False)

    op.create_table(
        "teams",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("calendar_id", sa.String(length=26), nullable=True),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["calendar_id"], ["calendars.id"], name=op.f("fk_teams_calendar_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_teams")),
    )
    op.create_table(
        "webhooks_seen",
        sa.Column("partner_id", sa.String(length=26), nullable=False),
        sa.Column("webhook_id", sa.String(length=100), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["partner_id"], ["partners.id"], name=op.f("fk_webhooks_seen_partner_id")),
        sa.PrimaryKeyConstraint("partner_id", "webhook_id", name=op.f("pk_webhooks_seen")),
    )
    op.create_table(
        "case_exceptions",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("case_id", sa.String(length=26), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("amount_cents", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(length=1000), nullable=False),
        sa.Column("refused_by", sa.String(length=300), nullable=True),
        sa.Column("details", Json, nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("asked_by", sa.String(length=26), nullable=False),
        sa.Column("decided_by", sa.String(length=26), nullable=True),
        sa.Column("result", sa.String(length=500), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("decided_at", UtcDateTime(), nullable=True),
        sa.Column("done_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint(
            "state IN ('asked', 'granted', 'done', 'failed', 'denied')", name=op.f("ck_case_exceptions_state")
        ),
        sa.ForeignKeyConstraint(["asked_by"], ["agents.id"], name=op.f("fk_case_exceptions_asked_by")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_case_exceptions_case_id")),
        sa.ForeignKeyConstraint(["decided_by"], ["agents.id"], name=op.f("fk_case_exceptions_decided_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_exceptions")),
    )
    with op.batch_alter_table("case_exceptions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_case_exceptions_case_id"), ["case_id"], unique=False)

    op.create_table(
        "case_links",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("from_case_id", sa.String(length=26), nullable=False),
        sa.Column("to_case_id", sa.String(length=26), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("agent_id", sa.String(length=26), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('related', 'parent', 'duplicate', 'split', 'follow_up')", name=op.f("ck_case_links_kind")
        ),
        sa.ForeignKeyConstraint(["agent_id"], ["agents.id"], name=op.f("fk_case_links_agent_id")),
        sa.ForeignKeyConstraint(["from_case_id"], ["cases.id"], name=op.f("fk_case_links_from_case_id")),
        sa.ForeignKeyConstraint(["to_case_id"], ["cases.id"], name=op.f("fk_case_links_to_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_links")),
        sa.UniqueConstraint(
            "from_case_id", "to_case_id", "kind", name=op.f("uq_case_links_from_case_id_to_case_id_kind")
        ),
    )
    with op.batch_alter_table("case_links", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_case_links_to_case_id"), ["to_case_id"], unique=False)

    op.create_table(
        "case_moves",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("from_case_id", sa.String(length=26), nullable=False),
        sa.Column("to_case_id", sa.String(length=26), nullable=False),
        sa.Column("moved", Json, nullable=False),
        sa.Column("before", Json, nullable=False),
        sa.Column("agent_id", sa.String(length=26), nullable=True),
        sa.Column("idempotency_key", sa.String(length=100), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("undone_at", UtcDateTime(), nullable=True),
        sa.Column("undone_by", sa.String(length=26), nullable=True),
        sa.CheckConstraint("kind IN ('split', 'join')", name=op.f("ck_case_moves_kind")),
        sa.ForeignKeyConstraint(["agent_id"], ["agents.id"], name=op.f("fk_case_moves_agent_id")),
        sa.ForeignKeyConstraint(["from_case_id"], ["cases.id"], name=op.f("fk_case_moves_from_case_id")),
        sa.ForeignKeyConstraint(["to_case_id"], ["cases.id"], name=op.f("fk_case_moves_to_case_id")),
        sa.ForeignKeyConstraint(["undone_by"], ["agents.id"], name=op.f("fk_case_moves_undone_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_moves")),
        sa.UniqueConstraint("idempotency_key", name=op.f("uq_case_moves_idempotency_key")),
    )
    with op.batch_alter_table("case_moves", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_case_moves_from_case_id"), ["from_case_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_case_moves_to_case_id"), ["to_case_id"], unique=False)

    op.create_table(
        "case_tags",
        sa.Column("case_id", sa.String(length=26), nullable=False),
        sa.Column("tag", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_case_tags_case_id")),
        sa.PrimaryKeyConstraint("case_id", "tag", name=op.f("pk_case_tags")),
    )
    with op.batch_alter_table("case_tags", schema=None) as batch_op:
        batch_op.create_index("ix_case_tags_tag", ["tag", "case_id"], unique=False)

    op.create_table(
        "case_texts",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.String(length=26), nullable=False),
        sa.Column("head", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_case_texts_case_id")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_case_texts")),
        sa.UniqueConstraint("case_id", name=op.f("uq_case_texts_case_id")),
    )
    words.make(op.get_bind(), "case_texts")
    words.make(op.get_bind(), "articles")
    op.create_table(
        "case_watchers",
        sa.Column("case_id", sa.String(length=26), nullable=False),
        sa.Column("agent_id", sa.String(length=26), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["agent_id"], ["agents.id"], name=op.f("fk_case_watchers_agent_id")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_case_watchers_case_id")),
        sa.PrimaryKeyConstraint("case_id", "agent_id", name=op.f("pk_case_watchers")),
    )
    with op.batch_alter_table("case_watchers", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_case_watchers_agent_id"), ["agent_id"], unique=False)

    op.create_table(
        "clock_targets",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("team_id", sa.String(length=40), nullable=True),
        sa.Column("priority", sa.String(length=10), nullable=True),
        sa.Column("target_s", sa.Integer(), nullable=False),
        sa.Column("warn_s", sa.Integer(), nullable=False),
        sa.CheckConstraint("kind IN ('first_reply', 'next_reply', 'resolution')", name=op.f("ck_clock_targets_kind")),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name=op.f("fk_clock_targets_team_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clock_targets")),
        sa.UniqueConstraint("kind", "team_id", "priority", name=op.f("uq_clock_targets_kind_team_id_priority")),
    )
    op.create_table(
        "clocks",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("case_id", sa.String(length=26), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("calendar_id", sa.String(length=26), nullable=True),
        sa.Column("target_s", sa.Integer(), nullable=False),
        sa.Column("warn_s", sa.Integer(), nullable=False),
        sa.Column("elapsed_s", sa.Integer(), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("running_since", UtcDateTime(), nullable=True),
        sa.Column("due_at", UtcDateTime(), nullable=True),
        sa.Column("warned_at", UtcDateTime(), nullable=True),
        sa.Column("breached_at", UtcDateTime(), nullable=True),
        sa.Column("met_at", UtcDateTime(), nullable=True),
        sa.Column("cancelled_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("kind IN ('first_reply', 'next_reply', 'resolution')", name=op.f("ck_clocks_kind")),
        sa.ForeignKeyConstraint(["calendar_id"], ["calendars.id"], name=op.f("fk_clocks_calendar_id")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_clocks_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clocks")),
    )
    with op.batch_alter_table("clocks", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_clocks_case_id"), ["case_id"], unique=False)
        running = sa.text("due_at IS NOT NULL AND met_at IS NULL AND cancelled_at IS NULL")
        batch_op.create_index(
            "ix_clocks_due", ["due_at", "id"], unique=False, sqlite_where=running, postgresql_where=running
        )

    op.create_table(
        "effort",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("case_id", sa.String(length=26), nullable=False),
        sa.Column("customer_id", sa.String(length=26), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("detail", sa.String(length=200), nullable=True),
        sa.Column("cause", sa.String(length=80), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('contact', 'channel', 'transfer', 'repeated_fact', 'repeated_question', 'waited')",
            name=op.f("ck_effort_kind"),
        ),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_effort_case_id")),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_effort_customer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_effort")),
        sa.UniqueConstraint("cause", "kind", name=op.f("uq_effort_cause_kind")),
    )
    with op.batch_alter_table("effort", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_effort_case_id"), ["case_id"], unique=False)
        batch_op.create_index("ix_effort_customer", ["customer_id", "created_at"], unique=False)

    op.create_table(
        "routes",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("conditions", Json, nullable=False),
        sa.Column("team_id", sa.String(length=40), nullable=False),
        sa.Column("skills", Json, nullable=False),
        sa.Column("priority", sa.String(length=10), nullable=True),
        sa.Column("is_on", sa.Boolean(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name=op.f("fk_routes_team_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_routes")),
    )
    op.create_table(
        "shares",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("case_id", sa.String(length=26), nullable=False),
        sa.Column("partner_id", sa.String(length=26), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("task", sa.String(length=1000), nullable=False),
        sa.Column("facts", Json, nullable=False),
        sa.Column("state", sa.String(length=40), nullable=True),
        sa.Column("agent_id", sa.String(length=26), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("seen_at", UtcDateTime(), nullable=True),
        sa.Column("revoked_at", UtcDateTime(), nullable=True),
        sa.Column("revoked_why", sa.String(length=200), nullable=True),
        sa.ForeignKeyConstraint(["agent_id"], ["agents.id"], name=op.f("fk_shares_agent_id")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_shares_case_id")),
        sa.ForeignKeyConstraint(["partner_id"], ["partners.id"], name=op.f("fk_shares_partner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shares")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_shares_token_hash")),
    )
    with op.batch_alter_table("shares", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_shares_case_id"), ["case_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_shares_partner_id"), ["partner_id"], unique=False)

    op.create_table(
        "trigger_firings",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("trigger_id", sa.String(length=26), nullable=False),
        sa.Column("case_id", sa.String(length=26), nullable=False),
        sa.Column("cause", sa.String(length=60), nullable=False),
        sa.Column("outcome", Json, nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_trigger_firings_case_id")),
        sa.ForeignKeyConstraint(["trigger_id"], ["triggers.id"], name=op.f("fk_trigger_firings_trigger_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trigger_firings")),
        sa.UniqueConstraint("trigger_id", "case_id", "cause", name=op.f("uq_trigger_firings_trigger_id_case_id_cause")),
    )
    with op.batch_alter_table("trigger_firings", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_trigger_firings_case_id"), ["case_id"], unique=False)

    op.create_table(
        "webhook_deliveries",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("endpoint_id", sa.String(length=26), nullable=False),
        sa.Column("case_id", sa.String(length=26), nullable=True),
        sa.Column("cause", sa.String(length=60), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("last_status", sa.Integer(), nullable=True),
        sa.Column("last_error", sa.String(length=300), nullable=True),
        sa.Column("next_at", UtcDateTime(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("delivered_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("state IN ('waiting', 'delivered', 'failed')", name=op.f("ck_webhook_deliveries_state")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_webhook_deliveries_case_id")),
        sa.ForeignKeyConstraint(["endpoint_id"], ["endpoints.id"], name=op.f("fk_webhook_deliveries_endpoint_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_deliveries")),
        sa.UniqueConstraint("endpoint_id", "cause", name=op.f("uq_webhook_deliveries_endpoint_id_cause")),
    )
    with op.batch_alter_table("webhook_deliveries", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_webhook_deliveries_case_id"), ["case_id"], unique=False)
        batch_op.create_index("ix_webhook_deliveries_endpoint", ["endpoint_id", "id"], unique=False)

    op.create_table(
        "follow_ups",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("case_id", sa.String(length=26), nullable=False),
        sa.Column("question", sa.String(length=300), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("conversation_id", sa.String(length=26), nullable=True),
        sa.Column("message_id", sa.String(length=26), nullable=True),
        sa.Column("went_well", sa.Boolean(), nullable=True),
        sa.Column("words", sa.Text(), nullable=True),
        sa.Column("detail", sa.String(length=200), nullable=True),
        sa.Column("cause", sa.String(length=80), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("answered_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("state IN ('planned', 'asked', 'answered', 'dropped')", name=op.f("ck_follow_ups_state")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_follow_ups_case_id")),
        sa.ForeignKeyConstraint(["conversation_id"], ["conversations.id"], name=op.f("fk_follow_ups_conversation_id")),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name=op.f("fk_follow_ups_message_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_follow_ups")),
        sa.UniqueConstraint("cause", name=op.f("uq_follow_ups_cause")),
    )
    with op.batch_alter_table("follow_ups", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_follow_ups_case_id"), ["case_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_follow_ups_conversation_id"), ["conversation_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_follow_ups_message_id"), ["message_id"], unique=False)

    op.create_table(
        "promises",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("case_id", sa.String(length=26), nullable=False),
        sa.Column("text", sa.String(length=300), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("made_by", sa.String(length=26), nullable=True),
        sa.Column("agent_id", sa.String(length=26), nullable=True),
        sa.Column("message_id", sa.String(length=26), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("reminded_at", UtcDateTime(), nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("state IN ('open', 'kept', 'broken', 'withdrawn')", name=op.f("ck_promises_state")),
        sa.ForeignKeyConstraint(["agent_id"], ["agents.id"], name=op.f("fk_promises_agent_id")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_promises_case_id")),
        sa.ForeignKeyConstraint(["made_by"], ["agents.id"], name=op.f("fk_promises_made_by")),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name=op.f("fk_promises_message_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_promises")),
    )
    with op.batch_alter_table("promises", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_promises_agent_id"), ["agent_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_promises_case_id"), ["case_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_promises_due_at"), ["due_at"], unique=False)

    op.create_table(
        "shared_messages",
        sa.Column("share_id", sa.String(length=26), nullable=False),
        sa.Column("message_id", sa.String(length=26), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name=op.f("fk_shared_messages_message_id")),
        sa.ForeignKeyConstraint(["share_id"], ["shares.id"], name=op.f("fk_shared_messages_share_id")),
        sa.PrimaryKeyConstraint("share_id", "message_id", name=op.f("pk_shared_messages")),
    )
    with op.batch_alter_table("shared_messages", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_shared_messages_message_id"), ["message_id"], unique=False)

    op.create_table(
        "surveys",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("case_id", sa.String(length=26), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("conversation_id", sa.String(length=26), nullable=True),
        sa.Column("message_id", sa.String(length=26), nullable=True),
        sa.Column("is_solved", sa.Boolean(), nullable=True),
        sa.Column("ease", sa.Integer(), nullable=True),
        sa.Column("words", sa.Text(), nullable=True),
        sa.Column("detail", sa.String(length=200), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("answered_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("state IN ('planned', 'asked', 'answered', 'dropped')", name=op.f("ck_surveys_state")),
        sa.CheckConstraint("ease IS NULL OR ease BETWEEN 1 AND 5", name=op.f("ck_surveys_ease")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_surveys_case_id")),
        sa.ForeignKeyConstraint(["conversation_id"], ["conversations.id"], name=op.f("fk_surveys_conversation_id")),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name=op.f("fk_surveys_message_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_surveys")),
        sa.UniqueConstraint("case_id", name=op.f("uq_surveys_case_id")),
    )
    with op.batch_alter_table("surveys", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_surveys_conversation_id"), ["conversation_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_surveys_message_id"), ["message_id"], unique=False)


def _make_cases_findable() -> None:
    """By what was said so far; the first change of a case writes its whole text."""
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    joined = "group_concat(w.said, char(10))" if is_sqlite else "string_agg(w.said, chr(10))"
    said = (
        "SELECT coalesce(m.edited_text, m.text) AS said FROM messages m WHERE m.case_id = c.id "
        "AND m.author <> 'system' AND m.withdrawn_at IS NULL ORDER BY m.id"
    )
    head = "c.ref || ' ' || c.title || ' ' || coalesce(p.name, '') || ' ' || coalesce(p.account_number, '')"
    op.execute(
        "INSERT INTO case_texts (case_id, head, body, updated_at) "  # noqa: S608, nothing in it was typed by anybody
        f"SELECT c.id, {head}, {head} || ' ' || coalesce((SELECT {joined} FROM ({said}) w), ''), c.updated_at "
        "FROM cases c JOIN customers p ON p.id = c.customer_id ORDER BY c.id"
    )


def _widen_the_old_tables() -> None:
    for name in ("ix_cases_assignee_id", "ix_cases_customer_id", "ix_cases_team_status"):
        op.drop_index(name, "cases")
    op.create_index("ix_handovers_team_accepted", "handovers", ["team", "accepted_at"], unique=False)
    with op.batch_alter_table("cases") as cases:
        cases.add_column(sa.Column("waiting_for", sa.String(length=10), nullable=True))
        cases.add_column(sa.Column("joined_into_id", sa.String(length=26), nullable=True))
        cases.add_column(sa.Column("language", sa.String(length=20), nullable=False, server_default="en"))
        cases.add_column(sa.Column("skills", Json, nullable=False, server_default="[]"))
        cases.add_column(sa.Column("fields", Json, nullable=False, server_default="{}"))
        for sum_ in ("contacts", "transfers", "repeats", "waited_s"):
            cases.add_column(sa.Column(sum_, sa.Integer(), nullable=False, server_default="0"))
        cases.drop_constraint(op.f("ck_cases_status"), type_="check")
        cases.create_check_constraint(op.f("ck_cases_status"), STATUSES)
        cases.create_check_constraint(
            op.f("ck_cases_joined_into"), "(status = 'joined') = (joined_into_id IS NOT NULL)"
        )
        cases.create_check_constraint(
            op.f("ck_cases_waiting_for"), "waiting_for IS NULL OR waiting_for IN ('customer', 'partner')"
        )
        cases.create_foreign_key(op.f("fk_cases_joined_into_id"), "cases", ["joined_into_id"], ["id"])
    op.create_index("ix_cases_team_status", "cases", ["team", "status", "updated_at"])
    op.create_index("ix_cases_status", "cases", ["status", "updated_at"])
    op.create_index("ix_cases_priority_status", "cases", ["priority", "status", "updated_at"])
    op.create_index("ix_cases_assignee_status", "cases", ["assignee_id", "status", "updated_at"])
    op.create_index("ix_cases_customer", "cases", ["customer_id", "created_at"])
    often = sa.text("contacts >= 3")
    op.create_index(
        "ix_cases_contacts",
        "cases",
        ["status", "updated_at", "contacts"],
        sqlite_where=often,
        postgresql_where=often,
    )
    op.create_index("ix_case_events_created", "case_events", ["created_at"])
    op.create_index("ix_cases_joined_into_id", "cases", ["joined_into_id"])
    op.create_index("ix_conversations_agent", "conversations", ["agent_id", "floor"])
    op.add_column("agents", sa.Column("skills", Json, nullable=False, server_default="[]"))
    op.add_column("agents", sa.Column("languages", Json, nullable=False, server_default='["en"]'))
    op.add_column("messages", sa.Column("redacted_at", UtcDateTime(), nullable=True))
    with op.batch_alter_table("attachments") as attachments:
        attachments.add_column(sa.Column("redacted_at", UtcDateTime(), nullable=True))
        attachments.drop_constraint(op.f("ck_attachments_state"), type_="check")
        attachments.create_check_constraint(op.f("ck_attachments_state"), FILE_STATES)


def _give_words_their_case() -> None:
    """Plain SQL, the same on both databases: Alembic would copy the whole table on SQLite, which nobody needs."""
    for table, in_order in (("conversations", []), ("messages", ["created_at", "id"]), ("facts", [])):
        constraint = f"CONSTRAINT fk_{table}_case_id REFERENCES cases (id)"
        op.execute(f"ALTER TABLE {table} ADD COLUMN case_id VARCHAR(26) {constraint}")
        op.create_index(f"ix_{table}_case_id", table, ["case_id", *in_order])
    op.execute(
        "UPDATE messages SET case_id = (SELECT max(l.case_id) FROM case_conversations l "
        "WHERE l.conversation_id = messages.conversation_id AND l.first_seq <= messages.seq)"
    )
    op.execute(
        "UPDATE facts SET case_id = (SELECT max(l.case_id) FROM case_conversations l "
        "WHERE l.conversation_id = facts.conversation_id)"
    )
    op.execute(
        "UPDATE conversations SET case_id = (SELECT max(l.case_id) FROM case_conversations l "
        "JOIN cases c ON c.id = l.case_id WHERE l.conversation_id = conversations.id AND c.status <> 'resolved')"
    )


def _give_lanes_a_subject() -> None:
    op.drop_index("ix_outbox_lane", "outbox")
    op.add_column("outbox", sa.Column("subject_id", sa.String(length=26), nullable=True))
    op.execute("UPDATE outbox SET subject_id = conversation_id")
    with op.batch_alter_table("outbox") as outbox:
        outbox.alter_column("subject_id", existing_type=sa.String(length=26), nullable=False)
        outbox.alter_column("conversation_id", existing_type=sa.String(length=26), nullable=True)
        outbox.drop_constraint(op.f("ck_outbox_lane"), type_="check")
        outbox.create_check_constraint(op.f("ck_outbox_lane"), LANES)
    op.create_index("ix_outbox_lane", "outbox", ["subject_id", "lane", "id"])
    op.create_index("ix_outbox_conversation_id", "outbox", ["conversation_id"])


def downgrade() -> None:
    raise NotImplementedError("Words may have moved between cases since; restore the backup made before it.")
