"""value of customers"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "b1f0c3a4d504"
down_revision = "b1f0c3a4d503"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "customer_value",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("computed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recency", sa.Integer(), nullable=False),
        sa.Column("frequency", sa.Integer(), nullable=False),
        sa.Column("money", sa.Integer(), nullable=False),
        sa.Column("orders", sa.Integer(), nullable=False),
        sa.Column("spent", sa.Numeric(precision=12, scale=2), nullable=False),
        sa.Column("margin_a_year", sa.Numeric(precision=12, scale=2), nullable=False),
        sa.Column("clv", sa.Numeric(precision=12, scale=2), nullable=False),
        sa.Column("p_alive", sa.Float(), nullable=True),
        sa.Column("alive_by", sa.String(length=12), nullable=True),
        sa.Column("is_silent", sa.Boolean(), nullable=True),
        sa.Column("next_due_on", sa.Date(), nullable=True),
        sa.Column("stage", sa.String(length=32), nullable=False),
        sa.Column("tier", sa.String(length=32), nullable=False),
        sa.Column("key_score", sa.Float(), nullable=True),
        sa.Column("basis", sa.JSON(none_as_null=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["customer.id"],
            name=op.f("fk_customer_value_customer_id_customer"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer_value")),
        sa.UniqueConstraint("customer_id", "as_of", name=op.f("uq_customer_value_customer_id_as_of")),
    )
    with op.batch_alter_table("customer_value", schema=None) as batch_op:
        batch_op.create_index("ix_customer_value_as_of", ["as_of"], unique=False)

    op.create_table(
        "value_model",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("fitted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("customers", sa.Integer(), nullable=False),
        sa.Column("r", sa.Float(), nullable=False),
        sa.Column("alpha", sa.Float(), nullable=False),
        sa.Column("a", sa.Float(), nullable=False),
        sa.Column("b", sa.Float(), nullable=False),
        sa.Column("log_likelihood", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_value_model")),
    )


def downgrade() -> None:
    op.drop_table("value_model")
    with op.batch_alter_table("customer_value", schema=None) as batch_op:
        batch_op.drop_index("ix_customer_value_as_of")
    op.drop_table("customer_value")
