"""full-text search"""

from __future__ import annotations

revision = "b1f0c3a4d50c"
down_revision = "b1f0c3a4d50b"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
