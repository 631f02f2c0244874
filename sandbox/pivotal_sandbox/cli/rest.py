"""All that one can ask of a running sandbox: `Client`, with what changes it."""

from pivotal_sandbox.cli.client import ANSWER_S, Client, Json, Query
from pivotal_sandbox.errors import InputError, NotFound

_OK = 200
_NO_CONTENT = 204
_NOT_FOUND = 404
_TOO_LATE = 408

_LISTED = ("endpoints", "deliveries", "captures")


class Rest(Client):
    """A sandbox that is read and changed; `NotFound` says where to look."""

    def change(
        self,
        method: str,
        *path: str,
        body: Json | None = None,
        query: Query | None = None,
        wait_s: float = ANSWER_S,
    ) -> Json:
        """Return what the call answers; no content is an empty object."""
        return self._call(method, path, query or {}, body, wait_s)

    def _call(
        self,
        method: str,
        path: tuple[str, ...],
        query: Query,
        body: Json | None,
        wait_s: float | None,
    ) -> Json:
        try:
            return super()._call(method, path, query, body, wait_s)
        except NotFound as error:
            raise NotFound(f"{error}{_where_to_look(path)}") from None

    def _answer(self, status: int, content: bytes) -> Json:
        if status == _NO_CONTENT:
            return {}
        try:
            # That it did not happen in time is no error: it comes with what was seen.
            return super()._answer(_OK if status == _TOO_LATE else status, content)
        except InputError as error:
            if status == _NOT_FOUND:
                raise NotFound(str(error)) from None
            raise


def _where_to_look(path: tuple[str, ...]) -> str:
    """Return which command lists the things of which one was not found."""
    kind, *rest = path
    if kind in _LISTED:
        command = f"{kind} list"
    elif kind == "records" and len(rest) > 1:
        command = f"records list {rest[0]}"
    else:
        return ""
    return f" `pivotal-sandbox {command}` shows those there are."
