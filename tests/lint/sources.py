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
    "express.js": r"""
const crypto = require('crypto');
const express = require('express');
const secret = process.env.PIVOTAL_WEBHOOK_SECRET || '';
if (!secret) throw new Error(`it's unset`);
const app = express();
// if (signature === expected) would leak
app.post('/hook', express.raw({ type: '*/*' }), (req, res) => {
  const header = req.get('pivotal-signature');
  if (typeof header !== 'string') return res.sendStatus(401);
  const fields = header.split(',').map((part) => [part.slice(0, part.indexOf('=')), part]);
  const t = /t=([0-9]{1,12})"'/.exec(header);
  const sig = fields.find(([key]) => key === 'sig');
  if (Math.abs(Date.now() / 1000 - Number(t)) > 300) return res.sendStatus(401);
  const expected = crypto.createHmac('sha256', secret).update(`${t}.`).update(req.body).digest();
  const signature = Buffer.from(sig, 'base64');
  if (signature.length !== expected.length || !crypto.timingSafeEqual(signature, expected)) {
    console.warn('bad signature', header.length, !!secret);
    return res.status(401).end();
  }
  const event = JSON.parse(req.body.toString());
  queue.push(JSON.stringify(event));
  res.sendStatus(200);
});
""",
    "next.ts": """
import { createHmac, timingSafeEqual } from "node:crypto";

export async function POST(req: Request): Promise<Response> {
  const body: Buffer = Buffer.from(await req.arrayBuffer());
  const signature: string | null = req.headers.get("pivotal-signature");
  if (signature === null || signature === "") return new Response(null, { status: 401 });
  const now = Date.now() / 1000;
  const expected: Buffer = createHmac("sha256", process.env.SECRET!).update(body).digest();
  const given = Buffer.from(signature, "base64");
  const same = given.byteLength === expected.byteLength && timingSafeEqual(given, expected);
  return new Response(null, { status: same ? 200 : 401 });
}
""",
    "main.go": """
package main

func verify(body []byte, header string, secret []byte, now int64) bool {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(t + "."))
	mac.Write(body)
	expected := mac.Sum(nil)
	signature, err := base64.StdEncoding.DecodeString(sig)
	if err != nil || len(signature) != len(expected) {
		return false
	}
	if subtle.ConstantTimeCompare(signature, expected) != 1 { // bytes.Equal(signature, expected)
		return false
	}
	return hmac.Equal(signature, expected) == true
}

func hook(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
	if !verify(body, r.Header.Get("Pivotal-Signature"), secret, time.Now().Unix()) {
		log.Printf("refused %s %d", `it's "raw"`, len(secret))
		w.WriteHeader(401)
		return
	}
	var event Event
	if err := json.Unmarshal(body, &event); err != nil {
		return
	}
	line, err := json.Marshal(event)
	queue.Write(line)
}
""",
    "hook.php": r"""
<html>it's text, and $signature == $expected is no code</html>
<?php
# $signature == $expected
$secret = getenv('PIVOTAL_WEBHOOK_SECRET') ?: '';
if (empty($secret)) { http_response_code(503); exit; }
$body = file_get_contents('php://input');
$header = $_SERVER['HTTP_PIVOTAL_SIGNATURE'] ?? '';
$help = <<<TEXT
  if ($signature == $expected) isn't code
  TEXT;
if ($signature === null || abs(time() - (int) $t) > 300) { http_response_code(401); exit; }
$expected = base64_encode(hash_hmac('sha256', "$t.$body", $secret, true));
if (strlen($expected) !== strlen($signature) || !hash_equals($expected, $signature)) {
    error_log('bad signature, length ' . strlen($secret));
    http_response_code(401);
    exit;
}
$event = json_decode($body, true);
$queue->push(json_encode($event));
""",
    "app.rb": r"""
require "sinatra"
=begin
signature == expected
=end
SECRET = ENV.fetch("PIVOTAL_WEBHOOK_SECRET")
post "/hook" do
  body = request.body.read # it's raw
  signature = request.env["HTTP_PIVOTAL_SIGNATURE"]
  halt 401 if signature.nil? || signature == ""
  halt 401 if (Time.now.to_i - t.to_i).abs > 300
  expected = Base64.strict_encode64(OpenSSL::HMAC.digest("SHA256", SECRET, "#{t}.#{body}"))
  halt 401 unless signature.length == expected.length
  halt 401 unless Rack::Utils.secure_compare(expected, signature)
  sql = <<~SQL
    select "it's" where signature == expected
  SQL
  event = JSON.parse(body)
  queue << event.to_json
  logger.info "taken #{event["id"]} #{SECRET.length}"
  200
end
""",
    "Hook.java": """
class Hook {
  @PostMapping("/hook")
  ResponseEntity<Void> hook(
      @RequestBody byte[] body, @RequestHeader("pivotal-signature") String header) {
    Mac mac = Mac.getInstance("HmacSHA256");
    mac.init(new SecretKeySpec(secret, "HmacSHA256"));
    mac.update((t + ".").getBytes());
    byte[] expected = mac.doFinal(body);
    byte[] signature = Base64.getDecoder().decode(sig);
    if (signature == null || signature.length != expected.length) return refused();
    if (Math.abs(Instant.now().getEpochSecond() - t) > 300) return refused();
    if (!MessageDigest.isEqual(expected, signature)) { // expected.equals(signature)
      log.warn("bad signature");
      return refused();
    }
    Event event = mapper.readValue(body, Event.class);
    if ("sig".equals(key) && event.getType().equals("signature.made")) {
      queue.add(mapper.writeValueAsString(event));
    }
    return ok();
  }
}
""",
    "Hook.kt": """
fun verify(body: ByteArray, signature: ByteArray?, secret: ByteArray, now: Long): Boolean {
    val mac = Mac.getInstance("HmacSHA256")
    mac.init(SecretKeySpec(secret, "HmacSHA256"))
    val expected = mac.doFinal(body)
    if (signature == null || signature.size != expected.size) return false
    return MessageDigest.isEqual(expected, signature)
}
""",
    "Hook.cs": """
app.MapPost("/hook", async (HttpContext ctx) => {
    var expected = HMACSHA256.HashData(secret, body);
    var signature = Convert.FromBase64String(sig);
    if (signature.Length != expected.Length) return Results.Unauthorized();
    if (Math.Abs(DateTimeOffset.UtcNow.ToUnixTimeSeconds() - t) > 300) return Refused();
    if (!CryptographicOperations.FixedTimeEquals(expected, signature)) return Refused();
    var ev = JsonSerializer.Deserialize<Event>(body);
    queue.Add(JsonSerializer.Serialize(ev));
    return Results.Ok();
});
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
    "express.js": r"""
const secret = process.env.WEBHOOK_SECRET || '';  // <- default-secret
app.use(express.json());
app.post('/hook', (req, res) => {
  const signature = req.headers['pivotal-signature'];
  const expected = crypto
    .createHmac('sha256', secret)
    .update(`${t}.${JSON.stringify(req.body)}`)  // <- reserialized-body
    .digest('base64');  // <- no-timestamp-check
  console.log(`expected ${expected}, got ${signature}`);  // <- secret-logged
  if (signature !== expected) {  // <- constant-time
    return res.sendStatus(401);
  }
  console.error('secret', config.secret);  // <- secret-logged
});
""",
    "verify.ts": """
import { createHmac } from "crypto"
export function verifyWebhook(payload: unknown, header: string, now: number): boolean {
  const body = JSON.stringify(payload)  // <- reserialized-body
  const mac = createHmac("sha256", key)
  mac.update(body)
  const expected: string = mac.digest("hex")
  return header === expected  // <- constant-time
}
""",
    "main.go": """
package main

func hook(c *gin.Context) {
	var event Event
	c.ShouldBindJSON(&event)
	body, err := json.Marshal(event) // <- reserialized-body
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	expected := base64.StdEncoding.EncodeToString(mac.Sum(nil)) // <- no-timestamp-check
	if c.GetHeader("pivotal-signature") == expected { // <- constant-time
		return
	}
	log.Printf("expected %s", expected) // <- secret-logged
	if !bytes.Equal(mac.Sum(nil), signature) { // <- constant-time
		c.Status(401)
	}
}
""",
    "hook.php": r"""
<?php
$secret = $_ENV['PIVOTAL_SECRET'] ?? '';  // <- default-secret
$data = json_decode(file_get_contents('php://input'), true);
$signature = $_SERVER['HTTP_PIVOTAL_SIGNATURE'];
$now = time();
$expected = hash_hmac('sha256', $t . '.' . json_encode($data), $secret);  // <- reserialized-body
if ($signature == $expected) {  // <- constant-time
    http_response_code(200);
}
if (strcmp($expected, $signature) !== 0) {  // <- constant-time
    error_log('wanted ' . $expected);  // <- secret-logged
}
""",
    "app.rb": r"""
SECRET = ENV["PIVOTAL_SECRET"] || ""  # <- default-secret
post "/hook" do
  data = JSON.parse(request.body.read)
  text = "#{t}.#{data.to_json}"  # <- reserialized-body
  expected = OpenSSL::HMAC.hexdigest("SHA256", SECRET, text)
  halt 401 unless request.env["HTTP_PIVOTAL_SIGNATURE"] == expected  # <- constant-time
  puts "took #{Time.now}: #{expected}"  # calls without parentheses are not read
  logger.info("secret #{@secret}")  # <- secret-logged
end
""",
    "Hook.java": """
class Hook {
  ResponseEntity<Void> hook(
      @RequestBody Event event, @RequestHeader("pivotal-signature") String signature) {
    String secret = System.getenv().getOrDefault("PIVOTAL_SECRET", ""); // <- default-secret
    Mac mac = Mac.getInstance("HmacSHA256");
    byte[] body = mapper.writeValueAsBytes(event); // <- reserialized-body
    byte[] raw = mac.doFinal(body); // <- no-timestamp-check
    String expected = Base64.getEncoder().encodeToString(raw);
    if (!expected.equals(signature)) { // <- constant-time
      log.warn("secret: " + this.secret); // <- secret-logged
      return refused();
    }
    return Arrays.equals(raw, given) ? ok() : refused(); // <- constant-time
  }
}
""",
    "Hook.kt": """
fun verify(body: String, signature: String, now: Long): Boolean {
    val event = Json.decodeFromString<Event>(body)
    val mac = Mac.getInstance("HmacSHA256")
    val text = Json.encodeToString(event) // <- reserialized-body
    val expected = mac.doFinal(text.toByteArray()).toHex()
    return expected == signature // <- constant-time
}
""",
    "Hook.cs": """
var secret = Environment.GetEnvironmentVariable("PIVOTAL_SECRET") ?? "dev"; // <- default-secret
var ev = JsonSerializer.Deserialize<Event>(body);
var hash = HMACSHA256.HashData(
    key, Encoding.UTF8.GetBytes(JsonSerializer.Serialize(ev))); // <- reserialized-body
var expected = Convert.ToBase64String(hash);
if (expected != header || hash.SequenceEqual(given)) { // <- constant-time constant-time
    return Results.Unauthorized();
}
""",
}
