"""A body as a file."""

from pivotal_sandbox.web.pages.export import download


def test_it_is_saved_as_it_is_and_never_run() -> None:
    answer = download(b"<script>\xff", "cap_1")
    assert bytes(answer.body) == b"<script>\xff"
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="cap_1.txt"'
    assert answer.headers["content-security-policy"] == "sandbox; default-src 'none'"
    assert answer.headers["x-content-type-options"] == "nosniff"
