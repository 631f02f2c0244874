"""The sandbox's connection pool as a transport of httpx: a fast client for tests and benchmarks."""

import httpx

from pivotal_sandbox.domain.models import Request
from pivotal_sandbox.errors import InputError
from pivotal_sandbox.sender.egress import AddressGuard
from pivotal_sandbox.sender.failures import Failure, FailureError
from pivotal_sandbox.sender.http1 import MAX_RESPONSE
from pivotal_sandbox.sender.httpx_adapter import decode_headers, encode_headers
from pivotal_sandbox.sender.pool import Pool

_DAY_MS = 24 * 60 * 60 * 1000  # stands for "no timeout"


class PoolTransport(httpx.AsyncBaseTransport):
    """Plain HTTP/1.1 for `httpx.AsyncClient` over the sandbox's own connections.

    It connects to loopback addresses, and to what `guard` allows as well. Of httpx's timeouts only
    `read` counts: the whole exchange has to end within it. Bodies are read whole, up to 10 MiB.
    Raises httpx's exceptions: `ConnectError`, `ReadTimeout`, `RemoteProtocolError` and so on.
    """

    def __init__(self, guard: AddressGuard | None = None) -> None:
        self._pool = Pool(guard or AddressGuard(), body_limit=MAX_RESPONSE)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.scheme != "http":
            raise httpx.UnsupportedProtocol(
                f"PoolTransport speaks http only, not {request.url.scheme!r}.", request=request
            )
        body = await request.aread()
        if "transfer-encoding" in request.headers:
            body = (b"%x\r\n%b\r\n" % (len(body), body) if body else b"") + b"0\r\n\r\n"
        seconds = request.extensions.get("timeout", {}).get("read")
        url = request.url
        if url.userinfo:  # httpx has made a header of it
            url = url.copy_with(userinfo=b"")
        try:
            result, _ = await self._pool.exchange_raw(
                Request(request.method, str(url), decode_headers(request.headers), body),
                _DAY_MS if seconds is None else seconds * 1000,
            )
        except InputError as error:
            raise httpx.LocalProtocolError(str(error), request=request) from error
        if isinstance(result, Failure):
            raise _exception_type(result)(result.detail, request=request) from FailureError(result)
        return httpx.Response(
            result.status_code,
            headers=encode_headers(result.headers),
            stream=httpx.ByteStream(result.body),
        )

    async def aclose(self) -> None:
        await self._pool.close()


def _exception_type(failure: Failure) -> type[httpx.TransportError]:
    if failure.error == "timeout":
        return httpx.ReadTimeout if failure.connected else httpx.ConnectTimeout
    if failure.error == "protocol":
        return httpx.RemoteProtocolError
    return httpx.ReadError if failure.connected else httpx.ConnectError
