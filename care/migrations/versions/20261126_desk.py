"""the desk: notes, drafts, canned replies, wrap-ups, presence"""

from __future__ import annotations

revision = "b1f0c3a4d509"
down_revision = "b1f0c3a4d508"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
