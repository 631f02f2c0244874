"""Find and load scenarios: those that ship with the program, and your own files."""

from pathlib import Path

from pivotal_sandbox.domain.catalog import Catalog
from pivotal_sandbox.domain.catalog_loader import load_catalog
from pivotal_sandbox.errors import InputError, NotFound, did_you_mean
from pivotal_sandbox.package_data import SCENARIOS, read_bytes
from pivotal_sandbox.scenarios.parser import Scenario, parse_scenario


def scenario_names() -> list[str]:
    """Return the names of the stories that are shipped."""
    return sorted(file.stem for file in SCENARIOS.glob("*.toml"))


def load_scenario(name: str, catalog: Catalog | None = None) -> Scenario:
    """Return the story of that name, or of a file: what ends in .toml or has a slash is one.

    Raises `NotFound` naming the nearest, and `InputError` naming file, line and key.
    """
    path = Path(name)
    is_file = path.suffix.lower() == ".toml" or len(path.parts) > 1
    if not is_file and name not in (names := scenario_names()):
        raise NotFound(
            f'There is no scenario "{name:.80}".{did_you_mean(name, names)} '
            "`pivotal-sandbox scenario list` shows them all; a file of your own ends in .toml.",
            pointer="/scenario",
        )
    path = path if is_file else SCENARIOS / f"{name}.toml"
    try:
        text = read_bytes(path).decode()
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise InputError(f"{path}, line {line}: This is no UTF-8.") from None
    file = str(path) if is_file else path.name
    return parse_scenario(text, path.stem, catalog or load_catalog(), file=file)
