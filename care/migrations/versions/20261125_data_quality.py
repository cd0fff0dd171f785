"""data quality, merging and imports"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "b1f0c3a4d502"
down_revision = "b1f0c3a4d501"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("customer", schema=None) as batch_op:
        batch_op.add_column(sa.Column("merged_into_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("quality_score", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("quality_checked_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.create_index(batch_op.f("ix_customer_merged_into_id"), ["merged_into_id"], unique=False)
        batch_op.create_foreign_key(
            batch_op.f("fk_customer_merged_into_id_customer"),
            "customer",
            ["merged_into_id"],
            ["id"],
            ondelete="CASCADE",
        )

    with op.batch_alter_table("data_quality_issue", schema=None) as batch_op:
        batch_op.add_column(sa.Column("score", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("evidence", sa.JSON(none_as_null=True), nullable=True))
        batch_op.add_column(sa.Column("dismissed_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("closed_by", sa.String(length=80), nullable=True))
        batch_op.create_index("ix_data_quality_issue_issue_fixed", ["issue", "fixed_at"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_data_quality_issue_other_customer_id"), ["other_customer_id"], unique=False
        )

    op.create_table(
        "merge_log",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("survivor_id", sa.Integer(), nullable=False),
        sa.Column("loser_id", sa.Integer(), nullable=False),
        sa.Column("merged_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("merged_by", sa.String(length=80), nullable=False),
        sa.Column("rule", sa.String(length=200), nullable=False),
        sa.Column("is_persons_word", sa.Boolean(), nullable=False),
        sa.Column("undo", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_by", sa.String(length=80), nullable=True),
        sa.ForeignKeyConstraint(
            ["loser_id"], ["customer.id"], name=op.f("fk_merge_log_loser_id_customer"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["survivor_id"],
            ["customer.id"],
            name=op.f("fk_merge_log_survivor_id_customer"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_merge_log")),
    )
    with op.batch_alter_table("merge_log", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_merge_log_loser_id"), ["loser_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_merge_log_survivor_id"), ["survivor_id"], unique=False)

    op.create_table(
        "duplicate_key",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=24), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["customer.id"],
            name=op.f("fk_duplicate_key_customer_id_customer"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_duplicate_key")),
        sa.UniqueConstraint("customer_id", "key", name=op.f("uq_duplicate_key_customer_id_key")),
    )
    with op.batch_alter_table("duplicate_key", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_duplicate_key_key"), ["key"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("duplicate_key", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_duplicate_key_key"))
    op.drop_table("duplicate_key")

    with op.batch_alter_table("merge_log", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_merge_log_survivor_id"))
        batch_op.drop_index(batch_op.f("ix_merge_log_loser_id"))
    op.drop_table("merge_log")

    with op.batch_alter_table("data_quality_issue", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_data_quality_issue_other_customer_id"))
        batch_op.drop_index("ix_data_quality_issue_issue_fixed")
        batch_op.drop_column("closed_by")
        batch_op.drop_column("dismissed_at")
        batch_op.drop_column("evidence")
        batch_op.drop_column("score")

    with op.batch_alter_table("customer", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_customer_merged_into_id_customer"), type_="foreignkey")
        batch_op.drop_index(batch_op.f("ix_customer_merged_into_id"))
        batch_op.drop_column("quality_checked_at")
        batch_op.drop_column("quality_score")
        batch_op.drop_column("merged_into_id")
