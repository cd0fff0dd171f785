"""rights and duties"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "b1f0c3a4d503"
down_revision = "b1f0c3a4d502"
branch_labels = None
depends_on = None


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


def downgrade() -> None:
    with op.batch_alter_table("customer_field", schema=None) as batch_op:
        batch_op.drop_constraint(
            batch_op.f("fk_customer_field_source_message_id_message"), type_="foreignkey"
        )
        batch_op.drop_column("source_message_id")
    with op.batch_alter_table("one_time_code", schema=None) as batch_op:
        batch_op.drop_column("purpose")
