import express from "express";
import { count, isGenuine, take } from "./node_verification.mjs";

const app = express();
const raw = express.raw({ type: () => true, limit: "2mb" });
app.post("/webhooks/pivotal", raw, (request, response) => {
  const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
  if (!isGenuine(request.get("pivotal-signature"), body)) return response.status(401).end();
  response.status(take(body)).end();
});
app.get("/count/:id", (request, response) => response.json({ count: count(request.params.id) }));
app.listen(Number(process.env.PORT), "127.0.0.1");
