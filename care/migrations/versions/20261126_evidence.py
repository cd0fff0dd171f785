"""evidence of complaints"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "b1f0c3a4d506"
down_revision = "b1f0c3a4d505"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "evidence",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=36), nullable=False),
        sa.Column("conversation_id", sa.Integer(), nullable=True),
        sa.Column("complaint_id", sa.Integer(), nullable=True),
        sa.Column("message_id", sa.Integer(), nullable=True),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("bytes", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("path", sa.String(length=80), nullable=True),
        sa.Column("by", sa.String(length=32), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["complaint_id"],
            ["complaint.id"],
            name=op.f("fk_evidence_complaint_id_complaint"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversation.id"],
            name=op.f("fk_evidence_conversation_id_conversation"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["message_id"], ["message.id"], name=op.f("fk_evidence_message_id_message"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence")),
        sa.UniqueConstraint("message_id", name=op.f("uq_evidence_message_id")),
        sa.UniqueConstraint("path", name=op.f("uq_evidence_path")),
        sa.UniqueConstraint("public_id", name=op.f("uq_evidence_public_id")),
    )
    with op.batch_alter_table("evidence", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_evidence_at"), ["at"], unique=False)
        batch_op.create_index(batch_op.f("ix_evidence_complaint_id"), ["complaint_id"], unique=False)
        batch_op.create_index("ix_evidence_conversation_id_at", ["conversation_id", "at"], unique=False)
        batch_op.create_index(batch_op.f("ix_evidence_removed_at"), ["removed_at"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("evidence", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_evidence_removed_at"))
        batch_op.drop_index("ix_evidence_conversation_id_at")
        batch_op.drop_index(batch_op.f("ix_evidence_complaint_id"))
        batch_op.drop_index(batch_op.f("ix_evidence_at"))
    op.drop_table("evidence")
