"""The bins of a sandbox without a socket, where no delay takes real time."""

from contextvars import ContextVar
from typing import Any

import httpx

from pivotal_sandbox.domain.retry_policy import TIMEOUT
from pivotal_sandbox.receiver.capture import CaptureReceiver
from pivotal_sandbox.sender.failures import Failure, FailureError

_PEER = ("127.0.0.1", 0)


class Bins(httpx.AsyncBaseTransport):
    """Calls the capture receiver in place of the network.

    A bin that takes longer than the sender waits does its work, and the sender has left by then;
    one that hangs is left at once. Neither is waited for.
    """

    def __init__(self, receiver: CaptureReceiver) -> None:
        self._receiver = receiver
        self._passed: ContextVar[float] = ContextVar("passed", default=0.0)
        receiver.pause = self._pass

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        exchange = _Exchange(await request.aread())
        token = self._passed.set(0.0)
        try:
            await self._receiver(_scope(request), exchange.receive, exchange.send)
            passed_ms = self._passed.get()
        except ConnectionResetError:
            raise FailureError(
                Failure("connection_reset", f"{_peer(request)} reset the connection.")
            ) from None
        finally:
            self._passed.reset(token)
        if exchange.left or passed_ms >= TIMEOUT:
            detail = f"{_peer(request)} did not answer in {TIMEOUT // 1000} s."
            raise FailureError(Failure("timeout", detail))
        return httpx.Response(exchange.status, headers=exchange.headers, content=exchange.body)

    async def _pass(self, milliseconds: float) -> None:
        self._passed.set(self._passed.get() + milliseconds)


class _Exchange:
    """One request of ASGI. `left` says that the receiver had all of it, and waited for more."""

    def __init__(self, body: bytes) -> None:
        self._request: list[dict[str, Any]] = [{"type": "http.request", "body": body}]
        self.left = False
        self.status = 0
        self.headers: list[tuple[bytes, bytes]] = []
        self.body = b""

    async def receive(self) -> dict[str, Any]:
        if self._request:
            return self._request.pop()
        self.left = True
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.status, self.headers = message["status"], list(message["headers"])
        else:
            self.body += message.get("body", b"")


def _scope(request: httpx.Request) -> dict[str, Any]:
    path, _, query = request.url.raw_path.partition(b"?")
    return {
        "type": "http",
        "method": request.method,
        "path": request.url.path,
        "raw_path": path,
        "query_string": query,
        "headers": request.headers.raw,
        "client": _PEER,
    }


def _peer(request: httpx.Request) -> str:
    return request.url.netloc.decode("ascii")
