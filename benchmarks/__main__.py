"""What the README states, measured: `make bench`, or `python -m benchmarks NAME …` for some of it.

Every figure comes from this run. CPU seconds and ratios stand beside wall seconds, because these machines are shared.
"""

import importlib
import sys

NAMES = (
    "throughput",
    "latency",
    "tokens",
    "faults",
    "kills",
    "imports",
    "fuzz",
    "fuzz_replies",
    "near_duplicates",
    "export",
    "pages",
    "loop",
    "claims",
    "annotators",
)


def main() -> None:
    names = sys.argv[1:] or list(NAMES)
    unknown = [name for name in names if name not in NAMES]
    if unknown:
        raise SystemExit(f"there is no benchmark {', '.join(unknown)}; there are: {', '.join(NAMES)}")
    for name in names:
        sys.stdout.write(f"\n{name}\n")
        importlib.import_module(f"benchmarks.{name}").main()


if __name__ == "__main__":
    main()
