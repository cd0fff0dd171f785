"""value of customers"""

from __future__ import annotations

revision = "b1f0c3a4d504"
down_revision = "b1f0c3a4d503"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
