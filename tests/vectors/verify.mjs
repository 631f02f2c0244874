// Verifies and makes Pivotal's signature with Node alone, independently of the program:
// `node verify.mjs FILE` prints "tcId answer" for each vector of FILE.
import { createHmac, timingSafeEqual } from "node:crypto";
import { readFileSync } from "node:fs";

const mac = (body, secret, t) =>
  createHmac("sha256", secret).update(`${t}.`).update(body).digest("base64");

const same = (one, other) => one.length === other.length && timingSafeEqual(one, other);

function verify(headers, body, secrets, now, tolerance) {
  if (headers.length !== 1) return false;
  const [version, ...pairs] = headers[0].split(",");
  const values = { t: [], sig: [] };
  for (const pair of pairs) {
    const [, key, value] = /^([^=]*)=([^]*)$/.exec(pair) ?? [];
    if (key === undefined) return false;
    if (key === "t" || key === "sig") values[key].push(value);
  }
  const [t, ...more] = values.t;
  if (version !== "v1" || more.length || !/^[0-9]{1,12}$/.test(t)) return false;
  const expected = secrets.filter(Boolean).map((secret) => Buffer.from(mac(body, secret, t)));
  const genuine = values.sig
    .map((sig) => Buffer.from(sig, "latin1"))
    .some((sig) => expected.some((right) => same(sig, right)));
  return genuine && Math.abs(now - Number(t)) <= tolerance;
}

function sign(body, secrets, t) {
  if (!secrets.length || !secrets.every(Boolean) || t < 0 || t >= 1e12) return undefined;
  return [`v1,t=${t}`, ...secrets.map((secret) => `sig=${mac(body, secret, t)}`)].join();
}

function answer(group, vector) {
  const body = Buffer.from(vector.body, "base64");
  if (group.type === "PivotalSign") {
    return sign(body, vector.secrets, vector.timestamp) ?? "invalid";
  }
  const headers = vector.signatureHeaders.map((raw) => Buffer.from(raw, "base64").toString("latin1"));
  const { secrets, now } = vector;
  return verify(headers, body, secrets, now, group.toleranceSeconds) ? "valid" : "invalid";
}

for (const group of JSON.parse(readFileSync(process.argv[2], "utf8")).testGroups) {
  for (const vector of group.tests) {
    let line;
    try {
      line = answer(group, vector);
    } catch {
      line = "EXC";
    }
    console.log(`${vector.tcId} ${line}`);
  }
}
