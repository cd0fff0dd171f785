"""``python -m bench``: every measurement, one after the other; each writes its entry of `results.json`."""

from __future__ import annotations

import sys

from bench import customer_value, duplicates, import_customers, latency

if __name__ == "__main__":
    sys.argv = sys.argv[:1]
    sys.exit(max(bench.main() for bench in (latency, duplicates, import_customers, customer_value)))
