"""What tests share: a sandbox that serves on a free port, and a client of its API."""

import asyncio
import os
import random
import shutil
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Protocol

import httpx
import pytest

from pivotal_sandbox.common.ids import Ids
from pivotal_sandbox.domain.catalog import Catalog
from pivotal_sandbox.domain.catalog_loader import load_catalog
from pivotal_sandbox.domain.models import Capture
from pivotal_sandbox.feed import Activity, Captured
from pivotal_sandbox.records.record_store import RecordStore
from pivotal_sandbox.records.sample_data import SampleData, load_sample_data
from pivotal_sandbox.sandbox.sandbox import Sandbox
from pivotal_sandbox.web.server import Running, Settings, serve


def pytest_configure(config: pytest.Config) -> None:
    """Measure the process that runs tests, but none of those that tests start."""
    is_controller = bool(config.getoption("numprocesses", None)) and not hasattr(
        config, "workerinput"
    )
    if not is_controller:  # which has to pass the variables on to its workers
        for name in [name for name in os.environ if name.startswith("COVERAGE_")]:
            del os.environ[name]


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what needs a program that is not here; under CI, where .ci/run installs it, fail."""
    for mark in item.iter_markers("needs"):
        if not shutil.which(mark.args[0]):
            reason = f"{mark.args[0]} is not installed"
            pytest.fail(reason) if os.environ.get("CI") == "true" else pytest.skip(reason)


FirstCapture = Callable[[Sandbox, str], "asyncio.Future[Capture]"]


@pytest.fixture
def first_capture() -> FirstCapture:
    """Give a future of the first capture that a bin gets from now on."""

    def begin(sandbox: Sandbox, bin: str) -> "asyncio.Future[Capture]":
        future: asyncio.Future[Capture] = asyncio.get_running_loop().create_future()

        def listen(activity: Activity) -> None:
            if isinstance(activity, Captured) and activity.capture.bin == bin:
                unsubscribe()
                future.set_result(activity.capture)

        unsubscribe = sandbox.feed.subscribe(listen)
        return future

    return begin


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Running]:
    """A sandbox on a free port, its clock standing still, its file in a folder of the test's."""
    database = tmp_path / "sandbox.db"
    # What a test leaves hanging at its end is not waited for.
    settings = Settings(port=0, db=database, speed=0, seed=7, grace_s=0.05)
    async with serve(settings) as running:
        await running.sandbox.dispatcher.settle()
        yield running


@pytest.fixture
def sandbox(running: Running) -> Sandbox:
    """The sandbox that `running` serves."""
    return running.sandbox


@pytest.fixture
async def client(running: Running) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the running sandbox."""
    async with httpx.AsyncClient(base_url=running.url, verify=False, timeout=10) as client:
        yield client


class NewWorld(Protocol):
    """Makes a world; the same seed makes the same world."""

    def __call__(self, seed: object = 1, catalog: Catalog = ...) -> RecordStore: ...


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    return load_catalog()


@pytest.fixture(scope="session")
def names() -> SampleData:
    return load_sample_data()


@pytest.fixture(scope="session")
def new_world(catalog: Catalog, names: SampleData) -> NewWorld:
    def make(seed: object = 1, catalog: Catalog = catalog) -> RecordStore:
        source = random.Random(f"{seed}")
        return RecordStore("test", catalog, names, Ids(source), source)

    return make


@pytest.fixture
def world(new_world: NewWorld) -> RecordStore:
    return new_world()
