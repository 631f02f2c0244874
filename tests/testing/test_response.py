"""An answer as tests see it."""

from pivotal_sandbox.testing.models import Headers, Response


def test_a_response_shows_its_text_and_json() -> None:
    response = Response(200, Headers(()), b'{"ok":true}')
    assert response.text == '{"ok":true}'
    assert response.json() == {"ok": True}
