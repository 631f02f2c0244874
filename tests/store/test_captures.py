"""What was captured, and the bins it came to."""

import pytest
from msgspec.structs import replace
from tests.store.samples import DAY, NOW, a_capture

from pivotal_sandbox.domain.bins import Bin, Step
from pivotal_sandbox.domain.models import Capture, Forwarded, Outcome, Response, Timing
from pivotal_sandbox.errors import NotFound
from pivotal_sandbox.store.captures import CaptureFilter, Captures
from pivotal_sandbox.store.database import Database

FORWARDED = Forwarded(
    "http://127.0.0.1:8000/hooks",
    Outcome(Timing(2.5, 1.0, None, 2.0), Response(204, (("Date", "today"),), b"\x00\xff", True)),
)


async def keep(database: Database, *given: Capture) -> Captures:
    captures = Captures(database)
    for capture in given:
        await captures.put(capture)
    return captures


async def listed(captures: Captures, **wanted: object) -> list[Capture]:
    """Return all that the filter lets through."""
    filter = CaptureFilter(**wanted)  # type: ignore[arg-type]  # as each test names them
    items, cursor = await captures.page(filter, limit=100)
    assert cursor is None
    return items


@pytest.mark.parametrize(
    "capture",
    [
        a_capture(),
        a_capture(peer=None, body=b"", headers=(), query=""),
        a_capture(body=b"\x00\xff", path="/in/demo/%C5%BD\xc5", headers=(("X-Name", "\xff\xe9"),)),
        a_capture(signed=True, verified=True, verdict="Signature valid, 0 s old."),
        a_capture(signed=True, verified=False, reason="no_match", verdict="No."),
        a_capture(status=200, duration_ms=1.25),
        a_capture(status=204, forwarded=FORWARDED),
        a_capture(
            forwarded=Forwarded("http://a.test", Outcome(Timing(1.5), error="dns", detail="?"))
        ),
    ],
)
async def test_a_capture_is_given_back_as_it_came(database: Database, capture: Capture) -> None:
    captures = await keep(database, capture)
    assert repr(await captures.get(capture.id)) == repr(capture)
    assert await listed(captures) == [capture]


async def test_what_became_of_a_capture_takes_its_place(database: Database) -> None:
    capture = a_capture()
    answered = replace(capture, status=503, duration_ms=20.5)
    captures = await keep(database, capture, answered)
    assert await listed(captures) == [answered]


async def test_an_unknown_capture_is_not_found(database: Database) -> None:
    captures = Captures(database)
    with pytest.raises(NotFound, match=r"There is no capture cap_none\."):
        await captures.get("cap_none")
    with pytest.raises(NotFound, match=r"There is no capture cap_none\."):
        await captures.delete("cap_none")


async def test_captures_are_listed_by_bin_verdict_and_time(database: Database) -> None:
    a = a_capture(1, bin="a", verified=True)
    b = a_capture(2, now=NOW + 10, bin="b", verified=False)
    c = a_capture(3, now=NOW + 20, bin="a")
    captures = await keep(database, a, b, c)
    assert await listed(captures) == [c, b, a]
    assert await listed(captures, bin="a") == [c, a]
    assert await listed(captures, verified=True) == [a]
    assert await listed(captures, verified=False) == [b]
    assert await listed(captures, since=NOW + 10) == [c, b]
    assert await listed(captures, until=NOW + 10) == [a]
    assert await listed(captures, since=NOW + 1, until=NOW + 20) == [b]
    assert await listed(captures, bin="a", verified=False) == []


@pytest.mark.parametrize("q", ["below/50%", "tag=a_b", "x-custom", "ž\\u00", "ŽOFIE", "100 %"])
async def test_captures_are_searched_in_path_query_headers_and_body(
    database: Database, q: str
) -> None:
    capture = a_capture(
        1,
        path="/in/demo/below/50%",
        query="tag=a_b",
        headers=(("X-Custom", "1"),),
        body="ž\\u00 ŽOFIE 100 %".encode(),
    )
    others = [
        a_capture(2, path="/in/demo/below/500", query="tag=acb", body=b"zofie 100 x"),
        a_capture(3, body=b"\xff\xfe"),
    ]
    captures = await keep(database, capture, *others)
    assert await listed(captures, q=q) == [capture]
    assert await listed(captures, q=q, bin="other") == []


async def test_one_capture_is_deleted(database: Database) -> None:
    first, second = a_capture(1), a_capture(2)
    captures = await keep(database, first, second)
    await captures.delete(first.id)
    assert await listed(captures) == [second]


async def test_a_bin_is_cleared_or_all_of_them(database: Database) -> None:
    captures = await keep(database, *[a_capture(n, bin="ab"[n % 2]) for n in range(5)])
    assert await captures.clear("") == 0
    assert await captures.clear("a") == 3
    assert {capture.bin for capture in await listed(captures)} == {"b"}
    assert await captures.clear() == 2
    assert await listed(captures) == []
    assert await captures.clear() == 0


async def test_more_is_deleted_than_one_transaction_takes(database: Database) -> None:
    captures = Captures(database)
    for number in range(1001):
        captures.put(a_capture(number, now=NOW + number % 2))
    assert await captures.prune(NOW + 1) == 501
    assert await captures.clear() == 500
    assert await listed(captures) == []


async def test_old_captures_are_pruned(database: Database) -> None:
    old, new = a_capture(1, now=NOW - 1), a_capture(2, now=NOW)
    captures = await keep(database, old, new)
    assert await captures.prune(NOW - DAY) == 0
    assert await captures.prune(NOW) == 1
    assert await listed(captures) == [new]


async def test_a_bin_is_there_again_after_a_restart(database: Database) -> None:
    steps = (Step(503, 1500, (("Retry-After", "5"), ("x-a", "b")), "ne"), Step(hang=True), Step())
    bin = Bin("demo", steps, "http://127.0.0.1:8000", "whsec_a")
    captures = Captures(database)
    assert captures.bin("demo") == Bin("demo")
    await captures.set_bin(bin)
    await captures.set_bin(Bin("other", (Step(reset=True),)))
    assert captures.bin("demo") == bin
    again = Captures(database)
    await again.load()
    assert again.bin("demo") == bin
    assert again.bin("other") == Bin("other", (Step(reset=True),))
    assert again.bin("third") == Bin("third")
