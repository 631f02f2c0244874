"""Send requests by httpx transports: https with a guard, and any transport of the user's."""

import asyncio
import logging
import ssl
from collections.abc import Iterator, Mapping
from socket import gaierror
from time import perf_counter
from typing import Any, cast

import httpx

from pivotal_sandbox.common.durations import SECOND, format_seconds
from pivotal_sandbox.common.urls import Url, parse_url
from pivotal_sandbox.domain.models import Headers, Outcome, Request, Response, Timing
from pivotal_sandbox.domain.retry_policy import KEEP_ALIVE, RESPONSE_KEPT
from pivotal_sandbox.sender.egress import AddressGuard
from pivotal_sandbox.sender.failures import (
    Failure,
    FailureError,
    not_connected,
    not_resolved,
    tls_failed,
    tls_missing,
)
from pivotal_sandbox.sender.http1 import MAX_RESPONSE, Result, encode_head

_log = logging.getLogger(__name__)


class GuardedTransport(httpx.AsyncBaseTransport):
    """Send https by httpx's own transport, to an address that `guard` allows.

    The name stays in the `Host` header, which httpx always puts first, and in TLS, where the
    certificate has to be valid for it.
    """

    def __init__(self, guard: AddressGuard, ssl_context: ssl.SSLContext | None = None) -> None:
        self._guard = guard
        self._ssl_context = ssl_context or default_ssl_context()
        # One per name: httpx would share a connection between all names of an address, although
        # the certificate was checked for one of them only.
        self._transports: dict[str, httpx.AsyncHTTPTransport] = {}

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
        transport = self._transports.get(host)
        if transport is None:
            transport = self._transports[host] = httpx.AsyncHTTPTransport(
                verify=self._ssl_context,
                limits=httpx.Limits(keepalive_expiry=KEEP_ALIVE / SECOND),
            )
        extensions = {**request.extensions, "sni_hostname": host.rstrip(".")}
        last_error = httpx.ConnectError("No address is left.", request=request)
        for address in addresses:
            try:
                return await transport.handle_async_request(
                    _readdress(request, address, extensions)
                )
            except httpx.ConnectError as error:
                last_error = error
                if _tls_error(error):
                    break
        raise last_error

    async def aclose(self) -> None:
        for transport in self._transports.values():
            await transport.aclose()
        self._transports.clear()


async def send_through(
    transport: httpx.AsyncBaseTransport,
    request: Request,
    *,
    timeout_ms: float,
    body_limit: int = RESPONSE_KEPT,
    extensions: Mapping[str, Any] | None = None,
) -> Outcome:
    """Send `request` by any httpx transport and return how that ended, at most `timeout_ms` later.

    The headers are sent as given, none added. Whatever the transport raises is an outcome.
    `extensions` are passed to httpx. Raises `InputError` for a request that HTTP/1.1 cannot carry.
    """
    url = parse_url(request.url)
    encode_head(request, url)
    trace = _Trace(url)
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
                    headers=encode_headers(request.headers),
                    stream=httpx.ByteStream(request.body),
                    extensions={**(extensions or {}), "trace": trace.note},
                )
            )
            trace.note_first_byte()
            try:
                result = await _read_response(response, url, body_limit)
            finally:
                await response.aclose()
    except Exception as error:
        if limit.expired():
            seconds = format_seconds(timeout_ms)
            result = Failure("timeout", f"{url.authority} did not answer in {seconds}.")
        else:
            result = _failure(error, trace)
    if isinstance(result, Response):
        return Outcome(trace.timing(), result)
    return Outcome(trace.timing(), None, result.error, result.detail)


class _Trace:
    """Time the parts of an exchange, as httpx's `trace` extension reports them."""

    def __init__(self, url: Url) -> None:
        self.url = url
        self.in_tls_handshake = False
        self._started_at = self._tls_started_at = perf_counter()
        self._connect_ms: float | None = None
        self._tls_ms: float | None = None
        self._first_byte_ms: float | None = None

    async def note(self, event: str, info: Mapping[str, Any]) -> None:
        if event.endswith("connect_tcp.started"):
            self.in_tls_handshake = False  # it failed with another address
        elif event.endswith("connect_tcp.complete"):
            self._connect_ms = self._elapsed_ms()
        elif event.endswith("start_tls.started"):
            self._tls_started_at = perf_counter()
            self.in_tls_handshake = True
        elif event.endswith("start_tls.complete"):
            self._tls_ms = (perf_counter() - self._tls_started_at) * 1000
            self.in_tls_handshake = False

    def note_first_byte(self) -> None:
        self._first_byte_ms = self._elapsed_ms()

    def timing(self) -> Timing:
        return Timing(self._elapsed_ms(), self._connect_ms, self._tls_ms, self._first_byte_ms)

    def _elapsed_ms(self) -> float:
        return (perf_counter() - self._started_at) * 1000


async def _read_response(response: httpx.Response, url: Url, body_limit: int) -> Result:
    body, size = bytearray(), 0
    async for chunk in cast(httpx.AsyncByteStream, response.stream):
        body += chunk[: body_limit - len(body)]
        size += len(chunk)
        if size > MAX_RESPONSE:
            return Failure("protocol", f"{url.authority} sends a body of more than 10 MiB.")
    headers = decode_headers(response.headers)
    return Response(response.status_code, headers, bytes(body), size > body_limit)


def _failure(error: Exception, trace: _Trace) -> Failure:
    peer = trace.url.authority
    causes = list(_causes(error))
    for cause in causes:
        if isinstance(cause, FailureError):
            return cause.failure
    if tls := _tls_error(error):
        return tls_failed(tls, peer)
    if isinstance(error, httpx.TimeoutException):
        return Failure("timeout", f"{peer} did not answer in time: {type(error).__name__}.")
    if trace.in_tls_handshake:
        return tls_missing(f"{peer} closed the connection during the TLS handshake.")
    if isinstance(error, httpx.ConnectError | OSError):
        # The last one comes from the system; those before only wrap it.
        os_errors = [cause for cause in causes if isinstance(cause, OSError)]
        if os_errors and isinstance(os_errors[-1], gaierror):
            return not_resolved(os_errors[-1], trace.url.host)
        return not_connected(os_errors[-1] if os_errors else OSError(str(error)), peer)
    if isinstance(error, httpx.NetworkError):
        return Failure("connection_reset", f"{peer} reset the connection.")
    if isinstance(error, httpx.ProtocolError):
        # httpx raises the same exception for a broken response and for a missing one.
        if "disconnected" in str(error) or "closed connection" in str(error):
            why = str(error).rstrip(".")
            return Failure("connection_reset", f"{peer} closed the connection: {why}.")
        return Failure("protocol", f"{peer} does not answer in HTTP/1.1: {error}.")
    _log.error("The transport for %s raised", peer, exc_info=error)
    return Failure("protocol", f"The transport raised {type(error).__name__}: {error}.")


def _tls_error(error: BaseException) -> ssl.SSLError | None:
    return next((cause for cause in _causes(error) if isinstance(cause, ssl.SSLError)), None)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _readdress(request: httpx.Request, address: str, extensions: dict[str, Any]) -> httpx.Request:
    """Return `request` with `address` as the host of its URL, and nothing else changed."""
    return httpx.Request(
        request.method,
        request.url.copy_with(host=address),
        headers=request.headers,
        stream=request.stream,
        extensions=extensions,
    )


def encode_headers(headers: Headers) -> list[tuple[bytes, bytes]]:
    """Return the headers as httpx takes them."""
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]


def decode_headers(headers: httpx.Headers) -> Headers:
    """Return httpx's headers in their order and case."""
    return tuple([(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers.raw])


def default_ssl_context() -> ssl.SSLContext:
    """Return a context that trusts what httpx trusts, and what this machine trusts as well."""
    context = httpx.create_ssl_context()
    context.load_default_certs()
    return context
