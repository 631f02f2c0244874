"""Handlers in the idiom of their languages: correct ones, and broken ones with the lines marked.

A line of a broken source that is to be found ends in `<- rule`, behind a comment of its language.
"""

CORRECT = {
    "flask.py": """
import base64, hashlib, hmac, json, os, time
from flask import Flask, abort, request

SECRET = os.environ.get("PIVOTAL_WEBHOOK_SECRET", "")
app = Flask(__name__)

def verify(body, header, secret, now):
    t, signatures = None, []
    for part in header.split(",")[1:]:
        key, _, value = part.partition("=")
        if key == "t":
            t = value
        elif key == "sig":
            signatures.append(value)
    if len(signatures) == 0 or t is None or abs(now - int(t)) > 300:
        return False
    expected = base64.b64encode(hmac.new(secret, t.encode() + b"." + body, "sha256").digest())
    return any(hmac.compare_digest(expected, one.encode()) for one in signatures)

@app.post("/hook")
def hook():
    if not SECRET:
        abort(503)
    signature = request.headers.get("pivotal-signature")
    if signature is None or signature == "":
        app.logger.info("refused %s", request.headers.get("pivotal-delivery-id"))
        abort(401)
    if verify(request.get_data(), signature, SECRET.encode(), time.time()) != True:
        abort(401)
    event = json.loads(request.get_data())
    store(event["id"], json.dumps(event))
    print("secret is set:", bool(SECRET), len(SECRET))
    return "", 200
""",
    "sender.py": """
import hmac, json

def test_a_signed_event_is_accepted(client):
    body = json.dumps({"id": "evt_1"}).encode()
    header = hmac.new(b"s", body, "sha256").hexdigest()
    assert client.post("/hook", data=body, headers={"x-signature": header}).status_code == 200
""",
    "signature.py": """
import inspect

def same(a, b):
    return inspect.signature(a) == inspect.signature(b)
""",
}

BROKEN = {
    "newcomer.py": """
import hmac, json, os, time
SECRET = os.environ.get("PIVOTAL_WEBHOOK_SECRET", "")  # <- default-secret

@app.post("/hook")
def hook():
    payload = request.get_json()
    body = json.dumps(payload)  # <- reserialized-body
    header = request.headers["pivotal-signature"]
    t, sig = header.split(",")[1][2:], header.split("sig=")[1]
    now = time.time()
    raw = hmac.new(SECRET.encode(), f"{t}.{body}".encode(), "sha256").digest()
    expected = base64.b64encode(raw)
    if expected.decode() == sig:  # <- constant-time
        return "", 200
    print("wanted", expected)  # <- secret-logged
    return "", 401
""",
    "fastapi_.py": """
import hmac, json, logging
logger = logging.getLogger(__name__)
secret = os.getenv("WEBHOOK_SECRET") or "changeme"  # <- default-secret

@router.post("/hook")
async def hook(event: dict, pivotal_signature: str = Header()):
    mac = hmac.new(secret, digestmod="sha256")  # <- no-timestamp-check
    mac.update(json.dumps(event, separators=(",", ":")).encode())  # <- reserialized-body
    if mac.hexdigest() != pivotal_signature:  # <- constant-time
        logger.warning(f"{secret} does not fit pivotal-signature")  # <- secret-logged
    if mac.hexdigest() not in seen:  # <- constant-time
        raise HTTPException(401)
""",
    "helper.py": """
import hmac, json

def verify_webhook(payload, signature):
    expected = compute_signature(json.dumps(payload))  # <- reserialized-body
    return signature == expected  # <- constant-time

def sign(body):
    return hmac.new(KEY, body, "sha256").hexdigest()
""",
}
