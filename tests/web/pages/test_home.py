"""Home: the first event, in find click."""

from tests.web.pages.conftest import Look

from pivotal_sandbox.web.server import Running


async def test_it_shows_where_events_go_with_secret_and_commands(
    look: Look, running: Running
) -> None:
    page = await look("/")
    assert running.endpoint.url in page.main
    assert page.find("details", class_="secret").text == f"Reveal{running.endpoint.secret}"
    copied = [b.attributes["data-copy"] for b in page.with_class("copy")]
    assert running.endpoint.secret in copied
    assert f"pivotal-sandbox endpoints update {running.endpoint.id} --url" in page.main
    for title in ("Point it at your handler", "Check your handler", "Test it in pytest"):
        assert title in page.main
    assert [t.text for t in page.all("label") if t.text in ("CLI", "curl", "Python")].count(
        "CLI"
    ) == 3


async def test_the_ping_has_its_result_under_the_button(press: Look, running: Running) -> None:
    page = await press("/ping", endpoint=running.endpoint.id)
    await running.sandbox.dispatcher.settle()
    assert page.answer.url.params["sent"].startswith("msg_")
    [row] = page.with_class("sent")
    assert row.text.startswith("webhook.ping") or "webhook.ping" in row.text


async def test_a_result_says_code_duration_and_verdict(look: Look) -> None:
    page = await look("/")
    assert page.with_class("pill")[0].text == "200"
    assert "Signature valid, 0 s old." in page.main


async def test_without_an_endpoint_it_says_how_to_make_one(look: Look) -> None:
    page = await look("/", mode="live")
    assert "No live endpoint yet" in page.main
    assert (
        "pivotal-sandbox endpoints add http://127.0.0.1:8000/webhooks/pivotal --mode live"
        in page.main
    )
