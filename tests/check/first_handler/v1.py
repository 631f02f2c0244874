"""First try: it works with every event that was sent from the inspector."""

import base64
import hashlib
import hmac
import json
import os

from flask import Flask, request

app = Flask(__name__)
SECRET = os.environ["PIVOTAL_WEBHOOK_SECRET"].encode()
seen: set[str] = set()
done: list[str] = []


@app.post("/webhooks/pivotal")
def pivotal() -> tuple[str, int]:
    event = request.get_json()
    parts = dict(p.split("=", 1) for p in request.headers["pivotal-signature"].split(",")[1:])
    body = json.dumps(event, separators=(",", ":"), ensure_ascii=False)
    message = f"{parts['t']}.{body}".encode()
    digest = hmac.new(SECRET, message, hashlib.sha256).digest()
    if base64.b64encode(digest).decode() == parts["sig"]:
        delivery = request.headers["pivotal-delivery-id"]
        if delivery not in seen:
            seen.add(delivery)
            done.append(event["id"])
        return "ok", 200
    return "bad signature", 401


@app.get("/done/<id>")
def count(id: str) -> dict[str, int]:
    return {"count": done.count(id)}
