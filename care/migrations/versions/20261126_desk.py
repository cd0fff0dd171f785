"""the desk: notes, drafts, wrap-ups, presence, places in the queue"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "b1f0c3a4d509"
down_revision = "b1f0c3a4d508"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("conversation", schema=None) as batch_op:
        batch_op.add_column(sa.Column("skill", sa.String(length=40), nullable=True))
        batch_op.add_column(sa.Column("priority", sa.String(length=32), nullable=True))
        batch_op.add_column(sa.Column("snoozed_until", sa.DateTime(timezone=True), nullable=True))
    with op.batch_alter_table("handoff", schema=None) as batch_op:
        batch_op.add_column(sa.Column("waits_since", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("from_agent_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("to_skill", sa.String(length=40), nullable=True))
        batch_op.create_foreign_key(
            batch_op.f("fk_handoff_from_agent_id_staff"), "staff", ["from_agent_id"], ["id"]
        )
    with op.batch_alter_table("staff", schema=None) as batch_op:
        batch_op.add_column(sa.Column("presence_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True))

    op.create_table(
        "desk_note",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=36), nullable=False),
        sa.Column("conversation_id", sa.Integer(), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=True),
        sa.Column("client_msg_id", sa.String(length=36), nullable=True),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversation.id"],
            name=op.f("fk_desk_note_conversation_id_conversation"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_desk_note_staff_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_desk_note")),
        sa.UniqueConstraint(
            "conversation_id", "client_msg_id", name=op.f("uq_desk_note_conversation_id_client_msg_id")
        ),
        sa.UniqueConstraint("public_id", name=op.f("uq_desk_note_public_id")),
    )
    with op.batch_alter_table("desk_note", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_desk_note_conversation_id"), ["conversation_id"], unique=False)

    op.create_table(
        "desk_mark",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("conversation_id", sa.Integer(), nullable=False),
        sa.Column("draft", sa.Text(), nullable=False),
        sa.Column("read_seq", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["staff_id"], ["staff.id"], name=op.f("fk_desk_mark_staff_id_staff"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversation.id"],
            name=op.f("fk_desk_mark_conversation_id_conversation"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_desk_mark")),
        sa.UniqueConstraint(
            "staff_id", "conversation_id", name=op.f("uq_desk_mark_staff_id_conversation_id")
        ),
    )
    with op.batch_alter_table("desk_mark", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_desk_mark_conversation_id"), ["conversation_id"], unique=False)

    op.create_table(
        "wrap_up",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("conversation_id", sa.Integer(), nullable=False),
        sa.Column("interaction_id", sa.Integer(), nullable=True),
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("topic", sa.String(length=32), nullable=False),
        sa.Column("outcome", sa.String(length=32), nullable=False),
        sa.Column("care_part", sa.String(length=32), nullable=False),
        sa.Column("root_cause_1", sa.String(length=40), nullable=True),
        sa.Column("root_cause_2", sa.String(length=40), nullable=True),
        sa.Column("note", sa.String(length=500), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversation.id"],
            name=op.f("fk_wrap_up_conversation_id_conversation"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["interaction_id"],
            ["care_interaction.id"],
            name=op.f("fk_wrap_up_interaction_id_care_interaction"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_wrap_up_staff_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wrap_up")),
    )
    with op.batch_alter_table("wrap_up", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_wrap_up_conversation_id"), ["conversation_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_wrap_up_interaction_id"), ["interaction_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_wrap_up_at"), ["at"], unique=False)

    op.create_table(
        "staff_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("before", sa.String(length=20), nullable=True),
        sa.Column("after", sa.String(length=20), nullable=True),
        sa.Column("why", sa.String(length=20), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["staff_id"], ["staff.id"], name=op.f("fk_staff_event_staff_id_staff"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_event")),
    )
    with op.batch_alter_table("staff_event", schema=None) as batch_op:
        batch_op.create_index("ix_staff_event_staff_at", ["staff_id", "at"], unique=False)


def downgrade() -> None:
    op.drop_table("staff_event")
    op.drop_table("wrap_up")
    op.drop_table("desk_mark")
    op.drop_table("desk_note")
    with op.batch_alter_table("staff", schema=None) as batch_op:
        batch_op.drop_column("seen_at")
        batch_op.drop_column("presence_at")
    with op.batch_alter_table("handoff", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_handoff_from_agent_id_staff"), type_="foreignkey")
        batch_op.drop_column("to_skill")
        batch_op.drop_column("from_agent_id")
        batch_op.drop_column("waits_since")
    with op.batch_alter_table("conversation", schema=None) as batch_op:
        batch_op.drop_column("snoozed_until")
        batch_op.drop_column("priority")
        batch_op.drop_column("skill")
