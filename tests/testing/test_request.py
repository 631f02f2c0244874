"""A request as tests see it."""

from pivotal_sandbox.testing.models import Headers, Request


def test_a_request_shows_its_event_text_and_json() -> None:
    headers = Headers((("Pivotal-Event", "task.created"),))
    request = Request("POST", "http://a.test/", headers, '{"name":"Ærø"}'.encode())
    assert request.event == "task.created"
    assert request.text == '{"name":"Ærø"}'
    assert request.json() == {"name": "Ærø"}


def test_bytes_that_are_no_text_can_be_read_all_the_same() -> None:
    request = Request("POST", "http://a.test/", Headers(()), b"\xff")
    assert request.text == "\ufffd"
    assert request.event is None
