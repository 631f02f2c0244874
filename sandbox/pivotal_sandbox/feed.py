"""Who is told what goes on: open pages, the terminal, waiting tests."""

import logging
from collections.abc import Callable

from pivotal_sandbox.core.activity import Activity

Listener = Callable[[Activity], None]

_log = logging.getLogger(__name__)


class Feed:
    """Hands each activity to every listener, in the order in which things were kept."""

    def __init__(self) -> None:
        self._listeners: list[Listener] = []

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` with every activity from now on; return what ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def publish(self, activity: Activity) -> None:
        """Tell the listeners. One that raises is logged, and stops nobody else."""
        for listener in tuple(self._listeners):
            try:
                listener(activity)
            except Exception:
                _log.exception("A listener failed at %s", type(activity).__name__)
