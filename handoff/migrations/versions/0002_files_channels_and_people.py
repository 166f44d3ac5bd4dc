"""Files, channels other than the web, and one person on several of them.

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

from handoff.models.base import Json, UtcDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

LANES = "lane IN ('turn', 'deliver', 'fetch', 'timer')"


def upgrade() -> None:
    op.create_table(
        "codes",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("conversation_id", sa.String(length=26), nullable=False),
        sa.Column("identity_id", sa.String(length=26), nullable=False),
        sa.Column("handle", sa.String(length=10), nullable=False),
        sa.Column("address", sa.String(length=200), nullable=False),
        sa.Column("account_number", sa.String(length=40), nullable=True),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("used_at", UtcDateTime(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("handle IN ('email', 'phone')", name=op.f("ck_codes_handle")),
        sa.ForeignKeyConstraint(["conversation_id"], ["conversations.id"], name=op.f("fk_codes_conversation_id")),
        sa.ForeignKeyConstraint(["identity_id"], ["identities.id"], name=op.f("fk_codes_identity_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_codes")),
    )
    with op.batch_alter_table("codes", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_codes_conversation_id"), ["conversation_id"], unique=False)

    op.create_table(
        "continue_links",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("conversation_id", sa.String(length=26), nullable=False),
        sa.Column("identity_id", sa.String(length=26), nullable=False),
        sa.Column("to_channel", sa.String(length=20), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("used_at", UtcDateTime(), nullable=True),
        sa.Column("used_by_identity_id", sa.String(length=26), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name=op.f("fk_continue_links_conversation_id")
        ),
        sa.ForeignKeyConstraint(["identity_id"], ["identities.id"], name=op.f("fk_continue_links_identity_id")),
        sa.ForeignKeyConstraint(
            ["used_by_identity_id"], ["identities.id"], name=op.f("fk_continue_links_used_by_identity_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_continue_links")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_continue_links_token_hash")),
    )
    with op.batch_alter_table("continue_links", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_continue_links_conversation_id"), ["conversation_id"], unique=False)

    op.create_table(
        "joins",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("identity_id", sa.String(length=26), nullable=False),
        sa.Column("method", sa.String(length=10), nullable=False),
        sa.Column("from_customer_id", sa.String(length=26), nullable=False),
        sa.Column("to_customer_id", sa.String(length=26), nullable=False),
        sa.Column("from_conversation_id", sa.String(length=26), nullable=True),
        sa.Column("to_conversation_id", sa.String(length=26), nullable=True),
        sa.Column("agent_id", sa.String(length=26), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("undone_at", UtcDateTime(), nullable=True),
        sa.Column("undone_by", sa.String(length=26), nullable=True),
        sa.CheckConstraint("method IN ('link', 'code', 'login', 'agent')", name=op.f("ck_joins_method")),
        sa.ForeignKeyConstraint(["agent_id"], ["agents.id"], name=op.f("fk_joins_agent_id")),
        sa.ForeignKeyConstraint(
            ["from_conversation_id"], ["conversations.id"], name=op.f("fk_joins_from_conversation_id")
        ),
        sa.ForeignKeyConstraint(["from_customer_id"], ["customers.id"], name=op.f("fk_joins_from_customer_id")),
        sa.ForeignKeyConstraint(["identity_id"], ["identities.id"], name=op.f("fk_joins_identity_id")),
        sa.ForeignKeyConstraint(["to_conversation_id"], ["conversations.id"], name=op.f("fk_joins_to_conversation_id")),
        sa.ForeignKeyConstraint(["to_customer_id"], ["customers.id"], name=op.f("fk_joins_to_customer_id")),
        sa.ForeignKeyConstraint(["undone_by"], ["agents.id"], name=op.f("fk_joins_undone_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_joins")),
    )
    with op.batch_alter_table("joins", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_joins_from_customer_id"), ["from_customer_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_joins_identity_id"), ["identity_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_joins_to_customer_id"), ["to_customer_id"], unique=False)

    op.create_table(
        "attachments",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("secret", sa.String(length=43), nullable=False),
        sa.Column("conversation_id", sa.String(length=26), nullable=False),
        sa.Column("message_id", sa.String(length=26), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("media_type", sa.String(length=100), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=True),
        sa.Column("store_key", sa.String(length=200), nullable=True),
        sa.Column("source", sa.String(length=300), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("(state = 'stored') = (store_key IS NOT NULL)", name=op.f("ck_attachments_stored_has_key")),
        sa.CheckConstraint("kind IN ('image', 'video', 'audio', 'document')", name=op.f("ck_attachments_kind")),
        sa.CheckConstraint("state IN ('awaited', 'stored', 'refused', 'lost')", name=op.f("ck_attachments_state")),
        sa.ForeignKeyConstraint(["conversation_id"], ["conversations.id"], name=op.f("fk_attachments_conversation_id")),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name=op.f("fk_attachments_message_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attachments")),
        sa.UniqueConstraint("secret", name=op.f("uq_attachments_secret")),
    )
    with op.batch_alter_table("attachments", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_attachments_conversation_id"), ["conversation_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_attachments_message_id"), ["message_id"], unique=False)

    op.create_table(
        "channel_updates",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("account", sa.String(length=40), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("thread", sa.String(length=120), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("body", Json, nullable=False),
        sa.Column("message_id", sa.String(length=26), nullable=True),
        sa.Column("note", sa.String(length=300), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.Column("applied_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name=op.f("fk_channel_updates_message_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_channel_updates")),
        sa.UniqueConstraint(
            "channel", "account", "number", "digest", name=op.f("uq_channel_updates_channel_account_number_digest")
        ),
    )
    with op.batch_alter_table("channel_updates", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_channel_updates_thread"), ["thread"], unique=False)
        batch_op.create_index("ix_channel_updates_waiting", ["channel", "applied_at", "id"], unique=False)

    op.create_table(
        "deliveries",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("message_id", sa.String(length=26), nullable=False),
        sa.Column("identity_id", sa.String(length=26), nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("external_ref", sa.String(length=60), nullable=True),
        sa.Column("reason", sa.String(length=300), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("state IN ('sent', 'failed')", name=op.f("ck_deliveries_state")),
        sa.ForeignKeyConstraint(["identity_id"], ["identities.id"], name=op.f("fk_deliveries_identity_id")),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name=op.f("fk_deliveries_message_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deliveries")),
        sa.UniqueConstraint("message_id", "part", name=op.f("uq_deliveries_message_id_part")),
    )
    with op.batch_alter_table("deliveries", schema=None) as batch_op:
        batch_op.create_index("ix_deliveries_external_ref", ["identity_id", "external_ref"], unique=False)

    op.create_table(
        "message_edits",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("message_id", sa.String(length=26), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("is_masked", sa.Boolean(), nullable=False),
        sa.Column("client_ref", sa.String(length=100), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name=op.f("fk_message_edits_message_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message_edits")),
        sa.UniqueConstraint("message_id", "client_ref", name=op.f("uq_message_edits_message_id_client_ref")),
    )

    # Plain SQL, the same on both databases: Alembic would copy the whole table on SQLite, which nobody needs.
    for table, column, type_, target in (
        ("identities", "conversation_id", "VARCHAR(26)", "conversations"),
        ("messages", "identity_id", "VARCHAR(26)", "identities"),
    ):
        constraint = f"CONSTRAINT fk_{table}_{column} REFERENCES {target} (id)"
        op.execute(f"ALTER TABLE {table} ADD COLUMN {column} {type_} {constraint}")
        op.create_index(f"ix_{table}_{column}", table, [column])
    op.add_column("identities", sa.Column("unreachable_reason", sa.String(length=200), nullable=True))
    op.add_column("messages", sa.Column("edited_text", sa.Text(), nullable=True))
    op.add_column("messages", sa.Column("edited_at", UtcDateTime(), nullable=True))
    op.add_column("messages", sa.Column("withdrawn_at", UtcDateTime(), nullable=True))
    op.create_index("ix_facts_name_normalized", "facts", ["name", "normalized"])
    _add_lane()
    op.execute(
        "UPDATE identities SET conversation_id = "
        "(SELECT max(c.id) FROM conversations c WHERE c.identity_id = identities.id)"
    )
    op.execute(
        "UPDATE messages SET identity_id = "
        "(SELECT c.identity_id FROM conversations c WHERE c.id = messages.conversation_id) WHERE audience = 'everyone'"
    )


def _add_lane() -> None:
    """Files are fetched in a lane of their own, so that a slow download holds up neither words nor answers."""
    with op.batch_alter_table("outbox") as outbox:
        outbox.drop_constraint(op.f("ck_outbox_lane"), type_="check")
        outbox.create_check_constraint(op.f("ck_outbox_lane"), LANES)


def downgrade() -> None:
    raise NotImplementedError("Messages may hang on what this added; restore the backup made before it.")
