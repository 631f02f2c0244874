"""What a test costs that uses `pivotal`, beside one with pytest-httpserver's fixture, in one run.

    pivotal       an ASGI app as an endpoint (with its ping), one event, one assertion
    httpserver    one request by http.client to pytest-httpserver, one assertion
    requests      the same by requests
    unused        the ms that the plugin adds to the start of a run that does not use it

The tests take turns. Each figure is the median of `--rounds`, less that of an empty test.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

TESTS = """
import http.client
import pytest
import requests

async def app(scope, receive, send):
    if scope["type"] == "http":
        await receive()
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})

pytestmark = pytest.mark.parametrize("round", range(ROUNDS))

def test_pivotal(pivotal, round):
    pivotal.endpoint(app)
    assert pivotal.trigger("customer.at_risk").ok

def test_httpserver(httpserver, round):
    httpserver.expect_request("/hooks").respond_with_data("")
    connection = http.client.HTTPConnection(httpserver.host, httpserver.port)
    connection.request("POST", "/hooks", body=b"{}")
    assert connection.getresponse().status == 200
    connection.close()

def test_requests(httpserver, round):
    httpserver.expect_request("/hooks").respond_with_data("")
    assert requests.post(httpserver.url_for("/hooks"), data=b"{}").status_code == 200

def test_empty(round):
    pass
"""
CONFTEST = """
import json
import os
import time
import pytest

took = {}

def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: item.callspec.params["round"])

@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item):
    began = time.perf_counter()
    result = yield
    took.setdefault(item.originalname, []).append((time.perf_counter() - began) * 1000)
    return result

def pytest_sessionfinish():
    with open("took.json", "w") as file:
        json.dump(took, file)
"""
PLUGIN = ("-p", "pivotal_sandbox.pytest_plugin")


def run(folder: Path, *arguments: str) -> float:
    """Return the ms that a run of pytest takes, with no plugin but those named."""
    began = perf_counter()
    subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments],
        cwd=folder,
        env=os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        stdout=subprocess.DEVNULL,
        check=True,
    )
    return (perf_counter() - began) * 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=200)
    rounds = parser.parse_known_args()[0].rounds
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "test_cost.py").write_text(TESTS.replace("ROUNDS", str(rounds)))
        (folder / "conftest.py").write_text(CONFTEST)
        run(folder, *PLUGIN, "-p", "pytest_httpserver.pytest_plugin", "test_cost.py")
        took = json.loads((folder / "took.json").read_text())
        medians = {key.removeprefix("test_"): statistics.median(its) for key, its in took.items()}
        empty = medians.pop("empty")
        (folder / "test_nothing.py").write_text("def test_nothing(): pass")
        (folder / "conftest.py").unlink()
        pairs = [
            (run(folder, *PLUGIN, "test_nothing.py"), run(folder, "test_nothing.py"))
            for _ in range(max(rounds // 10, 3))
        ]
    figures = {key: round(median - empty, 2) for key, median in medians.items()}
    with_it, without = (statistics.median(its) for its in zip(*pairs, strict=True))
    unused = round(with_it - without, 1)
    print(json.dumps({"benchmark": "fixtures", **figures, "unused": unused, "unit": "ms"}))


if __name__ == "__main__":
    main()
