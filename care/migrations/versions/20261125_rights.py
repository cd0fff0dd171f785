"""rights and duties"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "b1f0c3a4d503"
down_revision = "b1f0c3a4d502"
branch_labels = None
depends_on = None

_WIDENED = (
    ("customer_field", "value", sa.String(length=400), True),
    ("customer_field", "old_values", sa.JSON(none_as_null=True), False),
    ("merge_log", "undo", sa.JSON(none_as_null=True), False),
    ("order", "receiver_address", sa.String(length=300), False),
    ("invoice", "tax_number", sa.String(length=20), True),
    ("invoice", "email", sa.String(length=120), True),
    ("staff", "totp_secret", sa.String(length=64), True),
)


def upgrade() -> None:
    with op.batch_alter_table("one_time_code", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("purpose", sa.String(length=16), nullable=False, server_default="verify")
        )
    with op.batch_alter_table("one_time_code", schema=None) as batch_op:
        batch_op.alter_column("purpose", existing_type=sa.String(length=16), server_default=None)
    with op.batch_alter_table("customer_field", schema=None) as batch_op:
        batch_op.add_column(sa.Column("source_message_id", sa.Integer(), nullable=True))
        batch_op.create_foreign_key(
            batch_op.f("fk_customer_field_source_message_id_message"),
            "message",
            ["source_message_id"],
            ["id"],
            ondelete="SET NULL",
        )
    with op.batch_alter_table("customer", schema=None) as batch_op:
        batch_op.add_column(sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True))
    with op.batch_alter_table("complaint", schema=None) as batch_op:
        batch_op.add_column(sa.Column("locked_at", sa.DateTime(timezone=True), nullable=True))
    with op.batch_alter_table("consent", schema=None) as batch_op:
        for name in ("given_message_id", "withdrawn_message_id"):
            batch_op.add_column(sa.Column(name, sa.Integer(), nullable=True))
            batch_op.create_foreign_key(
                batch_op.f(f"fk_consent_{name}_message"), "message", [name], ["id"], ondelete="SET NULL"
            )
    op.create_table(
        "rights_request",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=24), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("conversation_id", sa.Integer(), nullable=True),
        sa.Column("source_message_id", sa.Integer(), nullable=True),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("waits_for", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("result", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("token_hash", sa.String(length=64), nullable=True),
        sa.Column("token_expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["customer.id"],
            name=op.f("fk_rights_request_customer_id_customer"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversation.id"],
            name=op.f("fk_rights_request_conversation_id_conversation"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["source_message_id"],
            ["message.id"],
            name=op.f("fk_rights_request_source_message_id_message"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rights_request")),
        sa.UniqueConstraint("number", name=op.f("uq_rights_request_number")),
        sa.UniqueConstraint(
            "kind", "source_message_id", name=op.f("uq_rights_request_kind_source_message_id")
        ),
        sa.UniqueConstraint("token_hash", name=op.f("uq_rights_request_token_hash")),
    )
    with op.batch_alter_table("rights_request", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_rights_request_customer_id"), ["customer_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_rights_request_due_at"), ["due_at"], unique=False)
        batch_op.create_index("ix_rights_request_kind_state", ["kind", "state"], unique=False)
    op.create_table(
        "legal_hold",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("set_by", sa.String(length=80), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lifted_by", sa.String(length=80), nullable=True),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["customer.id"],
            name=op.f("fk_legal_hold_customer_id_customer"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_legal_hold")),
    )
    with op.batch_alter_table("legal_hold", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_legal_hold_customer_id"), ["customer_id"], unique=False)
    op.create_table(
        "keeping_time",
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("set_by", sa.String(length=80), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("kind", name=op.f("pk_keeping_time")),
    )  # What is over its time is looked for by the hour.
    for table in ("message", "access_log"):
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.create_index(batch_op.f(f"ix_{table}_at"), ["at"], unique=False)
    op.create_table(
        "host_token_use",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("visitor_id", sa.Integer(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["visitor_id"],
            ["visitor.id"],
            name=op.f("fk_host_token_use_visitor_id_visitor"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_host_token_use")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_host_token_use_token_hash")),
    )
    with op.batch_alter_table("host_token_use", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_host_token_use_visitor_id"), ["visitor_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_host_token_use_expires_at"), ["expires_at"], unique=False)

    with op.batch_alter_table("customer_field", schema=None) as batch_op:
        batch_op.add_column(sa.Column("value_index", sa.String(length=64), nullable=True))
        batch_op.create_index(batch_op.f("ix_customer_field_value_index"), ["value_index"], unique=False)
    # Room for what is encrypted. Values are encrypted afterwards, where the key is known (care.migrations.upgrade).
    for table, column, type_, is_nullable in _WIDENED:
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.alter_column(
                column,
                existing_type=type_,
                type_=sa.Text(),
                existing_nullable=is_nullable,
                postgresql_using=f"{column}::text",
            )


def downgrade() -> None:
    # On PostgreSQL this fails, loudly, as long as encrypted values are there: without the key nothing opens them.
    for table, column, type_, is_nullable in _WIDENED:
        cast = "json" if isinstance(type_, sa.JSON) else "varchar"
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.alter_column(
                column,
                existing_type=sa.Text(),
                type_=type_,
                existing_nullable=is_nullable,
                postgresql_using=f"{column}::{cast}",
            )
    with op.batch_alter_table("customer_field", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_customer_field_value_index"))
        batch_op.drop_column("value_index")
    op.drop_table("host_token_use")
    for table in ("message", "access_log"):
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.drop_index(batch_op.f(f"ix_{table}_at"))
    op.drop_table("keeping_time")
    op.drop_table("legal_hold")
    op.drop_table("rights_request")
    with op.batch_alter_table("consent", schema=None) as batch_op:
        for name in ("given_message_id", "withdrawn_message_id"):
            batch_op.drop_constraint(batch_op.f(f"fk_consent_{name}_message"), type_="foreignkey")
            batch_op.drop_column(name)
    with op.batch_alter_table("complaint", schema=None) as batch_op:
        batch_op.drop_column("locked_at")
    with op.batch_alter_table("customer", schema=None) as batch_op:
        batch_op.drop_column("erased_at")
    with op.batch_alter_table("customer_field", schema=None) as batch_op:
        batch_op.drop_constraint(
            batch_op.f("fk_customer_field_source_message_id_message"), type_="foreignkey"
        )
        batch_op.drop_column("source_message_id")
    with op.batch_alter_table("one_time_code", schema=None) as batch_op:
        batch_op.drop_column("purpose")
