"""Every benchmark, in turn: a line of JSON each. `make bench`."""

import argparse
import runpy
import sys
from pathlib import Path

BENCHMARKS = (
    "startup",
    "retries",
    "attempts",
    "fixtures",
    "transport",
    "load",
    "deliveries",
    "listing",
    "paint",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", nargs="?", choices=BENCHMARKS, help="only this one")
    given, flags = parser.parse_known_args()
    sys.path.insert(0, str(Path(__file__).parents[2]))  # they share helpers with the tests
    for name in [given.name] if given.name else BENCHMARKS:
        sys.argv = [name, *flags]
        runpy.run_path(str(Path(__file__).with_name(f"{name}.py")), run_name="__main__")


if __name__ == "__main__":
    main()
