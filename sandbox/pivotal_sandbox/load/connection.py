"""One connection of a load: a request after the other, with as little between as can be."""

from collections.abc import Callable
from time import perf_counter

from pivotal_sandbox.domain.models import Response
from pivotal_sandbox.sender.http1 import Connection

KNOWN_MOST = 256  # answers; a receiver that makes each one new fills this for nothing
KNOWN_BYTES = 4096  # of one of them


class LoadConnection(Connection):
    """A connection that tells `done` what each request of it was answered: "204", or "timeout".

    An answer that was whole in one piece, and left the connection open, means the same when the
    same bytes come again: it is in `known`, which lanes to one target share, and costs no parsing.
    All others are read as `Connection` reads them. `began` and `due` are the sender's.
    """

    __slots__ = (
        "_answer",
        "_asked",
        "_done",
        "_known",
        "_limit_ms",
        "_until",
        "began",
        "due",
    )

    def __init__(
        self,
        peer: str,
        *,
        known: dict[bytes, str],
        done: Callable[["LoadConnection", str], None],
        timeout_ms: float,
    ) -> None:
        super().__init__(peer, body_limit=0)
        self._known = known
        self._done = done
        self._limit_ms = timeout_ms
        self._asked = False
        self.began = self.due = 0.0

    def send(self, request: bytes, began: float, due: float) -> None:
        """Send a request on a connection that is `alive` and has had the last response.

        If the receiver closes the connection without a response, that is a reset connection. The
        request is not sent again, because the receiver may have read it.
        """
        self.began, self.due = began, due
        self._asked = True
        self._until = self._loop.time() + self._limit_ms / 1000
        if self._timer is None:
            self._timer = self._loop.call_at(self._until, self._check_deadline)
        self._transport.write(request)

    def forget(self) -> None:
        """Close at once, and tell nothing more."""
        self._asked = False
        self.abort()

    def buffer_updated(self, nbytes: int) -> None:
        if not self._asked or self._waiter is not None:
            super().buffer_updated(nbytes)
            self._conclude()
            return
        piece = bytes(self._buffer[:nbytes])
        answer = self._known.get(piece)
        if answer is None:
            self._expect()
            super().buffer_updated(nbytes)
            self._conclude(piece)
            return
        self._asked = False
        self.ended_at = perf_counter()
        self._done(self, answer)

    def eof_received(self) -> None:
        self._expect()
        super().eof_received()
        self._conclude()

    def connection_lost(self, exc: Exception | None) -> None:
        self._expect()
        super().connection_lost(exc)
        self._conclude()

    def _check_deadline(self) -> None:
        if self._asked and self._waiter is None:
            self._timer = None
            self._expect()  # sets the timer to where the limit is by now
        else:
            super()._check_deadline()
        self._conclude()

    def _expect(self) -> None:
        """Have the answer read as any other connection would read it."""
        if self._asked and self._waiter is None:
            self._answer = self.expect_response(self._until, self._limit_ms, head_only=False)

    def _conclude(self, piece: bytes = b"") -> None:
        """Tell what came, if that is all; `piece` is what it came in, if it was one."""
        if not self._asked or self._waiter is not None:
            return
        self._asked = False
        result = self._answer.result()
        if isinstance(result, Response):
            answer = str(result.status_code)
            if self.alive and 0 < len(piece) <= KNOWN_BYTES:
                if len(self._known) >= KNOWN_MOST:
                    self._known.clear()
                self._known[piece] = answer
        else:
            answer = result.error
        self._done(self, answer)
