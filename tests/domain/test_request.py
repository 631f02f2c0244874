"""A delivery as it begins, and the request that it puts on the wire."""

import pytest

from pivotal_sandbox.domain.models import Delivery, Endpoint
from pivotal_sandbox.domain.request import build_request, new_delivery
from pivotal_sandbox.errors import InputError, SignatureError
from pivotal_sandbox.signature import verify

BODY = '{"id":"evt_a","type":"customer.at_risk","data":{"name":"Žofie"}}'.encode()
ENDPOINT = Endpoint(
    id="ep_a", url="http://127.0.0.1:8000/hooks", mode="live", secret="whsec_a", created_at=1
)


@pytest.mark.parametrize("replay_of", [None, "msg_before"])
def test_a_new_delivery_is_pending_and_due_at_once(replay_of: str | None) -> None:
    assert new_delivery("msg_a", "evt_a", "task.overdue", ENDPOINT, 77, replay_of) == Delivery(
        id="msg_a",
        event_id="evt_a",
        event_type="task.overdue",
        endpoint_id="ep_a",
        mode="live",
        url="http://127.0.0.1:8000/hooks",
        created_at=77,
        status="pending",
        attempt_count=0,
        next_attempt_at=77,
        replay_of=replay_of,
    )


def test_a_request_has_these_headers_in_this_order_and_no_other() -> None:
    request = build_request(
        "msg_a",
        "customer.at_risk",
        BODY,
        url="http://127.0.0.1:8000/hooks?a=b",
        secrets=["whsec_a"],
        timestamp=1_716_566_400,
    )
    headers = dict(request.headers)
    signature = headers.pop("pivotal-signature")
    assert (request.method, request.url) == ("POST", "http://127.0.0.1:8000/hooks?a=b")
    assert request.body is BODY
    assert headers == {
        "host": "127.0.0.1:8000",
        "content-type": "application/json",
        "pivotal-event": "customer.at_risk",
        "pivotal-delivery-id": "msg_a",
        "user-agent": "Pivotal-Webhooks/1.0 (sandbox)",
        "accept": "*/*",
        "content-length": str(len(BODY)),
    }
    assert [name for name, _ in request.headers] == [
        *("host", "content-type", "pivotal-event", "pivotal-delivery-id", "pivotal-signature"),
        *("user-agent", "accept", "content-length"),
    ]
    assert signature.startswith("v1,t=1716566400,sig=")
    verify(BODY, signature, "whsec_a", now=1_716_566_400)


def test_while_a_secret_is_rotated_both_sign() -> None:
    request = build_request(
        "m", "t", BODY, url="http://a.test", secrets=["whsec_new", "whsec_old"], timestamp=5
    )
    signature = dict(request.headers)["pivotal-signature"]
    assert signature.count("sig=") == 2
    for secret in ("whsec_new", "whsec_old"):
        verify(BODY, signature, secret, now=5)
    with pytest.raises(SignatureError):
        verify(BODY, signature, "whsec_other", now=5)


def test_the_host_header_leaves_out_the_default_port() -> None:
    request = build_request("m", "t", b"", url="https://a.test:443/", secrets=["s"], timestamp=5)
    assert request.headers[0] == ("host", "a.test")


def test_nothing_is_planned_for_a_url_that_cannot_be_sent_to() -> None:
    with pytest.raises(InputError, match="http or https"):
        build_request("m", "t", b"", url="ftp://a.test", secrets=["s"], timestamp=5)
