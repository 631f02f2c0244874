"""What a customer's code may rely on: names, signatures, and an import that costs nothing."""

import inspect
import subprocess
import sys

import pytest

import pivotal_sandbox
from pivotal_sandbox import SandboxError, SignatureError, sign, verify

BODY, SECRET = b'{"id":"evt_1"}', "whsec_of_a_test"


def test_the_public_names_are_these() -> None:
    assert pivotal_sandbox.__all__ == [
        "Conflict",
        "InputError",
        "NotFound",
        "Sandbox",
        "SandboxError",
        "SignatureError",
        "StoreError",
        "UnreachableError",
        "explain",
        "sign",
        "verify",
    ]


def test_every_public_name_is_there_and_is_listed_by_dir() -> None:
    for name in pivotal_sandbox.__all__:
        assert getattr(pivotal_sandbox, name) is not None
    assert set(pivotal_sandbox.__all__) <= set(dir(pivotal_sandbox))


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Sandbocks'"):
        pivotal_sandbox.Sandbocks  # type: ignore[attr-defined] # noqa: B018


def test_the_signatures_are_these() -> None:
    assert str(inspect.signature(sign)) == "(body: bytes, secret: str, *, timestamp: int) -> str"
    assert str(inspect.signature(verify)) == (
        "(body: bytes, header: str | None, secrets: str | collections.abc.Sequence[str], *, "
        "now: float | None = None, tolerance: int = 300) -> None"
    )


def test_every_error_is_a_sandbox_error() -> None:
    errors = [
        member
        for name in pivotal_sandbox.__all__
        if isinstance(member := getattr(pivotal_sandbox, name), type)
        and issubclass(member, Exception)
    ]
    assert len(errors) == 6 + 1
    assert all(issubclass(error, SandboxError) for error in errors)


def test_verify_takes_the_present_where_no_time_is_given() -> None:
    from pivotal_sandbox.clock import wall_time

    verify(BODY, sign(BODY, SECRET, timestamp=int(wall_time())), SECRET)
    with pytest.raises(SignatureError) as refused:
        verify(BODY, sign(BODY, SECRET, timestamp=int(wall_time()) - 400), SECRET)
    assert refused.value.reason == "too_old"


def test_verify_takes_the_time_and_the_tolerance_that_are_given() -> None:
    header = sign(BODY, SECRET, timestamp=1_000)
    verify(BODY, header, ["another", SECRET], now=1_300)
    with pytest.raises(SignatureError) as refused:
        verify(BODY, header, SECRET, now=1_011, tolerance=10)
    assert refused.value.reason == "too_old"


def test_importing_the_package_loads_nothing_heavy() -> None:
    [home] = pivotal_sandbox.__path__
    program = (
        f"import sys; sys.path.insert(0, {home.removesuffix('pivotal_sandbox')!r})\n"
        "import pivotal_sandbox; print(*sys.modules)"
    )
    # Without site, so that what an environment's own start-up files load is not held against us.
    loaded = subprocess.check_output([sys.executable, "-I", "-S", "-c", program], text=True).split()
    assert "pivotal_sandbox.errors" in loaded
    assert {"asyncio", "httpx", "msgspec", "jsonschema", "sqlite3", "hmac"} & {*loaded} == set()
