// A customer's receiver, with a verification of its own: it shares no line with the sandbox.
import { createHmac, timingSafeEqual } from "node:crypto";
import express from "express";

const secret = process.env.PIVOTAL_WEBHOOK_SECRET;

function isGenuine(header, body) {
  const [version, ...pairs] = header.split(",");
  const fields = pairs.map((pair) => {
    const at = pair.indexOf("=");
    return [pair.slice(0, at), pair.slice(at + 1)];
  });
  const t = fields.find(([key]) => key === "t")?.[1] ?? "";
  const expected = createHmac("sha256", secret).update(`${t}.`).update(body).digest();
  const signed = fields.some(([key, value]) => {
    const given = Buffer.from(value, "base64");
    return key === "sig" && given.length === expected.length && timingSafeEqual(given, expected);
  });
  return version === "v1" && signed && Math.abs(Date.now() / 1000 - Number(t)) <= 300;
}

const app = express();
app.post("/webhooks/pivotal", express.raw({ type: "*/*" }), (request, response) => {
  if (!isGenuine(request.get("pivotal-signature") ?? "", request.body)) {
    return response.status(401).json({});
  }
  const event = JSON.parse(request.body);
  if (event.type !== request.get("pivotal-event")) return response.status(400).json({});
  response.json({ accepted: event.id });
});
const server = app.listen(0, "127.0.0.1", () => {
  console.log(`http://127.0.0.1:${server.address().port}`);
});
