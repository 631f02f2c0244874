"""What the tests of explanations share: a request, and what a MAC made otherwise is called."""

import base64
import hashlib
import hmac
from pathlib import Path

from pivotal_sandbox.explain.explain import Explanation, explain
from pivotal_sandbox.signature import sign

FIXTURES = Path(__file__).parents[2] / "fixtures" / "examples"
EXAMPLE = (FIXTURES / "customer.at_risk.json").read_bytes()

# What breaks the usual serialisers, each in its own way.
DATA = (
    r'{"name":"Zoë","arr":1.0,"share":0.10,"growth":1e3,"url":"https:\/\/a.test/","esc":"\u001B",'
    r'"html":"<b>&\u0027=","line":"'
    "\u2028"
    r'","smile":"😀","big":9007199254740993,"huge":18446744073709551616,"10":1,"2":2,"b":{},"a":[],'
    r'"nested":[{"z":1,"y":null},[],true],"small":1e-7,"zero":-0.0,"list":{"0":"a","1":"b"}}'
)
BODY = (
    '{"id":"evt_1","type":"customer.updated","created_at":"2024-05-24T16:00:00.000Z",'
    f'"data":{DATA}}}\n'
).encode()

SECRET = "whsec_" + "aB3dE6gH9jK2" * 3 + "mN5pQ8s"
T = 1_716_566_400
DELIVERY_ID = "msg_2m3kJ8Hf9aB1cD2eF3gH4iJ5kL"


def digest(
    body: bytes,
    key: bytes = SECRET.encode(),
    before: str = f"{T}.",
    after: str = "",
    name: str = "sha256",
) -> bytes:
    """Return a digest as a receiver makes it, rightly unless told otherwise."""
    return hmac.new(key, before.encode() + body + after.encode(), getattr(hashlib, name)).digest()


def told(made: bytes | str, body: bytes = BODY, secret: str = SECRET) -> Explanation:
    """Return what is said of a MAC that was computed, against the right header."""
    computed = made if isinstance(made, str) else base64.b64encode(made).decode()
    headers = (("Pivotal-Delivery-Id", DELIVERY_ID),)
    return explain(
        body, sign(body, secret, timestamp=T), secret, computed=computed, headers=headers
    )


def named(made: bytes | str, body: bytes = BODY, secret: str = SECRET) -> list[str]:
    """Return the ids of the mistakes in a computed MAC, and of those that make the same."""
    explanation = told(made, body, secret)
    assert explanation.computed is False, explanation
    return [*(mistake.id for mistake in explanation.mistakes), *explanation.alike]
