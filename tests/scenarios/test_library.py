"""Find scenarios by name or as a file."""

from pathlib import Path

import pytest

from pivotal_sandbox.domain.catalog_loader import load_catalog
from pivotal_sandbox.errors import InputError, NotFound
from pivotal_sandbox.scenarios.library import load_scenario, scenario_names


def test_a_story_is_found_by_its_name_or_in_a_file_of_the_users(tmp_path: Path) -> None:
    assert "first-ping" in scenario_names()
    shipped = load_scenario("first-ping")
    assert (shipped.name, shipped.file) == ("first-ping", "first-ping.toml")
    file = tmp_path / "mine.TOML"
    file.write_bytes(b"\xef\xbb\xbf" + shipped.text.encode())
    mine = load_scenario(str(file), load_catalog())
    assert (mine.name, mine.file, mine.title) == ("mine", str(file), shipped.title)
    with pytest.raises(NotFound, match='Did you mean "first-ping"'):
        load_scenario("first-pin")
    with pytest.raises(InputError, match="cannot be read"):
        load_scenario(str(tmp_path / "first-ping"))
