"""How long one waits for the command line, and for `up` to answer, beside the least there could be.

    help      `pivotal-sandbox --help` against `python -c "import click"`
    up        from the start of the process to the first answer of /healthz, against a bare
              starlette application under uvicorn

Pairs are run in turn, so that both see the same machine; the medians of `--rounds` are compared.
"""

import argparse
import json
import socket
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

BARE = """
import uvicorn
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

async def healthz(request):
    return PlainTextResponse("ok")

uvicorn.run(Starlette(routes=[Route("/healthz", healthz)]), port={port}, log_level="critical")
"""
UP = ["-m", "pivotal_sandbox", "up", "--db", "{db}", "--port", "{port}"]


def finished(arguments: list[str]) -> float:
    """Return the ms that a Python process takes from start to end."""
    started = perf_counter()
    subprocess.run([sys.executable, *arguments], stdout=subprocess.DEVNULL, check=True)
    return (perf_counter() - started) * 1000


def answered(arguments: list[str]) -> float:
    """Return the ms from the start of a server process until it answers /healthz."""
    with socket.socket() as free, tempfile.TemporaryDirectory() as folder:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        values = {"{port}": str(port), "{db}": str(Path(folder) / "s.db")}
        filled = []
        for argument in arguments:
            for name, value in values.items():
                argument = argument.replace(name, value)
            filled.append(argument)
        started = perf_counter()
        process = subprocess.Popen(
            [sys.executable, *filled], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            while not _healthy(port):
                if process.poll() is not None:
                    raise SystemExit(f"{filled} ended with {process.returncode}")
            return (perf_counter() - started) * 1000
        finally:
            process.terminate()
            process.wait()


def _healthy(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as sock:
            sock.sendall(b"GET /healthz HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n")
            return sock.recv(64).startswith(b"HTTP/1.1 200 ")
    except OSError:
        return False


PAIRS: dict[str, tuple[Callable[[list[str]], float], list[str], list[str]]] = {
    "help": (finished, ["-m", "pivotal_sandbox", "--help"], ["-c", "import click"]),
    "up": (answered, UP, ["-c", BARE]),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15)
    given = parser.parse_args()
    result: dict[str, object] = {"benchmark": "startup", "rounds": given.rounds}
    for name, (measure, ours, least) in PAIRS.items():
        times: tuple[list[float], list[float]] = ([], [])
        for _ in range(given.rounds):
            for found, arguments in zip(times, (ours, least), strict=True):
                found.append(measure(arguments))
        ms = [statistics.median(found) for found in times]
        result[name] = {
            "ms": round(ms[0], 1),
            "least_ms": round(ms[1], 1),
            "ratio": round(ms[0] / ms[1], 2),
        }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
