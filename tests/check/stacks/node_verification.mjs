// A customer's own verification, and where it keeps its events.
import { createHmac, timingSafeEqual } from "node:crypto";

const secret = process.env.PIVOTAL_WEBHOOK_SECRET;
const tolerance = 300;
const events = new Map();

export function isGenuine(header, body) {
  const [version, ...parts] = (header ?? "").split(",");
  const pairs = parts.map((part) => {
    const at = part.indexOf("=");
    return at < 0 ? [part, ""] : [part.slice(0, at), part.slice(at + 1)];
  });
  const times = pairs.filter(([key]) => key === "t").map(([, value]) => value);
  if (version !== "v1" || times.length !== 1 || !/^[0-9]{1,12}$/.test(times[0])) return false;
  const digest = createHmac("sha256", secret).update(`${times[0]}.`).update(body).digest("base64");
  const expected = Buffer.from(digest);
  const signed = pairs.some(([key, value]) => {
    const given = Buffer.from(value);
    return key === "sig" && given.length === expected.length && timingSafeEqual(given, expected);
  });
  return signed && Math.abs(Date.now() / 1000 - Number(times[0])) <= tolerance;
}

export function take(body) {
  let event;
  try {
    event = JSON.parse(body.toString("utf8"));
  } catch {
    return 400;
  }
  if (typeof event?.id !== "string" || typeof event?.type !== "string") return 400;
  if (!events.has(event.id)) events.set(event.id, event.type);
  return 200;
}

export const count = (id) => (events.has(id) ? 1 : 0);
