"""No sequence of calls breaks a complaint: the machine of `complaint_machine`, the same runs at every test.

`ZHIKE_MACHINE=deep` makes other, longer and many more runs at every start; a failure prints the calls that led to it.
"""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from care.settings import Settings
from tests.conftest import EMPTY_TABLES, PostgresServer, settings_for
from tests.integration.complaint_machine import ComplaintMachine

IS_DEEP = os.environ.get("ZHIKE_MACHINE") == "deep"


def profile(runs: int, steps: int) -> settings:
    return settings(
        max_examples=runs * 20 if IS_DEEP else runs,
        stateful_step_count=steps * 2 if IS_DEEP else steps,
        derandomize=not IS_DEEP,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        # Shrinking a failure takes minutes; the calls of the first one say enough in an ordinary run.
        phases=[Phase.generate, Phase.shrink] if IS_DEEP else [Phase.generate],
    )


def run_machine(fresh: Callable[[], Settings], runs: int, steps: int) -> Counter[str]:
    """Runs it on databases made by `fresh`; how many audits saw a case in each state."""
    reached: Counter[str] = Counter()
    machine = type("Machine", (ComplaintMachine,), {"fresh": staticmethod(fresh), "reached": reached})
    run_state_machine_as_test(machine, settings=profile(runs, steps))
    return reached


def test_no_sequence_of_calls_breaks_a_complaint_on_sqlite(tmp_path: Path, sqlite_template: Path) -> None:
    def fresh() -> Settings:
        shutil.copy(sqlite_template, tmp_path / "zhike.db")
        for left in tmp_path.glob("zhike.db-*"):
            left.unlink()
        return settings_for(f"sqlite:///{tmp_path / 'zhike.db'}", tmp_path)

    reached = run_machine(fresh, runs=12, steps=40)
    assert sum(reached.values()) > 400, "the runs are not empty"
    main_line = {
        "draft",
        "acknowledged",
        "assessed",
        "investigating",
        "proposed",
        "executing",
        "closed confirmed",
    }
    assert main_line <= set(reached), "the runs come through the whole life cycle"


@pytest.mark.usefixtures("postgres_settings")
def test_no_sequence_of_calls_breaks_a_complaint_on_postgresql(
    tmp_path: Path, postgres: PostgresServer
) -> None:
    def fresh() -> Settings:
        postgres.run(EMPTY_TABLES, database="zhike")
        return settings_for(postgres.url("zhike"), tmp_path)

    reached = run_machine(fresh, runs=3, steps=25)
    assert len(reached) >= 6
