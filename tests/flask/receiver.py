"""A customer's receiver, with a verification of its own: it shares no line with the sandbox."""

import base64
import hashlib
import hmac
import os
import time

from flask import Flask, request

app = Flask(__name__)
SECRET = os.environ["PIVOTAL_WEBHOOK_SECRET"].encode()


def is_genuine(header: str, body: bytes) -> bool:
    version, *pairs = header.split(",")
    fields = [pair.split("=", 1) for pair in pairs]
    [timestamp] = [value for key, value in fields if key == "t"]
    digest = hmac.new(SECRET, timestamp.encode() + b"." + body, hashlib.sha256).digest()
    expected = base64.b64encode(digest)
    signed = any(
        hmac.compare_digest(expected, value.encode()) for key, value in fields if key == "sig"
    )
    return version == "v1" and signed and abs(time.time() - int(timestamp)) <= 300  # noqa: TID251


@app.post("/webhooks/pivotal")
def pivotal() -> tuple[dict[str, str], int]:
    if not is_genuine(request.headers.get("pivotal-signature", ""), request.get_data()):
        return {}, 401
    event = request.get_json()
    if event["type"] != request.headers["pivotal-event"]:
        return {}, 400
    return {"accepted": event["id"]}, 200
