"""What goes wrong by chance."""

from tests.web.pages.conftest import Look

from pivotal_sandbox.sandbox.sandbox import Sandbox


def spec(sandbox: Sandbox) -> str:
    return sandbox.fault_injector.chaos.spec if sandbox.fault_injector.chaos else ""


async def test_sliders_are_rules(press: Look, sandbox: Sandbox) -> None:
    fields = {
        "rate.5xx": "10",
        "rate.duplicate": "5",
        "rate.timeout": "0",
        "rate.delay": "50",
        "from": "200ms",
        "to": "2s",
    }
    page = await press("/chaos", **fields)
    assert spec(sandbox) == "5xx=10%,duplicate=5%,delay=200ms..2s@50%"
    values = {
        tag.attributes["name"]: tag.attributes["value"] for tag in page.all("input", type="range")
    }
    assert (values["rate.5xx"], values["rate.delay"], values["rate.timeout"]) == ("10.0", "50", "0")
    assert f"pivotal-sandbox chaos set {spec(sandbox)}" in page.main


async def test_a_text_is_rules_too_and_all_of_it_ends(press: Look, sandbox: Sandbox) -> None:
    await press("/chaos", do="spec", spec="timeout=0.5%")
    assert spec(sandbox) == "timeout=0.5%"
    await press("/chaos", do="none")
    assert spec(sandbox) == ""


async def test_what_is_wrong_is_said_and_changes_nothing(press: Look, sandbox: Sandbox) -> None:
    await press("/chaos", do="spec", spec="5xx=10%")
    page = await press("/chaos", code=422, do="spec", spec="5yx=10%")
    assert 'Did you mean "5xx"?' in page.with_class("problem")[0].text
    assert spec(sandbox) == "5xx=10%"


async def test_each_slider_says_what_it_does(look: Look) -> None:
    page = await look("/chaos")
    ids = {tag.attributes.get("id") for tag in page.tags}
    for slider in page.all("input", type="range"):
        assert slider.attributes.get("aria-describedby", slider.attributes["id"]) in ids
    assert page.all("input", name="rate.burst") == []
