"""The options of a test's sandbox."""

from pathlib import Path
from typing import Any

import pytest

from pivotal_sandbox.errors import InputError
from pivotal_sandbox.testing.options import Options, read_options

NOTHING: dict[str, str | None] = {"secret": None, "seed": None, "tolerance": "300"}


def read(
    ini: dict[str, str | None] | None = None, environment: dict[str, str] | None = None, **mark: Any
) -> Options:
    return read_options("t.py::test", NOTHING | (ini or {}), mark, environment or {})


def test_by_default_all_is_drawn_at_random() -> None:
    options = read()
    assert options == Options(name="t.py::test")
    assert (options.secret, options.seed, options.test_seed) == (None, None, None)
    assert (options.sign_time, options.tolerance, options.timeout) == ("wall", 300, 10_000)


def test_the_mark_goes_before_the_environment_and_that_before_the_setting() -> None:
    ini: dict[str, str | None] = {"secret": "of the setting"}
    environment = {"PIVOTAL_WEBHOOK_SECRET": "of the environment"}
    assert read(ini).secret == "of the setting"
    assert read(ini, environment).secret == "of the environment"
    assert read(ini, environment, secret="of the mark").secret == "of the mark"
    assert read(ini, {"PIVOTAL_WEBHOOK_SECRET": ""}).secret == "of the setting"


def test_a_seed_gives_each_test_ids_of_its_own() -> None:
    here = read({"seed": "7"})
    there = read_options("t.py::other", NOTHING | {"seed": "7"}, {}, {})
    assert here.test_seed == read({"seed": "7"}).test_seed
    assert len({here.test_seed, there.test_seed, read({"seed": "8"}).test_seed}) == 3


def test_frozen_options_have_a_seed_and_the_sandboxs_time() -> None:
    frozen = read().frozen()
    assert (frozen.seed, frozen.sign_time) == (0, "sandbox")
    assert read({"seed": "7"}).frozen().seed == 7


def test_a_mark_is_read_as_it_is_written() -> None:
    options = read(timeout="50ms", catalog="my.json", allow_hosts=["a.test"], sign_time="sandbox")
    assert (options.timeout, options.catalog) == (50, Path("my.json"))
    assert (options.allow_hosts, options.sign_time) == (("a.test",), "sandbox")


@pytest.mark.parametrize(
    ("mark", "said"),
    [
        ({"sede": 7}, "no 'sede'; it has secret, seed, .* Did you mean \"seed\"?"),
        ({"name": "x"}, "no 'name'"),
        ({"sign_time": "now"}, 'sign_time is "wall" or "sandbox"'),
        ({"timeout": "soon"}, '"soon" is no duration'),
    ],
)
def test_a_wrong_mark_is_named(mark: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        read(**mark)


@pytest.mark.parametrize("name", ["seed", "tolerance"])
def test_a_setting_that_is_no_number_is_named(name: str) -> None:
    with pytest.raises(InputError, match=f"pivotal_{name} is 'many'; right is a whole number"):
        read({name: "many"})


def test_the_secret_is_not_shown() -> None:
    assert "whsec_a" not in repr(read(secret="whsec_a"))
