"""Between our nouns and httpx's: ours as an httpx transport, and any httpx transport as ours."""

import asyncio
import logging
import ssl
from collections.abc import Iterator, Mapping
from socket import gaierror
from time import perf_counter
from typing import Any, cast

import httpx

from pivotal_sandbox.common.urls import Url, parse_url
from pivotal_sandbox.domain.models import Headers, Outcome, Request, Response, Timing
from pivotal_sandbox.domain.retry_policy import RESPONSE_KEPT
from pivotal_sandbox.errors import InputError
from pivotal_sandbox.sender.egress import AddressGuard
from pivotal_sandbox.sender.failures import Failure, FailureError, not_connected, not_resolved
from pivotal_sandbox.sender.http1 import ANSWER_MOST, Result, encode_head
from pivotal_sandbox.sender.pool import Pool

_DAY_MS = 24 * 60 * 60 * 1000  # stands for "no timeout"
_log = logging.getLogger(__name__)


class WireTransport(httpx.AsyncBaseTransport):
    """Plain HTTP/1.1 for `httpx.AsyncClient`, by way of our own connections.

    It connects to loopback addresses only, and to what `guard` allows besides. Of httpx's timeouts
    `read` counts: the whole exchange has to end within it. Bodies are read whole, up to 10 MiB.
    Raises httpx's exceptions: `ConnectError`, `ReadTimeout`, `RemoteProtocolError` and so on.
    """

    def __init__(self, guard: AddressGuard | None = None) -> None:
        self._pool = Pool(guard or AddressGuard(), keep=ANSWER_MOST)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.scheme != "http":
            raise httpx.UnsupportedProtocol(
                f"WireTransport speaks http only, not {request.url.scheme!r}.", request=request
            )
        body = await request.aread()
        if "transfer-encoding" in request.headers:
            body = (b"%x\r\n%b\r\n" % (len(body), body) if body else b"") + b"0\r\n\r\n"
        seconds = request.extensions.get("timeout", {}).get("read")
        url = request.url
        if url.userinfo:  # has become a header, and has no place on the wire
            url = url.copy_with(userinfo=b"")
        try:
            result, _ = await self._pool.run(
                Request(request.method, str(url), _text(request.headers), body),
                _DAY_MS if seconds is None else seconds * 1000,
            )
        except InputError as error:
            raise httpx.LocalProtocolError(str(error), request=request) from error
        if isinstance(result, Failure):
            kind = _exception(result)
            raise kind(result.detail, request=request) from FailureError(result)
        return httpx.Response(
            result.status_code,
            headers=_raw(result.headers),
            stream=httpx.ByteStream(result.body),
        )

    async def aclose(self) -> None:
        await self._pool.close()


class GuardedTransport(httpx.AsyncBaseTransport):
    """https by httpx's own transport, connected to an address that `guard` allows.

    The name stays in the `Host` header, which httpx puts first whatever the order given, and in
    TLS, where the certificate has to be made out to it.
    """

    def __init__(self, guard: AddressGuard, ssl_context: ssl.SSLContext | None = None) -> None:
        self._guard = guard
        self._ssl_context = ssl_context or trusting()
        # One for each name: httpx would lend a connection to every name with the same address,
        # and with it the certificate of another.
        self._by_name: dict[str, httpx.AsyncHTTPTransport] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url
        if url.scheme != "https":
            raise httpx.UnsupportedProtocol(
                f"GuardedTransport speaks https only, not {url.scheme!r}.", request=request
            )
        host = url.raw_host.decode("ascii")
        addresses = await self._guard.resolve(host, url.port or 443)
        if isinstance(addresses, Failure):
            raise httpx.ConnectError(addresses.detail, request=request) from FailureError(addresses)
        transport = self._by_name.get(host)
        if transport is None:
            transport = self._by_name[host] = httpx.AsyncHTTPTransport(verify=self._ssl_context)
        extensions = {**request.extensions, "sni_hostname": host.rstrip(".")}
        refused = httpx.ConnectError("No address is left.", request=request)
        for address in addresses:
            try:
                return await transport.handle_async_request(_at(address, request, extensions))
            except httpx.ConnectError as error:
                refused = error
                if _tls_error(error):
                    break
        raise refused

    async def aclose(self) -> None:
        for transport in self._by_name.values():
            await transport.aclose()
        self._by_name.clear()


async def send_through(
    transport: httpx.AsyncBaseTransport,
    request: Request,
    *,
    timeout_ms: float,
    keep: int = RESPONSE_KEPT,
    extensions: Mapping[str, Any] | None = None,
) -> Outcome:
    """Send `request` by any httpx transport and return how that ended, at most `timeout_ms` later.

    The headers go out as they are, none added. Whatever the transport raises is an outcome.
    `extensions` are httpx's. Raises `InputError` for a request that HTTP/1.1 cannot carry.
    """
    url = parse_url(request.url)
    encode_head(request, url)
    watch = _Watch(url)
    result: Result
    try:
        async with asyncio.timeout(timeout_ms / 1000) as limit:
            response = await transport.handle_async_request(
                httpx.Request(
                    request.method,
                    httpx.URL(
                        scheme=url.scheme,
                        host=url.host,
                        port=url.port,
                        raw_path=url.target.encode("ascii"),
                    ),
                    headers=_raw(request.headers),
                    stream=httpx.ByteStream(request.body),
                    extensions={**(extensions or {}), "trace": watch.note},
                )
            )
            watch.answered()
            try:
                result = await _read(response, url, keep)
            finally:
                await response.aclose()
    except Exception as error:
        if limit.expired():
            seconds = f"{timeout_ms / 1000:g} s"
            result = Failure("timeout", f"{url.authority} did not answer in {seconds}.")
        else:
            result = _failure(error, watch)
    if isinstance(result, Response):
        return Outcome(watch.timing(), result)
    return Outcome(watch.timing(), None, result.error, result.detail)


class _Watch:
    """Takes the time of the parts of an exchange, as httpx's `trace` extension tells them."""

    def __init__(self, url: Url) -> None:
        self.url = url
        self.handshaking = False
        self._began = self._turned = perf_counter()
        self._connect_ms: float | None = None
        self._tls_ms: float | None = None
        self._first_byte_ms: float | None = None

    async def note(self, event: str, info: Mapping[str, Any]) -> None:
        if event.endswith("connect_tcp.started"):
            self.handshaking = False  # that was with another address
        elif event.endswith("connect_tcp.complete"):
            self._connect_ms = self._since_began()
        elif event.endswith("start_tls.started"):
            self._turned = perf_counter()
            self.handshaking = True
        elif event.endswith("start_tls.complete"):
            self._tls_ms = (perf_counter() - self._turned) * 1000
            self.handshaking = False

    def answered(self) -> None:
        self._first_byte_ms = self._since_began()

    def timing(self) -> Timing:
        return Timing(self._since_began(), self._connect_ms, self._tls_ms, self._first_byte_ms)

    def _since_began(self) -> float:
        return (perf_counter() - self._began) * 1000


async def _read(response: httpx.Response, url: Url, keep: int) -> Result:
    kept, size = bytearray(), 0
    async for chunk in cast(httpx.AsyncByteStream, response.stream):
        kept += chunk[: keep - len(kept)]
        size += len(chunk)
        if size > ANSWER_MOST:
            return Failure("protocol", f"{url.authority} sends a body of more than 10 MiB.")
    headers = _text(response.headers)
    return Response(response.status_code, headers, bytes(kept), size > keep)


def _failure(error: Exception, watch: _Watch) -> Failure:
    peer = watch.url.authority
    chain = list(_chain(error))
    for cause in chain:
        if isinstance(cause, FailureError):
            return cause.failure
    if tls := _tls_error(error):
        why = getattr(tls, "verify_message", None) or getattr(tls, "reason", None) or str(tls)
        return Failure("tls", f"TLS with {peer} failed: {why}.", connected=False)
    if isinstance(error, httpx.TimeoutException):
        return Failure("timeout", f"{peer} did not answer in time: {type(error).__name__}.")
    if watch.handshaking:
        return Failure("tls", f"{peer} closed the connection during the TLS handshake.", False)
    if isinstance(error, httpx.ConnectError | OSError):
        # The last of the chain is what the system said; those before only wrap it.
        system = [cause for cause in chain if isinstance(cause, OSError)]
        if system and isinstance(system[-1], gaierror):
            return not_resolved(system[-1], watch.url.host)
        return not_connected(system[-1] if system else OSError(str(error)), peer)
    if isinstance(error, httpx.NetworkError):
        return Failure("connection_reset", f"{peer} reset the connection.")
    if isinstance(error, httpx.ProtocolError):
        # httpx has one exception for a broken answer and for a missing one.
        if "disconnected" in str(error) or "closed connection" in str(error):
            why = str(error).rstrip(".")
            return Failure("connection_reset", f"{peer} closed the connection: {why}.")
        return Failure("protocol", f"{peer} does not answer in HTTP/1.1: {error}.")
    _log.error("The transport for %s raised", peer, exc_info=error)
    return Failure("protocol", f"The transport raised {type(error).__name__}: {error}.")


def _tls_error(error: BaseException) -> ssl.SSLError | None:
    return next((cause for cause in _chain(error) if isinstance(cause, ssl.SSLError)), None)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _exception(failure: Failure) -> type[httpx.TransportError]:
    if failure.error == "timeout":
        return httpx.ReadTimeout if failure.connected else httpx.ConnectTimeout
    if failure.error == "protocol":
        return httpx.RemoteProtocolError
    return httpx.ReadError if failure.connected else httpx.ConnectError


def _at(address: str, request: httpx.Request, extensions: dict[str, Any]) -> httpx.Request:
    """Return `request` with its URL leading to `address`, and nothing else changed."""
    return httpx.Request(
        request.method,
        request.url.copy_with(host=address),
        headers=request.headers,
        stream=request.stream,
        extensions=extensions,
    )


def _raw(headers: Headers) -> list[tuple[bytes, bytes]]:
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]


def _text(headers: httpx.Headers) -> Headers:
    return tuple([(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers.raw])


def trusting() -> ssl.SSLContext:
    """Return a context that trusts what httpx trusts, and what this machine does besides."""
    context = httpx.create_ssl_context()
    context.load_default_certs()
    return context
