"""Starts sandboxes as fast as a fork: each line of stdin is a start, answered by the process's id.

All is imported once. `-m tests.reliability.starter DATABASE READY_FILE URL`, the URL of a receiver.
"""

import os
import signal
import sys
from pathlib import Path

from pivotal_sandbox.web.server import Settings, run


def start(settings: Settings) -> int:
    """Return the id of a process that serves until it is killed."""
    pid = os.fork()
    if not pid:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        run(settings, on_ready=lambda running: None, on_activity=lambda activity: None)
        os._exit(0)
    return pid


if __name__ == "__main__":
    database, ready, to = sys.argv[1:]
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody asks how they ended
    settings = Settings(port=0, db=Path(database), ready_file=Path(ready), to=to)
    for _ in sys.stdin:
        print(start(settings), flush=True)
