"""what customers ask the order system to do"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "b1f0c3a4d501"
down_revision = "9776ab695649"
branch_labels = None
depends_on = None

_MONEY = sa.Numeric(precision=12, scale=2)
_MOMENT = sa.DateTime(timezone=True)


def _number_of_an_order() -> list[sa.Column[Any]]:
    return [
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=24), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=False),
    ]


def _of_an_order(table: str) -> list[sa.Constraint]:
    return [
        sa.ForeignKeyConstraint(
            ["order_id"], ["order.id"], name=op.f(f"fk_{table}_order_id_order"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("number", name=op.f(f"uq_{table}_number")),
    ]


def _of_a_line(table: str) -> sa.Constraint:
    return sa.ForeignKeyConstraint(
        ["line_id"], ["order_line.id"], name=op.f(f"fk_{table}_line_id_order_line"), ondelete="CASCADE"
    )


def _index(table: str, *columns: str) -> None:
    with op.batch_alter_table(table, schema=None) as batch_op:
        for column in columns:
            batch_op.create_index(batch_op.f(f"ix_{table}_{column}"), [column], unique=False)


def upgrade() -> None:
    with op.batch_alter_table("product", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("goods_kind", sa.String(length=32), nullable=False, server_default="ordinary")
        )
    with op.batch_alter_table("order", schema=None) as batch_op:
        batch_op.add_column(sa.Column("deliver_on", sa.Date(), nullable=True))
        batch_op.add_column(sa.Column("deliver_slot", sa.String(length=32), nullable=True))
    with op.batch_alter_table("order_line", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("exclusion_confirmed", sa.Boolean(), nullable=False, server_default=sa.false())
        )
    with op.batch_alter_table("conversation", schema=None) as batch_op:
        batch_op.add_column(sa.Column("proven_order", sa.String(length=32), nullable=True))
    with op.batch_alter_table("promise", schema=None) as batch_op:
        batch_op.add_column(sa.Column("subject", sa.String(length=60), nullable=True))
        batch_op.create_index(batch_op.f("ix_promise_subject"), ["subject"], unique=False)

    op.create_table(
        "return_request",
        *_number_of_an_order(),
        sa.Column("line_id", sa.Integer(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("ground", sa.String(length=40), nullable=False),
        sa.Column("exchange_for", sa.String(length=200), nullable=True),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("amount", _MONEY, nullable=False),
        sa.Column("applied_at", _MOMENT, nullable=False),
        sa.Column("refund_due_at", _MOMENT, nullable=True),
        _of_a_line("return_request"),
        *_of_an_order("return_request"),
    )
    _index("return_request", "order_id", "line_id")

    op.create_table(
        "service_visit",
        *_number_of_an_order(),
        sa.Column("line_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("visit_on", sa.Date(), nullable=False),
        sa.Column("slot", sa.String(length=32), nullable=False),
        sa.Column("fault", sa.String(length=500), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("booked_at", _MOMENT, nullable=False),
        _of_a_line("service_visit"),
        *_of_an_order("service_visit"),
    )
    _index("service_visit", "order_id", "line_id")

    op.create_table(
        "invoice",
        *_number_of_an_order(),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("tax_number", sa.String(length=20), nullable=True),
        sa.Column("email", sa.String(length=120), nullable=True),
        sa.Column("amount", _MONEY, nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("requested_at", _MOMENT, nullable=False),
        sa.Column("replaces_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["replaces_id"],
            ["invoice.id"],
            name=op.f("fk_invoice_replaces_id_invoice"),
            ondelete="SET NULL",
        ),
        *_of_an_order("invoice"),
    )
    _index("invoice", "order_id")

    op.create_table(
        "loyalty_account",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("level", sa.String(length=20), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["customer.id"],
            name=op.f("fk_loyalty_account_customer_id_customer"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_loyalty_account")),
        sa.UniqueConstraint("customer_id", name=op.f("uq_loyalty_account_customer_id")),
    )
    op.create_table(
        "loyalty_entry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=60), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["loyalty_account.id"],
            name=op.f("fk_loyalty_entry_account_id_loyalty_account"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_loyalty_entry")),
    )
    _index("loyalty_entry", "account_id")

    op.create_table(
        "order_write",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=160), nullable=False),
        sa.Column("operation", sa.String(length=40), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("request", sa.String(length=64), nullable=False),
        sa.Column("answer", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["customer.id"],
            name=op.f("fk_order_write_customer_id_customer"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_write")),
        sa.UniqueConstraint("key", name=op.f("uq_order_write_key")),
    )
    _index("order_write", "customer_id")
    with op.batch_alter_table("order_write", schema=None) as batch_op:
        batch_op.create_index("ix_order_write_at", ["at"], unique=False)


def downgrade() -> None:
    for table in (
        "order_write",
        "loyalty_entry",
        "loyalty_account",
        "invoice",
        "service_visit",
        "return_request",
    ):
        op.drop_table(table)
    with op.batch_alter_table("promise", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_promise_subject"))
        batch_op.drop_column("subject")
    with op.batch_alter_table("conversation", schema=None) as batch_op:
        batch_op.drop_column("proven_order")
    with op.batch_alter_table("order_line", schema=None) as batch_op:
        batch_op.drop_column("exclusion_confirmed")
    with op.batch_alter_table("order", schema=None) as batch_op:
        batch_op.drop_column("deliver_slot")
        batch_op.drop_column("deliver_on")
    with op.batch_alter_table("product", schema=None) as batch_op:
        batch_op.drop_column("goods_kind")
