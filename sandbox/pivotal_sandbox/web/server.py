"""Runs a sandbox: binds the port, opens the database, serves until it is told to stop."""

import asyncio
import contextlib
import errno
import gc
import json
import os
import secrets
import signal
import socket
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from uvicorn import Config
from uvicorn.server import ServerState

from pivotal_sandbox.clock import Clock
from pivotal_sandbox.domain import retry_policy
from pivotal_sandbox.domain.models import Endpoint, SignTime
from pivotal_sandbox.errors import InputError
from pivotal_sandbox.feed import Listener
from pivotal_sandbox.receiver.capture import PREFIX
from pivotal_sandbox.sandbox.sandbox import Sandbox
from pivotal_sandbox.web.app import create_app
from pivotal_sandbox.web.http_protocol import (
    ConnectionLimiter,
    Limits,
    ObservingProtocol,
    descriptors,
)
from pivotal_sandbox.web.security import (
    Access,
    Application,
    Receive,
    Scope,
    Send,
    guarded,
    is_loopback,
)
from pivotal_sandbox.web.sse import Stream

BUILT_IN = "Built-in capture bin"
_BACKLOG = 1024
_ANY = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # every address, and one that can be called
_LAST_STEPS = 0.5  # seconds for what is left of the requests once their connections are gone


@dataclass(frozen=True, slots=True)
class Settings:
    """What `up` was told. `db` of None keeps all in memory; `port` of 0 picks a free one.

    `keep` is how many ms the log goes back, `grace_s` how many seconds requests have to end once
    the server is told to stop. `chaos` says what goes wrong by chance. Beyond loopback the API asks
    for a `token`, which is made up if none is given.
    """

    host: str = "127.0.0.1"
    port: int = 8400
    db: Path | None = None
    to: str | None = None
    speed: float = 1.0
    seed: int | None = None
    chaos: str = ""
    keep: int = retry_policy.RETENTION
    catalog: Path | None = None
    allow_hosts: tuple[str, ...] = ()
    ready_file: Path | None = None
    token: str | None = field(default=None, repr=False)
    limits: Limits = field(default_factory=Limits)
    grace_s: float = 2.0


@dataclass(frozen=True, slots=True)
class Running:
    """A sandbox that answers at `url`, and the endpoint to begin with."""

    url: str
    endpoint: Endpoint
    sandbox: Sandbox
    token: str | None = field(default=None, repr=False)


def run(settings: Settings, *, on_ready: Callable[[Running], None], on_activity: Listener) -> None:
    """Serve until SIGINT or SIGTERM. Raises `InputError` or `StoreError` where it cannot start."""

    async def main() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop.set)
        async with serve(settings, on_activity=on_activity) as running:
            if settings.ready_file:
                _write_ready_file(settings.ready_file, running)
            on_ready(running)
            # What is there by now stays: collections need not look through it, a tenth of the time
            # of a delivery. Only here, where the process is ours.
            gc.freeze()
            await stop.wait()

    _run(main())


@contextlib.asynccontextmanager
async def serve(
    settings: Settings, *, on_activity: Listener | None = None
) -> AsyncIterator[Running]:
    """Run a sandbox and its server in this event loop, and stop both at the end."""
    async with serve_empty(settings, on_activity=on_activity) as (sandbox, token):
        first = await _first_endpoint(sandbox, settings.to)
        yield Running(sandbox.base_url, first, sandbox, token)


@contextlib.asynccontextmanager
async def serve_empty(
    settings: Settings,
    *,
    clock: Clock | None = None,
    sign_time: SignTime = "wall",
    on_activity: Listener | None = None,
) -> AsyncIterator[tuple[Sandbox, str | None]]:
    """Do the same without an endpoint to begin with; give the sandbox, and the token if any.

    A `clock` goes before the settings' speed.
    """
    sock = _bind(settings.host, settings.port)
    try:
        address, port = sock.getsockname()[:2]
        own = _ANY.get(address, address)
        url = f"http://[{own}]:{port}" if ":" in own else f"http://{own}:{port}"
        is_open = not is_loopback(address)
        token = settings.token or (secrets.token_hex(24) if is_open else None)
        # What it may send to, it may be called: behind a token, a name that lies is harmless.
        more = (socket.gethostname(), *settings.allow_hosts) if is_open else ()
        sandbox = Sandbox(
            settings.db,
            # A clock that stands still starts at a fixed time: with a seed, each run is the same.
            clock=clock or (Clock(speed=settings.speed) if settings.speed else Clock.manual()),
            seed=settings.seed,
            catalog=settings.catalog,
            keep=settings.keep,
            allow_hosts=settings.allow_hosts if is_loopback(own) else (*settings.allow_hosts, own),
            base_url=url,
            chaos=settings.chaos,
            sign_time=sign_time,
        )
        async with sandbox:
            if on_activity:
                sandbox.feed.subscribe(on_activity)
            access = Access.bound_to(address, (settings.host, *more), token)
            async with _listening(sandbox, sock, access, settings):
                yield sandbox, token
    finally:
        sock.close()


@contextlib.asynccontextmanager
async def _listening(
    sandbox: Sandbox, sock: socket.socket, access: Access, settings: Settings
) -> AsyncIterator[None]:
    stream = Stream(sandbox.feed)
    config = Config(
        _until_stopped(guarded(create_app(sandbox, stream), access)),
        http=ObservingProtocol,
        ws="none",
        proxy_headers=False,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
    )
    config.load()
    state, crowd = ServerState(), ConnectionLimiter(settings.limits)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: ObservingProtocol(config, state, crowd),
        sock=sock,
        backlog=min(_BACKLOG, descriptors() // 4),
    )
    try:
        yield
    finally:
        server.close()
        stream.close()
        for connection in list(state.connections):
            connection.shutdown()
        if state.tasks:
            await asyncio.wait(list(state.tasks), timeout=settings.grace_s)
        for connection in list(state.connections):
            connection.transport.abort()
        if state.tasks:  # they learn that nobody is there any more, and end by themselves
            await asyncio.wait(list(state.tasks), timeout=_LAST_STEPS)
        for task in list(state.tasks):
            task.cancel()
        await asyncio.gather(*state.tasks, return_exceptions=True)


def _until_stopped(app: Application) -> Application:
    """Return `app` whose requests may be ended with the server: that is no error to report."""

    async def served(scope: Scope, receive: Receive, send: Send) -> None:
        try:  # noqa: SIM105  # for each request, suppress() would cost more
            await app(scope, receive, send)
        except asyncio.CancelledError:
            pass

    return served


async def _first_endpoint(sandbox: Sandbox, to: str | None) -> Endpoint:
    """Return the test endpoint to show: the one asked for, else the oldest, else a new bin's."""
    known = sandbox.endpoints.all("test")
    if to is not None:
        same = [endpoint for endpoint in known if endpoint.url == to]
        return same[0] if same else await sandbox.add_endpoint(to)
    address = f"{sandbox.base_url}{PREFIX}demo"
    if not known:
        return await sandbox.add_endpoint(address, description=BUILT_IN)
    for endpoint in known:
        # The port may be another one than last time.
        if endpoint.description == BUILT_IN and endpoint.url != address:
            await sandbox.update_endpoint(endpoint.id, url=address)
    return sandbox.endpoints.get(known[0].id)


def _bind(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio sends small parts at once only on sockets that say that they are TCP.
    sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if os.name == "posix":  # elsewhere it would let two servers share the port
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((host, port))
    except OSError as error:
        sock.close()
        why = error.strerror or error
        if error.errno != errno.EADDRINUSE:
            raise InputError(
                f"{host}, port {port}, cannot be bound ({why}): --host takes an address of this "
                "machine, such as 127.0.0.1 or 0.0.0.0, and --port 0 picks a port.",
                pointer="/host",
            ) from None
        raise InputError(
            f"Port {port} of {host} cannot be bound ({why}): stop what listens there, or choose "
            "another with --port; 0 picks a free one.",
            pointer="/port",
        ) from None
    return sock


def _write_ready_file(path: Path, running: Running) -> None:
    content = {
        "url": running.url,
        "pid": os.getpid(),
        "endpoint_id": running.endpoint.id,
        "secret": running.endpoint.secret,
    } | ({"token": running.token} if running.token else {})
    # Renamed into place: whoever waits for the file never reads half of it.
    part = path.with_name(path.name + ".part")
    part.touch(mode=0o600)
    part.write_text(json.dumps(content) + "\n", "utf-8")
    part.replace(path)


def _run(main: Coroutine[Any, Any, None]) -> None:
    try:
        import uvloop
    except ImportError:
        asyncio.run(main)
    else:
        uvloop.run(main)
