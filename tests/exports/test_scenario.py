"""What `scenario run` makes of the file is tested in tests/cli/test_sent.py."""

from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.exports.exchanges import captured, sent, strangers

from pivotal_sandbox.domain.catalog_loader import load_catalog
from pivotal_sandbox.exports.exchange import ExportedRequest
from pivotal_sandbox.exports.scenario import scenario_file
from pivotal_sandbox.scenarios.parser import Scenario, parse_scenario
from pivotal_sandbox.scenarios.steps import Advance, Send

CATALOG = load_catalog()


def read(text: str) -> Scenario:
    return parse_scenario(text, "it", CATALOG)


def sends(scenario: Scenario) -> list[Send]:
    return [step.action for step in scenario.steps if isinstance(step.action, Send)]


def test_the_gaps_between_the_requests_are_kept() -> None:
    scenario = read(scenario_file([sent(at=1_000), sent(at=1_000), sent(at=62_500)]))
    assert scenario.start == 1_000
    kinds = [step.kind for step in scenario.steps if step.kind != "expect_answer"]
    assert kinds == ["send", "send", "advance", "send"]
    assert [step.action.by for step in scenario.steps if isinstance(step.action, Advance)] == [
        "1m1s500ms"
    ]


def test_a_bin_answers_as_it_did_after_the_ping() -> None:
    scenario = read(scenario_file([captured(status=503), captured(status=200), captured(bin="b")]))
    assert list(scenario.endpoints) == ["a", "b"]
    assert scenario.endpoints["a"].behaviour == [200, 503, 200]
    assert scenario.endpoints["b"].behaviour == [200]
    assert [send.to for send in sends(scenario)] == ["a", "a", "b"]


def test_each_url_is_an_endpoint() -> None:
    scenario = read(scenario_file([sent(url="http://x/1"), sent(url="http://x/2"), sent()]))
    assert [endpoint.url for endpoint in scenario.endpoints.values()] == [
        "http://x/1",
        "http://x/2",
        "http://h/hook",
    ]
    assert [send.to for send in sends(scenario)] == ["app", "app2", "app3"]


def test_only_what_was_rightly_signed_is_signed_anew() -> None:
    text = scenario_file([sent(signed=True), sent(signed=False)], re_sign=True)
    assert [send.sign for send in sends(read(text))] == [True, None]


def test_json_stands_there_to_be_read() -> None:
    assert """body = '{"a":"Zoë"}'""" in scenario_file([sent(body='{"a":"Zoë"}'.encode())])


def test_what_a_scenario_cannot_send_is_left_out_and_the_story_says_so() -> None:
    odd = [
        captured(method="M-SEARCH"),
        captured(below="/a b"),
        captured(below="/caf\xe9"),
        captured(headers=(("x!", "y"),)),
    ]
    scenario = read(scenario_file(odd))
    assert sends(scenario) == []
    assert len(scenario.steps) == 4
    assert scenario.steps[0].say.endswith(": a scenario cannot send such a method.")


@settings(deadline=None)
@given(st.lists(strangers(), min_size=1, max_size=3))
@example([captured(below="?a=1", body=b"it's \xff")])
@example([captured(body=b"\x7f\"\\\\'\n", headers=(("x", '\x9b"\\'),))])
def test_whatever_strangers_sent_is_read_back_as_it_was(them: list[ExportedRequest]) -> None:
    """Nothing in body, header, path or title gets out of its string."""
    them.sort(key=lambda request: request.at)
    scenario = read(scenario_file(them))
    left_out = [step.say.split()[0] for step in scenario.steps if " is left out: " in step.say]
    kept = [request for request in them if request.id not in left_out]
    assert len(sends(scenario)) == len(kept)
    for request, send in zip(kept, sends(scenario), strict=True):
        assert (send.as_, send.to) == (request.id, request.bin)
        assert (send.method, send.path, send.content()) == (
            request.request.method,
            request.below,
            request.request.body,
        )
        assert send.headers == tuple(pair for pair in request.request.headers if pair[0] != "host")
    assert set(scenario.endpoints) == {request.bin for request in them}
