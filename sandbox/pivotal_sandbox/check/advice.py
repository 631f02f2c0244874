"""What to do about a finding: in general, and in the idiom of the receiver's stack."""

from pivotal_sandbox.check.framework_detection import Stack

_COMPARE_PYTHON = "hmac.compare_digest(expected.encode(), given.encode())"
_COMPARE_NODE = (
    "a.length === b.length && crypto.timingSafeEqual(a, b), with a and b as Buffers: it throws "
    "where the lengths differ"
)
_AGE_PYTHON = "Python: abs(time.time() - int(t)) > 300."
_AGE_NODE = "Node: Math.abs(Date.now() / 1000 - Number(t)) > 300."
_ON_CONFLICT = "INSERT INTO events (id) VALUES (?) ON CONFLICT DO NOTHING"

GENERAL: dict[str, str] = {
    "secret": "Check that the receiver has this very secret, all of it, whsec_ included, and that "
    "it signs the decimal t, one dot, then the raw body with HMAC-SHA256, in standard base64.",
    "verify": "Compute the signature of the raw body and refuse with 401, before anything else is "
    "done, whatever does not match; look at the result, and refuse a missing header too.",
    "parse-header": "Read the header so that nothing in it can raise: split at commas, each part "
    "at its first =, take exactly one t of 1 to 12 ASCII digits and at least one sig; refuse "
    "everything else with 401. Compare bytes, as a comparison of text raises on non-ASCII.",
    "compare": "Compare the whole signature, byte for byte, its length included, by the "
    "constant-time function of your language.",
    "crash-header": "Read the header so that nothing in it can raise, and refuse what is wrong "
    "with 401: split at commas, each part at its first =, take exactly one t of 1 to 12 ASCII "
    "digits and at least one sig. Expect it to be missing, empty, too short, or not ASCII.",
    "weak-key": "Refuse to start without a secret, or answer 503 to everything until there is one. "
    "Drop empty entries from a list of secrets.",
    "algorithm": "Accept HMAC-SHA256 and nothing else.",
    "key": "The key is the whole secret as shown, whsec_ included, as UTF-8 bytes: nothing of it "
    "is decoded, and no line end is part of it.",
    "base64": "Compare with the standard base64 of the digest: + and /, with its padding.",
    "version": "Refuse every header that does not begin with exactly v1 and a comma.",
    "message": "Sign t, one dot and the raw body together, with the very t from the header, and "
    "accept no other form.",
    "timestamp": "After the signature matched, refuse where t is more than 300 s from the present, "
    "in either direction: abs(now - t) > 300, both in whole seconds.",
    "one-t": "Refuse a header with more than one t, and use the one t both for the signature and "
    "for the age.",
    "skew": "Allow a clock to be wrong: 300 s in both directions is what Pivotal assumes.",
    "raw-body": "Hash the bytes of the request body as they came in, before anything parses, "
    "decodes or trims them; parse afterwards, and only what was verified.",
    "ping": "Verify first, whatever the headers say; then take the type from the verified body.",
    "header-trust": "Take type and id from the verified body; pivotal-event and "
    "pivotal-delivery-id are not signed and good for logs only.",
    "reject-status": "Answer 401 without detail to whatever does not verify: always the same.",
    "leak": "Answer 401 without detail. What was expected belongs in no answer and no log.",
    "trace": "Switch the debug mode off, and catch what a handler raises: a bare 500 is enough.",
    "crash": "Find the exception in the receiver's own log, and answer 401 or 400 where the input "
    "is to blame; no request may end the process.",
    "shape": "After verifying, expect the parser to fail, check for an object with a text for id "
    "and type, and answer 400 if not (or 200, and keep it for a look): never let it raise.",
    "unknown": "Answer 200 to every event type that you do nothing with, and to webhook.ping.",
    "fields": "Let the schema ignore fields that it does not know.",
    "redirect": "Give Pivotal the final URL: with the right scheme, the right trailing slash, and "
    "outside of what asks for a login.",
    "host": "Most likely it answers to certain host names only: allow the one in the URL, in "
    "Django by ALLOWED_HOSTS, in Starlette by the allowed_hosts of TrustedHostMiddleware.",
    "csrf": "Exempt this one route from CSRF protection: the signature takes its place.",
    "path": "Check path and method: nothing takes a POST at this URL.",
    "limit": "Allow bodies of at least 1 MiB on this route, and hash all of them.",
    "content-type": "Take the body whatever parameters the content type has; the signature says "
    "what it is worth.",
    "chunked": "Let a server or proxy in front buffer the body, or read it until it ends.",
    "slow": "Verify, write the event down, answer 2xx, and do the work afterwards in a worker.",
    "throttle": "Answer 5xx, not 429, while you cannot keep up, or take this route out of the rate "
    "limit: Pivotal retries a 503 and drops a 429. To see the other results run it with --pace 5.",
    "crowd": "Take this route out of rate limits and firewall rules; the signature keeps strangers "
    "out. Queue what does not fit.",
    "header-case": "Look headers up by a function that ignores case.",
    "pieces": "Read the body to its end: Content-Length bytes, or all chunks.",
    "dedupe": "Deduplicate by the id in the verified body, and by nothing else: claim it in a "
    f"table with a unique key ({_ON_CONFLICT}), do the work only if that inserted a row, and "
    "answer 200 either way.",
    "atomic": "Let the database decide who is first: claim the id by an insert into a column with "
    f"a unique key ({_ON_CONFLICT}), in the same transaction as the work.",
    "verify-first": "Write nothing down before the signature is verified.",
    "release": "Claim the id and do the work in one transaction, so that a failure rolls both "
    "back; or give the claim up before answering 5xx.",
    "durable": "Answer 2xx only once the work is done or written down where a crash cannot take "
    "it; a task in memory is lost at every deployment.",
    "forgets": "Keep the effects, and with them the ids that were seen, in a file or a database "
    "rather than in memory: after each restart duplicates are new again. Or, if it is only the "
    "command of --start that begins with an empty one each time, empty it before check runs.",
    "restart": "Let it start again after a crash without help: a lock, a socket or a file with a "
    "process id that is left over must not stop it.",
    "duplicate-status": "Answer 200 to a duplicate: it is what Pivotal wants to hear.",
    "order": "Acknowledge it; if created_at is older than what you have, leave the state as it is.",
    "rotation": "Keep a list of secrets: accept a signature by any of them, compare with every "
    "sig of the header, and drop the old secret when its time is over.",
    "keepalive": "Read the body to its end before refusing, or close the connection.",
    "oversize": "Look at Content-Length first, and answer 413 above your limit.",
    "method": "Route POST only.",
    "probe": "Check that the probe looks where the receiver writes, and counts the event's id; "
    "and that the receiver does its work within 3 s.",
    "no-probe": "Give a probe: --probe-url, --probe-cmd or --probe-file.",
    "no-fault": "While developing, let the handler raise in the middle of its work at the first "
    'attempt of an event whose data.fault is "once".',
    "acted": "Return right after the refusal: it was answered, and then the work went on.",
}

IDIOMS: dict[str, dict[Stack, str]] = {
    "raw-body": {
        "flask": "Flask: request.get_data(), before any request.json or request.form.",
        "django": "Django: request.body, before request.POST is touched.",
        "starlette": "FastAPI, Starlette: await request.body(), and no Pydantic parameter.",
        "aiohttp": "aiohttp: await request.read().",
        "express": "Express: express.raw({type: '*/*', limit: '1mb'}) on the route, mounted before "
        "express.json().",
        "node": "Node: collect the data events, then Buffer.concat(chunks).",
        "php": "PHP: file_get_contents('php://input').",
        "ruby": "Ruby: request.body.read, in Rails request.raw_post.",
        "java": "Java: readAllBytes(), in Spring @RequestBody byte[].",
        "go": "Go: io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20)).",
    },
    "compare": {
        "flask": f"Python: {_COMPARE_PYTHON}.",
        "django": f"Python: {_COMPARE_PYTHON}.",
        "starlette": f"Python: {_COMPARE_PYTHON}.",
        "aiohttp": f"Python: {_COMPARE_PYTHON}.",
        "express": f"Node: {_COMPARE_NODE}.",
        "node": f"Node: {_COMPARE_NODE}.",
        "php": "PHP: hash_equals($expected, $given), with strings on both sides.",
        "ruby": "Ruby: Rack::Utils.secure_compare(expected, given).",
        "java": "Java: MessageDigest.isEqual(expected, given).",
        "go": "Go: hmac.Equal(expected, given).",
    },
    "csrf": {
        "django": "Django: @csrf_exempt on the view.",
        "ruby": "Rails: skip_forgery_protection only: :create.",
        "php": "Laravel: validateCsrfTokens(except: [...]) in bootstrap/app.php.",
    },
    "redirect": {"django": "Django: APPEND_SLASH redirects; write the URL as the route is."},
    "limit": {
        "express": "Express: express.raw({type: '*/*', limit: '1mb'}); the default is 100 kB.",
        "django": "Django: DATA_UPLOAD_MAX_MEMORY_SIZE.",
        "aiohttp": "aiohttp: web.Application(client_max_size=2 * 1024**2).",
        "php": "PHP: post_max_size.",
    },
    "crash": {
        "express": f"Node: {_COMPARE_NODE}.",
        "node": f"Node: {_COMPARE_NODE}.",
        "flask": "Python: hmac.compare_digest raises TypeError on text beyond ASCII: compare "
        "bytes.",
        "starlette": "Python: hmac.compare_digest raises TypeError on text beyond ASCII: compare "
        "bytes.",
        "php": "PHP: hash_equals raises TypeError on null.",
        "go": "Go: an index beyond what strings.Split found panics, and the connection is closed "
        "without an answer: use strings.Cut, and look at its third result.",
    },
    "timestamp": {
        "flask": _AGE_PYTHON,
        "django": _AGE_PYTHON,
        "starlette": _AGE_PYTHON,
        "aiohttp": _AGE_PYTHON,
        "express": _AGE_NODE,
        "node": _AGE_NODE,
        "php": "PHP: abs(time() - (int) $t) > 300.",
        "ruby": "Ruby: (Time.now.to_i - t.to_i).abs > 300.",
        "java": "Java: Math.abs(Instant.now().getEpochSecond() - t) > 300.",
        "go": "Go: time.Since(time.Unix(t, 0)).Abs() > 5*time.Minute.",
    },
    "trace": {
        "flask": "Flask: no --debug and no app.run(debug=True) where others can reach it.",
        "django": "Django: DEBUG = False.",
        "express": "Express: NODE_ENV=production.",
        "php": "PHP: display_errors = Off.",
    },
}
for _topic, _same in (
    ("verify", "compare"),
    ("parse-header", "compare"),
    ("crash-header", "crash"),
):
    IDIOMS[_topic] = IDIOMS[_same]


# Reasons that replace the reason of the check if the answer reveals more.
REASONS: dict[str, str] = {
    "crash": "A 5xx looks like an outage in every monitor, and asks Pivotal to send the same again "
    "for 24 h; in Node, the exception behind it can end the process. Anyone can send such a "
    "request.",
    "acted": "An answer of 401 keeps nobody out who does not read it.",
    "redirect": "Pivotal does not follow redirects: the event is lost, and only a manual replay "
    "brings it back.",
    "csrf": "CSRF protection guards forms in browsers; Pivotal has no token to send, so every "
    "event is lost.",
    "path": "Pivotal does not retry a 404 or 405: every event to this URL is lost.",
    "throttle": "Pivotal does not retry a 429: what is turned away is lost.",
    "forgets": "A deployment is enough: what is only in memory by then is gone, and Pivotal does "
    "not send again what it was answered 2xx to.",
    "restart": "Whatever supervises it starts it anew after a crash; until somebody helps, each "
    "event is a failed attempt.",
    "durable": "Once you have answered 2xx, Pivotal never sends the event again.",
    "duplicate-status": "A duplicate is nothing wrong: a 4xx fills the log with failures that are "
    "none, a 5xx has it sent again for 24 h.",
    "probe": "Without a probe that sees the first accepted event, nothing can be said about "
    "effects.",
}

REASONS["crash-header"] = REASONS["crash"]


def advise(topic: str, stack: Stack) -> str:
    """Return the advice for a topic, with the idiom of the stack if there is one."""
    idiom = IDIOMS.get(topic, {}).get(stack)
    return f"{GENERAL[topic]} {idiom}" if idiom else GENERAL[topic]
