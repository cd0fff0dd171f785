"""clocks of complaints: escalations, legal clocks, notices to staff"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "b1f0c3a4d505"
down_revision = "b1f0c3a4d504"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "staff_notice",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("text", sa.String(length=300), nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("complaint_id", sa.Integer(), nullable=True),
        sa.Column("conversation_id", sa.Integer(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["staff_id"], ["staff.id"], name=op.f("fk_staff_notice_staff_id_staff"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["complaint_id"],
            ["complaint.id"],
            name=op.f("fk_staff_notice_complaint_id_complaint"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversation.id"],
            name=op.f("fk_staff_notice_conversation_id_conversation"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_notice")),
        sa.UniqueConstraint("staff_id", "key", name=op.f("uq_staff_notice_staff_id_key")),
    )
    with op.batch_alter_table("staff_notice", schema=None) as batch_op:
        batch_op.create_index("ix_staff_notice_staff_read", ["staff_id", "read_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_staff_notice_complaint_id"), ["complaint_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_staff_notice_conversation_id"), ["conversation_id"], unique=False
        )

    op.create_table(
        "complaint_escalation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("complaint_id", sa.Integer(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("percent", sa.Integer(), nullable=False),
        sa.Column("level", sa.String(length=32), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["complaint_id"],
            ["complaint.id"],
            name=op.f("fk_complaint_escalation_complaint_id_complaint"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_complaint_escalation")),
        sa.UniqueConstraint(
            "complaint_id",
            "round",
            "percent",
            name=op.f("uq_complaint_escalation_complaint_id_round_percent"),
        ),
    )
    with op.batch_alter_table("complaint_escalation", schema=None) as batch_op:
        batch_op.create_index("ix_complaint_escalation_open", ["done_at", "ended_at", "due_at"], unique=False)

    op.create_table(
        "legal_clock",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("subject", sa.String(length=60), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("complaint_id", sa.Integer(), nullable=True),
        sa.Column("customer_id", sa.Integer(), nullable=True),
        sa.Column("basis", sa.String(length=40), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("met_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("missed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("warned_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["complaint_id"],
            ["complaint.id"],
            name=op.f("fk_legal_clock_complaint_id_complaint"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["customer.id"],
            name=op.f("fk_legal_clock_customer_id_customer"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_legal_clock")),
        sa.UniqueConstraint("subject", "kind", name=op.f("uq_legal_clock_subject_kind")),
    )
    with op.batch_alter_table("legal_clock", schema=None) as batch_op:
        batch_op.create_index("ix_legal_clock_open", ["met_at", "missed_at", "due_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_legal_clock_complaint_id"), ["complaint_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_legal_clock_customer_id"), ["customer_id"], unique=False)

    op.create_table(
        "legal_term",
        sa.Column("term", sa.String(length=32), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("in_workdays", sa.Boolean(), nullable=False),
        sa.Column("source", sa.String(length=120), nullable=False),
        sa.Column("filled_by", sa.String(length=40), nullable=False),
        sa.Column("filled_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("term", name=op.f("pk_legal_term")),
    )

    with op.batch_alter_table("complaint", schema=None) as batch_op:
        batch_op.add_column(sa.Column("clock_round", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("clock_started_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("paused_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("remind_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.create_index(batch_op.f("ix_complaint_remind_at"), ["remind_at"], unique=False)
    with op.batch_alter_table("promise", schema=None) as batch_op:
        batch_op.add_column(sa.Column("clock_round", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("warned_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("promise", schema=None) as batch_op:
        batch_op.drop_column("warned_at")
        batch_op.drop_column("clock_round")
    with op.batch_alter_table("complaint", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_complaint_remind_at"))
        batch_op.drop_column("remind_at")
        batch_op.drop_column("paused_at")
        batch_op.drop_column("clock_started_at")
        batch_op.drop_column("clock_round")

    op.drop_table("legal_term")
    with op.batch_alter_table("legal_clock", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_legal_clock_customer_id"))
        batch_op.drop_index(batch_op.f("ix_legal_clock_complaint_id"))
        batch_op.drop_index("ix_legal_clock_open")
    op.drop_table("legal_clock")
    with op.batch_alter_table("complaint_escalation", schema=None) as batch_op:
        batch_op.drop_index("ix_complaint_escalation_open")
    op.drop_table("complaint_escalation")
    with op.batch_alter_table("staff_notice", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_staff_notice_conversation_id"))
        batch_op.drop_index(batch_op.f("ix_staff_notice_complaint_id"))
        batch_op.drop_index("ix_staff_notice_staff_read")
    op.drop_table("staff_notice")
