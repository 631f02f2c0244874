"""Correct receivers that differ from each other as much as correct ones may."""

import asyncio
import base64
import json
import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from tests.check.receiver import SECRET, Receiver, Refused
from tests.check.server import Answer, Request

from pivotal_sandbox import SignatureError, verify

PREVIOUS = "whsec_ThePreviousSecretThatStillIsGoodForADay00000"
REVOKED = "whsec_TheSecretThatSomebodyPublishedLastWeek000000"


@dataclass(frozen=True)
class Variant:
    """A correct receiver, and what the battery is told about it."""

    make: Callable[[], Receiver]
    options: dict[str, Any]
    reads_chunks: bool


VARIANTS: dict[str, Variant] = {}
R = TypeVar("R", bound=type[Receiver])


def correct(*, reads_chunks: bool = True, **options: Any) -> Callable[[R], R]:
    """Register a correct receiver."""

    def register(made: R) -> R:
        VARIANTS[made.__name__] = Variant(made, options, reads_chunks)
        return made

    return register


@correct()
class Plain(Receiver):
    pass


@correct()
class NoContent(Receiver):
    def done(self) -> Answer:
        return Answer(204)


@correct()
class WorksLater(Receiver):
    """202, and the work 300 ms afterwards"""

    async def work(self, request: Request, event: dict[str, Any]) -> None:
        later = super().work

        async def run() -> None:
            await asyncio.sleep(0.3)  # noqa: TID251
            await later(request, event)

        self.state[event["id"]] = asyncio.create_task(run())

    def done(self) -> Answer:
        return Answer(202)


class OtherRefusal(Receiver):
    refusal = 400

    async def __call__(self, request: Request) -> Answer:
        answer = await super().__call__(request)
        return Answer(self.refusal) if answer.status == 401 else answer


@correct()
class Refuses400(OtherRefusal):
    pass


@correct()
class Refuses403(OtherRefusal):
    refusal = 403


@correct()
class Refuses422(OtherRefusal):
    refusal = 422


@correct()
class Refuses404(OtherRefusal):
    """Who does not know the secret does not learn that there is anything"""

    refusal = 404


@correct(max_skew=60)
class OneMinute(Receiver):
    def fresh(self, t: int) -> bool:
        return abs(time.time() - t) <= 60  # noqa: TID251


@correct()
class HalfAnHour(Receiver):
    def fresh(self, t: int) -> bool:
        return abs(time.time() - t) <= 1800  # noqa: TID251


@correct()
class Duplicate208(Receiver):
    def duplicate(self) -> Answer:
        return Answer(208)


@correct()
class InFlight503(Receiver):
    """What another worker is busy with is answered 503, so that it is sent again"""

    async def process(self, request: Request, event: dict[str, Any]) -> Answer:
        busy = self.state.setdefault("busy", set())
        if event["id"] in busy:
            return Answer(503)
        busy.add(event["id"])
        try:
            await asyncio.sleep(0.05)  # noqa: TID251
            return await super().process(request, event)
        finally:
            busy.discard(event["id"])


@correct()
class InFlight409(InFlight503):
    async def process(self, request: Request, event: dict[str, Any]) -> Answer:
        answer = await super().process(request, event)
        return Answer(409) if answer.status == 503 else answer


@correct(reads_chunks=False)
class NoChunks(Receiver):
    """Django under gunicorn sees an empty body where there is no length"""


@correct()
class Limit100K(Receiver):
    """Express' default"""

    def body(self, request: Request) -> bytes:
        if len(request.body) > 100 * 1024:
            raise Refused(413)
        return request.body


@correct(reads_chunks=False)
class AllOfThese(WorksLater, Limit100K, Duplicate208, Refuses400):
    pass


@correct()
class Lenient(Receiver):
    """Blanks around the parts, parts in any order, signatures without padding"""

    def holds(self, body: bytes, header: str) -> bool:
        version, *parts = (part.strip() for part in header.split(","))
        return super().holds(body, ",".join([version, *reversed(parts)]))

    def same(self, expected: str, given: str) -> bool:
        return super().same(expected.rstrip("="), given.strip().rstrip("="))


@correct()
class Decodes(Receiver):
    """Compares digests, and decodes as leniently as Node does"""

    def same(self, expected: str, given: str) -> bool:
        try:
            return base64.b64decode(given.replace("-", "+").replace("_", "/") + "==") == (
                base64.b64decode(expected)
            )
        except ValueError:
            return False


@correct()
class Strict(Receiver):
    """No byte order mark, nothing but JSON, canonical base64, and closed to other methods"""

    def route(self, request: Request) -> None:
        super().route(request)
        if not (request.get("content-type") or "").startswith("application/json"):
            raise Refused(415)
        if len(request.all("pivotal-signature")) > 1:
            raise Refused

    def parse(self, body: bytes) -> dict[str, Any]:
        if body.startswith(b"\xef\xbb\xbf"):
            raise Refused(400)
        return super().parse(body)


@correct(previous_secret=PREVIOUS, revoked_secret=REVOKED)
class Rotating(Receiver):
    secrets: tuple[str, ...] = (SECRET, PREVIOUS)


@correct()
class Queued(Receiver):
    """A queue, and a worker of its own"""

    def __init__(self) -> None:
        super().__init__()
        self.queue: asyncio.Queue[tuple[Request, dict[str, Any]]] = asyncio.Queue()
        self.worker: asyncio.Task[None] | None = None

    async def work(self, request: Request, event: dict[str, Any]) -> None:
        if self.worker is None:
            self.worker = asyncio.create_task(self.run())
        await self.queue.put((request, event))

    def close(self) -> None:
        if self.worker is not None:
            self.worker.cancel()

    async def run(self) -> None:
        while True:
            request, event = await self.queue.get()
            await asyncio.sleep(0.01)  # noqa: TID251
            await Receiver.work(self, request, event)


@correct()
class Database(Receiver):
    """Claims the id in the transaction of the work"""

    def __init__(self) -> None:
        super().__init__()
        self.db = sqlite3.connect(":memory:", isolation_level=None)
        self.db.execute("CREATE TABLE events (id TEXT PRIMARY KEY)")

    async def process(self, request: Request, event: dict[str, Any]) -> Answer:
        self.db.execute("BEGIN IMMEDIATE")
        claimed = self.db.execute(
            "INSERT INTO events VALUES (?) ON CONFLICT DO NOTHING", (event["id"],)
        ).rowcount
        if claimed and event["data"].get("fault") == "once" and not self.state:
            self.state["failed"] = True
            self.db.execute("ROLLBACK")
            return Answer(500)
        self.db.execute("COMMIT")
        return self.done()

    def close(self) -> None:
        self.db.close()

    def probe(self, id: str) -> int:
        return int(self.db.execute("SELECT count(*) FROM events WHERE id = ?", (id,)).fetchone()[0])


@correct()
class OurOwn(Receiver):
    """Verifies by this package"""

    async def verify(self, request: Request) -> None:
        try:
            verify(request.body, request.get("pivotal-signature"), SECRET)
        except SignatureError:
            raise Refused from None


@correct()
class TakesAnything(Receiver):
    """Acknowledges and keeps whatever is signed, be it JSON or not"""

    def parse(self, body: bytes) -> dict[str, Any]:
        try:
            return super().parse(body)
        except Refused:
            raise Refused(200) from None


@correct()
class EffectOnPingToo(Receiver):
    def type(self, request: Request, event: dict[str, Any]) -> str:
        return "anything"


@correct()
class RefusesSpoof(Receiver):
    """Header and body have to agree"""

    async def process(self, request: Request, event: dict[str, Any]) -> Answer:
        if request.get("pivotal-event") != event["type"]:
            return Answer(400)
        return await super().process(request, event)


@correct()
class Echoes(Receiver):
    """Answers with what it was sent"""

    async def __call__(self, request: Request) -> Answer:
        answer = await super().__call__(request)
        seen = {"got": self.header(request), "status": answer.status}
        return Answer(answer.status, json.dumps(seen).encode())


@correct()
class TenMilliseconds(Receiver):
    async def __call__(self, request: Request) -> Answer:
        await asyncio.sleep(0.01)  # noqa: TID251
        return await super().__call__(request)


@correct()
class OneAtATime(Receiver):
    """A server with one worker"""

    def __init__(self) -> None:
        super().__init__()
        self.lock = asyncio.Lock()

    async def __call__(self, request: Request) -> Answer:
        async with self.lock:
            await asyncio.sleep(0.005)  # noqa: TID251
            return await super().__call__(request)


class VerifiesLater(Receiver):
    """202 to everything; what is forged has no effect"""

    async def __call__(self, request: Request) -> Answer:
        answer = await super().__call__(request)
        return Answer(202) if 400 <= answer.status < 500 else answer
