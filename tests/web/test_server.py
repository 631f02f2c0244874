"""Starting and stopping: the port, the first endpoint, the ready file, the last answers."""

import asyncio
import json
import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from pivotal_sandbox.clock import Clock
from pivotal_sandbox.domain.models import Capture
from pivotal_sandbox.errors import InputError, StoreError
from pivotal_sandbox.sandbox.sandbox import Sandbox
from pivotal_sandbox.store.deliveries import DeliveryFilter
from pivotal_sandbox.web.server import BUILT_IN, Settings, serve, serve_empty

DEADLINE = 20  # seconds
FirstCapture = Callable[[Sandbox, str], "asyncio.Future[Capture]"]


async def test_the_first_run_makes_one_test_endpoint_on_the_bin_demo_and_pings_it() -> None:
    async with serve(Settings(port=0)) as running:
        [endpoint] = running.sandbox.endpoints.all()
        assert endpoint == running.endpoint
        assert (endpoint.url, endpoint.mode) == (f"{running.url}/in/demo", "test")
        await running.sandbox.dispatcher.settle()
        async with httpx.AsyncClient(base_url=running.url, verify=False) as client:
            [capture] = (await client.get("/api/captures")).json()["items"]
    assert capture["verified"] is True
    assert json.loads(capture["body"])["type"] == "webhook.ping"


async def test_it_may_begin_without_an_endpoint_and_with_a_clock_of_its_own() -> None:
    clock = Clock.manual(1_000)
    async with serve_empty(Settings(port=0), clock=clock, sign_time="sandbox") as (sandbox, token):
        assert sandbox.endpoints.all() == []
        assert sandbox.clock is clock
        assert sandbox.timestamp() == 1
        assert token is None
        async with httpx.AsyncClient(base_url=sandbox.base_url, verify=False) as client:
            assert (await client.get("/healthz")).status_code == 200


async def test_the_endpoint_asked_for_is_made_once(tmp_path: Path) -> None:
    settings = Settings(port=0, db=tmp_path / "a.db", to="http://127.0.0.1:1/hook")
    async with serve(settings) as first:
        assert first.endpoint.url == settings.to
    async with serve(settings) as second:
        assert second.endpoint.id == first.endpoint.id
        assert len(second.sandbox.endpoints.all()) == 1


async def test_the_built_in_bin_follows_the_port(tmp_path: Path) -> None:
    settings = Settings(port=0, db=tmp_path / "a.db")
    async with serve(settings) as first:
        pass
    async with serve(settings) as second:
        assert second.endpoint.id == first.endpoint.id
        assert second.endpoint.description == BUILT_IN
        assert second.endpoint.url == f"{second.url}/in/demo"


async def test_a_port_that_is_taken_is_said_and_no_database_is_made(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        settings = Settings(port=taken.getsockname()[1], db=tmp_path / "a.db")
        with pytest.raises(InputError, match="--port") as caught:
            async with serve(settings):
                pass
    assert caught.value.pointer == "/port"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("host", ["192.0.2.1", "nobody.invalid", "2001:db8::1"])
async def test_an_address_of_another_machine_is_said(host: str) -> None:
    with pytest.raises(InputError, match="--host takes an address of this machine") as caught:
        async with serve(Settings(host=host, port=0)):
            pass
    assert caught.value.pointer == "/host"


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.2", "http://127.0.0.2:"),
        ("localhost", "http://127.0.0.1:"),
        ("0.0.0.0", "http://127.0.0.1:"),
        ("::", "http://[::1]:"),
        ("::1", "http://[::1]:"),
    ],
)
async def test_on_any_address_it_is_called_and_reaches_itself(host: str, url: str) -> None:
    async with serve(Settings(host=host, port=0)) as running:
        assert running.url.startswith(url)
        await running.sandbox.dispatcher.settle()
        bearer = {"authorization": f"Bearer {running.token}"}
        async with httpx.AsyncClient(base_url=running.url, headers=bearer, verify=False) as client:
            [capture] = (await client.get("/api/captures")).json()["items"]
    assert capture["verified"] is True


async def test_on_an_address_of_the_network_it_reaches_itself_and_no_neighbour() -> None:
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.connect(("192.0.2.1", 9))  # sends nothing, and tells our own address
            own = sock.getsockname()[0]
    except OSError:
        pytest.skip("this machine has no address besides loopback")
    async with serve(Settings(host=own, port=0)) as running:
        assert running.url.startswith(f"http://{own}:")
        near = await running.sandbox.add_endpoint("http://192.0.2.1/")
        await running.sandbox.dispatcher.settle()
        deliveries, _ = await running.sandbox.deliveries.page(DeliveryFilter(), limit=10)
    ends = {delivery.endpoint_id: delivery.status for delivery in deliveries}
    assert ends == {running.endpoint.id: "delivered", near.id: "failed"}


async def test_two_sandboxes_do_not_share_a_database(tmp_path: Path) -> None:
    settings = Settings(port=0, db=tmp_path / "a.db")
    async with serve(settings):
        with pytest.raises(StoreError, match=f"process {os.getpid()}"):
            async with serve(settings):
                pass


async def test_stopping_lets_a_request_end_and_drops_who_only_holds_a_connection(
    first_capture: FirstCapture,
) -> None:
    async with httpx.AsyncClient(verify=False) as client:
        async with serve(Settings(port=0)) as running:
            await client.put(
                f"{running.url}/api/bins/slow", json={"behaviour": [{"delay": "300ms"}]}
            )
            idle, writer = await asyncio.open_connection(*_address(running.url))
            captured = first_capture(running.sandbox, "slow")
            asked = asyncio.create_task(client.post(f"{running.url}/in/slow"))
            await asyncio.wait_for(captured, DEADLINE)
        assert (await asked).status_code == 200
        assert await asyncio.wait_for(idle.read(), DEADLINE) == b""
        writer.close()


async def test_stopping_does_not_wait_for_a_receiver_that_hangs(
    first_capture: FirstCapture, caplog: pytest.LogCaptureFixture
) -> None:
    async with httpx.AsyncClient(verify=False) as client:
        async with serve(Settings(port=0, grace_s=0.1)) as running:
            await client.put(f"{running.url}/api/bins/h", json={"behaviour": [{"hang": True}]})
            captured = first_capture(running.sandbox, "h")
            asked = asyncio.create_task(client.post(f"{running.url}/in/h"))
            await asyncio.wait_for(captured, DEADLINE)
        with pytest.raises(httpx.RemoteProtocolError):
            await asyncio.wait_for(asked, DEADLINE)
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


async def test_a_move_of_the_clock_that_waits_for_a_receiver_ends_without_a_traceback(
    caplog: pytest.LogCaptureFixture,
) -> None:
    asked = asyncio.Event()

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.set()
        await reader.read()
        writer.close()

    async with await asyncio.start_server(hang, "127.0.0.1", 0) as silent:
        port = silent.sockets[0].getsockname()[1]
        async with httpx.AsyncClient(verify=False) as client:
            async with serve(Settings(port=0, grace_s=0.1)) as running:
                await running.sandbox.add_endpoint(f"http://127.0.0.1:{port}/")
                await asyncio.wait_for(asked.wait(), DEADLINE)
                move = client.post(f"{running.url}/api/clock", json={"advance": "1h"})
                moving = asyncio.create_task(move)
                await client.get(f"{running.url}/healthz")  # answered after the move began
            with pytest.raises(httpx.HTTPError):
                await asyncio.wait_for(moving, DEADLINE)
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


def _address(url: str) -> tuple[str, int]:
    host, port = url.removeprefix("http://").split(":")
    return host, int(port)


class TestProcess:
    """`up` as a process of its own."""

    def start(self, tmp_path: Path, *flags: str) -> "subprocess.Popen[str]":
        command = [sys.executable, "-m", "pivotal_sandbox", "up", "--port", "0", *flags]
        return subprocess.Popen(
            command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
    def test_it_writes_the_ready_file_whole_answers_and_stops_when_told(
        self, tmp_path: Path, number: signal.Signals
    ) -> None:
        ready = tmp_path / "ready.json"
        process = self.start(tmp_path, "--ready-file", str(ready), "--db", "s.db")
        try:
            assert process.stdout is not None
            process.stdout.readline()  # it speaks once it is ready
            content = json.loads(ready.read_text())
            assert set(content) == {"url", "pid", "endpoint_id", "secret"}
            assert content["pid"] == process.pid
            assert stat.S_IMODE(ready.stat().st_mode) == 0o600
            assert httpx.get(f"{content['url']}/healthz", verify=False).status_code == 200
        finally:
            process.send_signal(number)
            _, errors = process.communicate(timeout=DEADLINE)
        assert process.returncode == 0, errors
        assert "Traceback" not in errors
        assert not (tmp_path / "s.db-wal").exists()  # closed, not abandoned
