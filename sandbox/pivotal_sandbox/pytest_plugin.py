"""The pytest plugin: fixtures. What they need is imported when the first of them is used."""

from collections.abc import Callable, Generator, Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    import asyncio

    from pivotal_sandbox.testing.async_pivotal import AsyncPivotal
    from pivotal_sandbox.testing.background import Background
    from pivotal_sandbox.testing.case import BatteryCase
    from pivotal_sandbox.testing.options import Options
    from pivotal_sandbox.testing.pivotal import Pivotal

_SANDBOXES: "pytest.StashKey[list[AsyncPivotal]]" = pytest.StashKey()

_MARKS = (
    "pivotal(secret, seed, sign_time, tolerance, timeout, catalog, allow_hosts): how the test's "
    "sandbox is",
    "must: a check of pivotal_case without which a receiver is unsafe, or loses events",
    "should: a check of pivotal_case that a good receiver passes",
    "info: a check of pivotal_case that is good to know about",
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option and the settings."""
    parser.getgroup("pivotal", "Pivotal's webhooks").addoption(
        "--pivotal-report",
        metavar="FILE",
        help="write the deliveries of failed tests as one HTML file",
    )
    parser.addini(
        "pivotal_secret", "the endpoints' secret, where PIVOTAL_WEBHOOK_SECRET is not set"
    )
    parser.addini("pivotal_seed", "a number: ids and records are then the same in every run")
    parser.addini(
        "pivotal_tolerance", "seconds that receivers let signatures differ", default="300"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Register the marks, and the report if one is asked for."""
    for mark in _MARKS:
        config.addinivalue_line("markers", mark)
    path = config.getoption("--pivotal-report")
    if path and not hasattr(config, "workerinput"):
        from pivotal_sandbox.testing.failure_report import Report

        config.pluginmanager.register(Report(path), "pivotal-report")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make a test of each check of the battery, where a test asks for one."""
    if "pivotal_case" in metafunc.fixturenames:
        from pivotal_sandbox.testing.case import parameters

        metafunc.parametrize("pivotal_case", parameters(), indirect=True)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: "pytest.CallInfo[None]"
) -> "Generator[None, pytest.TestReport, pytest.TestReport]":
    """Show the deliveries of a test that failed."""
    report = yield
    if call.excinfo is not None and report.failed and _SANDBOXES in item.stash:
        from pivotal_sandbox.testing.failure_report import show_in

        path = item.config.getoption("--pivotal-report")
        show_in(report, item.stash[_SANDBOXES], keep=path is not None)
    if call.when == "teardown" and _SANDBOXES in item.stash:
        del item.stash[_SANDBOXES]  # the item lives on until the end of the session
    return report


@pytest.fixture(scope="session")
def _pivotal_runner() -> "Iterator[asyncio.Runner]":
    import asyncio

    # A loop of its own, not set as anybody's: that of the test's own plugin is left alone.
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        yield runner


@pytest.fixture(scope="session")
def _pivotal_background() -> "Iterator[Callable[[], Background]]":
    begun: list[Background] = []

    def background() -> "Background":
        from pivotal_sandbox.testing.background import Background

        if not begun:
            begun.append(Background())
        return begun[0]

    yield background
    for sandbox in begun:
        sandbox.close()


@pytest.fixture
def pivotal(
    request: pytest.FixtureRequest,
    _pivotal_runner: "asyncio.Runner",
    _pivotal_background: "Callable[[], Background]",
) -> "Iterator[Pivotal]":
    """Pivotal's sender for one test: in memory, its clock standing still, no socket, no sleep.
    pivotal.endpoint(app) adds a receiver: an ASGI or WSGI app, a URL, or pivotal.capture().
    pivotal.trigger("customer.at_risk") sends a signed event and returns its delivery.
    pivotal.advance("24h") makes every retry that falls due; pivotal.replay(delivery) repeats one.
    """
    from pivotal_sandbox.testing.async_pivotal import AsyncPivotal
    from pivotal_sandbox.testing.pivotal import Pivotal

    sandbox = AsyncPivotal(_options(request), _pivotal_background)
    request.node.stash.setdefault(_SANDBOXES, []).append(sandbox)
    pivotal = Pivotal(sandbox, _pivotal_runner)
    yield pivotal
    pivotal.close()


@pytest.fixture
def apivotal(
    request: pytest.FixtureRequest, _pivotal_background: "Callable[[], Background]"
) -> "Iterator[AsyncPivotal]":
    """The same as pivotal, awaitable, in the test's own asyncio loop.
    For apps whose pools and tasks belong to that loop, with pytest-asyncio or anyio's plugin:
    delivery = await apivotal.trigger("customer.at_risk").
    """
    from pivotal_sandbox.testing.async_cleanup import closing
    from pivotal_sandbox.testing.async_pivotal import AsyncPivotal

    sandbox = AsyncPivotal(_options(request), _pivotal_background)
    request.node.stash.setdefault(_SANDBOXES, []).append(sandbox)
    with closing(request.node, sandbox):
        yield sandbox


@pytest.fixture
def pivotal_case(request: pytest.FixtureRequest, pivotal: "Pivotal") -> "BatteryCase":
    """One check of the battery: the test runs once for each, -k and -m select.
    pivotal_case.run(app, secret=..., probe=lambda event_id: db.count(event_id)) fails where the
    receiver does, and says what was sent, what came back, and how to mend it.
    """
    from pivotal_sandbox.testing.case import BatteryCase

    return BatteryCase(request.param, pivotal)


@pytest.fixture(scope="session")
def pivotal_sandbox_url(_pivotal_background: "Callable[[], Background]") -> str:
    """The address of a sandbox that serves in the background for the whole session.
    It is what `pivotal-sandbox up --port 0 --ephemeral` runs: REST at /api, capture bins at /in/.
    """
    return _pivotal_background().served.url


def _options(request: pytest.FixtureRequest) -> "Options":
    import os

    from pivotal_sandbox.testing.options import read_options

    ini = {
        name: request.config.getini(f"pivotal_{name}") for name in ("secret", "seed", "tolerance")
    }
    mark = request.node.get_closest_marker("pivotal")
    return read_options(request.node.nodeid, ini, mark.kwargs if mark else {}, os.environ)
