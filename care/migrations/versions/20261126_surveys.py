"""asking for satisfaction, and scores"""

from __future__ import annotations

revision = "b1f0c3a4d50b"
down_revision = "b1f0c3a4d50a"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
