// Reads bodies in base64, one a line; prints what JavaScript makes of each, as form and base64.
const forms = {
  "json-node": (v) => JSON.stringify(v),
  "json-node-indent": (v) => JSON.stringify(v, null, 2),
  "text-js-object": (v) => `${v}`,
  "text-node-buffer": (_, raw) => JSON.stringify(raw),
  "text-byte-list": (_, raw) => `${new Uint8Array(raw)}`,
  "json-string": (_, raw) => JSON.stringify(raw.toString()),
  "bom-removed": (_, raw) => new TextDecoder().decode(raw),
  "replacement": (_, raw) => raw.toString("utf8"),
  "latin-1-bytes": (_, raw) => Buffer.from(raw.toString("utf8"), "latin1"),
  "mojibake": (_, raw) => raw.toString("latin1"),
  "utf-16": (_, raw) => Buffer.from(raw.toString("utf8"), "utf16le"),
};
const lines = require("fs").readFileSync(0, "utf8").trim().split("\n");
lines.forEach((line, index) => {
  const raw = Buffer.from(line, "base64");
  let value;
  try {
    value = JSON.parse(raw.toString("utf8"));
  } catch {
    return;
  }
  for (const [form, write] of Object.entries(forms)) {
    console.log(index, form, Buffer.from(write(value, raw)).toString("base64") || "-");
  }
});
