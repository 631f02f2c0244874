"""One captured request; and two hundred from somebody who means harm."""

import json
from collections import Counter

import httpx
import pytest
from tests.web.pages.conftest import Look, Page

from pivotal_sandbox.sandbox.sandbox import Sandbox

SCRIPTS = [
    "<script>alert(1)</script>",
    "</pre></main></body><script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "<svg/onload=alert(1)>",
    "<iframe srcdoc='<script>alert(1)</script>'>",
    "javascript:alert(1)",
    "{{ 7*7 }}{% raw %}",
    "</textarea><script>alert(1)</script>",
    "</title><script>alert(1)</script>",
    "--></style><style>body{display:none}</style>",
    "<base href=//evil.example>",
    "<meta http-equiv=refresh content=0;url=//evil.example>",
    "<form action=//evil.example><button>",
    "&lt;script&gt;&#60;",
    "\u202egnp.exe\u2066\u2069",
    "Z\u0335\u0322a\u0334\u0321l\u0336g\u0338o" * 40,
    "\u200b\ufeff\u2028\u2029",
    "x" * 5000,
    "\ud83d".encode("utf-8", "surrogatepass").decode("latin-1"),
]
PLACES = (
    "body",
    "header",
    "query",
    "path",
    "name",
    "filename",
    "json",
    "type",
    "delivery",
    "event",
)


def attack(place: str, text: str) -> dict[str, object]:
    """Return a request that carries the text at the place."""
    raw = text.encode("utf-8", "surrogatepass")
    header = raw.replace(b"\n", b"").replace(b"\r", b"")[:4000]
    match place:
        case "body":
            return {"content": raw}
        case "json":
            return {
                "content": json.dumps({text: [text, {text: text}]}).encode(
                    "utf-8", "backslashreplace"
                )
            }
        case "query":
            return {"params": {"q": raw[:2000], "token": raw[:50]}}
        case "path":
            return {"path": "/" + "".join(f"%{byte:02x}" for byte in raw[:1000])}
        case "name":
            return {"headers": {b"x-" + b"".join(b"%02x" % byte for byte in raw[:40]): header}}
        case "filename":
            return {"files": {"file": (text.encode("utf-8", "replace").decode(), raw, "text/html")}}
        case "type":
            return {"content": raw, "headers": {b"content-type": header}}
        case "delivery":
            return {"headers": {b"pivotal-delivery-id": b"msg_" + header}}
        case "event":
            return {"headers": {b"pivotal-event": header, b"pivotal-signature": header}}
    return {"headers": {b"x-evil": header}}


async def posted(client: httpx.AsyncClient, place: str, text: str) -> None:
    more = attack(place, text)
    path = f"/in/evil{more.pop('path', '')}"
    answer = await client.post(path, **more)  # type: ignore[arg-type]
    assert answer.status_code == 200


def is_harmless(page: Page) -> bool:
    """Say whether a page is made of nothing but ours."""
    names = {tag.name for tag in page.tags}
    ours = {tag.attributes.get("src", "") for tag in page.all("script")}
    return (
        not names & {"iframe", "style", "base", "object", "embed", "img", "image"}
        and all(src.startswith("/static/") for src in ours)
        and len(page.all("script")) == 2
        and not any(
            name.startswith("on") or name == "style" for tag in page.tags for name in tag.attributes
        )
        and all(
            not value.lower().startswith("javascript:")
            for tag in page.tags
            for name, value in tag.attributes.items()
            if name in ("href", "src", "action")
        )
        and not set("\u202e\u2066\u200b\u2028\x00") & set(page.main)
        and {tag.name for tag in page.all("meta")} == {"meta"}
        and len(page.all("meta")) == 3
        and len(page.all("title")) == 1
    )


@pytest.mark.parametrize("place", PLACES)
async def test_two_hundred_hostile_requests_are_shown_as_text(
    client: httpx.AsyncClient, look: Look, place: str
) -> None:
    await client.post("/in/evil", content=b"harmless")
    plain = (await look("/captures", bin="evil")).all("tr")
    for text in SCRIPTS:
        await posted(client, place, text)
    page = await look("/captures", bin="evil")
    assert is_harmless(page)
    assert len(page.all("tr")) == len(plain) + len(SCRIPTS)
    per_row = Counter(tag.name for tag in page.tags)
    assert per_row["td"] == 6 * (len(SCRIPTS) + 1)
    links = [a.attributes["href"] for a in page.all("a") if "open=cap_" in a.attributes["href"]]
    for link in links:
        opened = await look(link)
        assert is_harmless(opened), link
        assert opened.find("section", aria_label="Capture").text


async def test_what_came_is_shown_in_four_ways(look: Look, client: httpx.AsyncClient) -> None:
    headers = {"X-Case-Kept": "yes"}
    await client.post("/in/evil/a?b=%20c", content=b'{"a":1}', headers=headers)
    [link] = [
        a for a in (await look("/captures", bin="evil")).all("a") if "open=" in a.attributes["href"]
    ]
    text = (await look(link.attributes["href"])).find("section", aria_label="Capture").text
    assert "POST /in/evil/a?b=%20c HTTP/1.1" in text
    assert "X-Case-Kept: yes" in text
    assert '"a": 1' in text
    assert "000000 7b 22 61 22 3a 31 7d" in text


async def test_ten_megabytes_are_cut_on_the_page_and_whole_in_the_file(
    client: httpx.AsyncClient, sandbox: Sandbox
) -> None:
    body = b"<script>alert(1)</script>" * (10 * 1024 * 1024 // 25)
    assert (await client.post("/in/evil", content=body)).status_code == 200
    [capture] = (await client.get("/api/captures", params={"bin": "evil"})).json()["items"]
    page = Page(await client.get(f"/captures/{capture['id']}"))
    assert is_harmless(page)
    assert len(page.answer.content) < 400_000
    assert "The first 64.0 KiB of 10.0 MiB. Download all" in page.main
    answer = await client.get(f"/captures/{capture['id']}/body")
    assert answer.content == body
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["content-security-policy"] == "sandbox; default-src 'none'"


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 200_000,
        b'{"a":' * 20_000,
        b"\xff\xfe\x00" * 9999,
        b"\x00" * 99,
        b'"' + b"\\u0000" * 999 + b'"',
    ],
)
async def test_what_is_deep_or_no_text_is_shown(client: httpx.AsyncClient, body: bytes) -> None:
    await client.post("/in/evil", content=body)
    [capture] = (await client.get("/api/captures", params={"bin": "evil"})).json()["items"]
    page = Page(await client.get(f"/captures/{capture['id']}"))
    assert page.answer.status_code == 200
    assert is_harmless(page)


async def test_what_was_passed_on_shows_both_sides(
    client: httpx.AsyncClient, sandbox: Sandbox, look: Look
) -> None:
    await client.put("/api/bins/far", json={"behaviour": [{"status": 201, "body": "made"}]})
    await client.put("/api/bins/near", json={"forward_to": f"{sandbox.base_url}/in/far"})
    await client.post("/in/near", content=b"x")
    [capture] = (await client.get("/api/captures", params={"bin": "near"})).json()["items"]
    page = await look(f"/captures/{capture['id']}")
    assert "made" in page.find("section", aria_label="Passed on").text
    assert (await client.get(f"/captures/{capture['id']}/body?side=response")).content == b"made"
    [far] = (await client.get("/api/captures", params={"bin": "far"})).json()["items"]
    assert (await client.get(f"/captures/{far['id']}/body?side=response")).status_code == 404


async def test_what_nobody_took_says_so(client: httpx.AsyncClient, look: Look) -> None:
    await client.put("/api/bins/near", json={"forward_to": "http://127.0.0.1:1/"})
    await client.post("/in/near", content=b"x")
    [capture] = (await client.get("/api/captures", params={"bin": "near"})).json()["items"]
    page = await look(f"/captures/{capture['id']}")
    assert "Refused" in page.with_class("problem")[0].text


async def test_two_are_compared(client: httpx.AsyncClient, look: Look) -> None:
    for body in (b'{"a":1}', b'{"a":2}'):
        await client.post("/in/evil", content=body)
    new, old = (await client.get("/api/captures", params={"bin": "evil"})).json()["items"]
    page = await look("/captures", open=new["id"], diff=old["id"])
    assert '-   "a": 1' in "".join(page.with_class("gone")[0].texts)
    same = await look(f"/captures/{new['id']}", diff=new["id"])
    assert "The same to the byte." in same.main


async def test_a_wrong_mac_is_explained(look: Look) -> None:
    [box] = (await look("/captures")).all("input", name="id")
    page = await look(f"/captures/{box.attributes['value']}", computed="bm9uc2Vuc2U=")
    assert "What was computed is no MAC" in page.with_class("answer")[0].text
