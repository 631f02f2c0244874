"""The wheel as a customer gets it: its exact contents, and its life beside their own folders."""

import shutil
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from pathlib import Path, PurePosixPath

import pytest

import pivotal_sandbox

ROOT = Path(__file__).parents[1]
VERSION = pivotal_sandbox.__version__
HOMES = {
    "sandbox/pivotal_sandbox": "pivotal_sandbox",
    "fixtures": "pivotal_sandbox/_data/fixtures",
    "receiver_templates": "pivotal_sandbox/_data/receiver_templates",
}


def run(*command: str | Path, cwd: Path) -> str:
    done = subprocess.run([str(part) for part in command], cwd=cwd, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def files_of_the_repository() -> list[str]:
    """Return what git has, and what it would have after `git add`."""
    listed = run(
        # A checkout that belongs to somebody else, as in a container, is listed too.
        *("git", "-c", "safe.directory=*", "ls-files", "-z"),
        *("--cached", "--others", "--exclude-standard"),
        cwd=ROOT,
    )
    return sorted(name for name in set(listed.split("\0")) if name and (ROOT / name).is_file())


FILES = files_of_the_repository()


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build from a copy, sdist first and the wheel from it, as a release is."""
    checkout = tmp_path_factory.mktemp("checkout")
    for name in FILES:
        (checkout / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, checkout / name)
    run(sys.executable, "-m", "build", "--no-isolation", cwd=checkout)
    return checkout / "dist"


@pytest.fixture(scope="module")
def customer(dist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a project with its own `sandbox` and `fixtures`, and the wheel in its own venv."""
    home = tmp_path_factory.mktemp("customer")
    for theirs in ("sandbox", "fixtures", "tests"):
        (home / theirs).mkdir()
        (home / theirs / "__init__.py").write_text("OWNER = 'customer'\n")
    venv.create(home / ".venv", with_pip=False, symlinks=True)
    [wheel] = dist.glob("*.whl")
    run(
        *(sys.executable, "-m", "pip", "--python", home / ".venv/bin/python", "install"),
        *("--quiet", "--disable-pip-version-check", "--no-index", "--no-deps", wheel),
        cwd=home,
    )
    # What it depends on is lent by the environment of this test, so that no network is needed.
    [packages] = (home / ".venv/lib").glob("python*/site-packages")
    (packages / "lent.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return home


def test_the_wheel_holds_exactly_what_the_repository_holds(dist: Path) -> None:
    [wheel] = dist.glob("*.whl")
    expected = {
        home + name.removeprefix(folder): dist.parent / name
        for folder, home in HOMES.items()
        for name in FILES
        if name.startswith(folder + "/")
    }
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        assert [n for n, file in expected.items() if archive.read(n) != file.read_bytes()] == []
    info = f"pivotal_sandbox-{VERSION}.dist-info"
    assert names - {name for name in names if name.startswith(info)} == expected.keys()
    assert {name.removeprefix(info) for name in names - expected.keys()} == {
        "/METADATA",
        "/RECORD",
        "/WHEEL",
        "/entry_points.txt",
        "/licenses/LICENSE",
    }
    assert {"pivotal_sandbox/py.typed", "pivotal_sandbox/_data/fixtures/catalog.json"} <= names


def test_the_sdist_holds_all_that_tests_and_builds_need(dist: Path) -> None:
    with tarfile.open(dist / f"pivotal_sandbox-{VERSION}.tar.gz") as archive:
        names = {
            str(PurePosixPath(*PurePosixPath(m.name).parts[1:])) for m in archive if m.isfile()
        }
    assert names == {name for name in FILES if not name.startswith(".ci/")} | {"PKG-INFO"}


def test_the_command_answers_with_the_version(customer: Path) -> None:
    said = run(customer / ".venv/bin/pivotal-sandbox", "--version", cwd=customer)
    assert said == f"pivotal-sandbox, version {VERSION}\n"


def test_the_installed_program_finds_its_data(customer: Path) -> None:
    said = run(customer / ".venv/bin/pivotal-sandbox", "events", "--json", cwd=customer)
    assert '"webhook.ping"' in said


def test_the_customers_own_folders_still_import_as_theirs(customer: Path) -> None:
    program = """
import pathlib, fixtures, pivotal_sandbox, sandbox, tests
assert {sandbox.OWNER, fixtures.OWNER, tests.OWNER} == {"customer"}
print(pathlib.Path(pivotal_sandbox.__file__).parents[4].name)
"""
    assert run(customer / ".venv/bin/python", "-c", program, cwd=customer) == ".venv\n"


def test_the_fixtures_are_there_without_a_word(customer: Path) -> None:
    (customer / "test_customer.py").write_text(
        """
import fixtures, sandbox, sys

async def app(scope, receive, send):
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})

def test_receiver(pivotal):
    assert {fixtures.OWNER, sandbox.OWNER} == {"customer"}
    pivotal.endpoint(app)
    delivery = pivotal.trigger("customer.at_risk")
    assert delivery.ok
    assert ".venv" in sys.modules["pivotal_sandbox"].__file__

def test_check(pivotal_case):
    pivotal_case.run(app)
"""
    )
    pytest_ = (customer / ".venv/bin/python", "-m", "pytest", "-q", "-W", "error", "-o")
    settings = "asyncio_default_fixture_loop_scope=function"
    tests = ("test_customer.py::test_receiver", "test_customer.py::test_check[valid-accepted]")
    said = run(*pytest_, settings, *tests, cwd=customer)
    assert "2 passed" in said
    listed = run(*pytest_, settings, "-p", "no:pivotal_sandbox", "--fixtures", cwd=customer)
    assert "pivotal" not in listed


def test_the_wheel_claims_one_name_only(dist: Path) -> None:
    [wheel] = dist.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        tops = {PurePosixPath(name).parts[0] for name in archive.namelist()}
    assert tops == {"pivotal_sandbox", f"pivotal_sandbox-{VERSION}.dist-info"}
