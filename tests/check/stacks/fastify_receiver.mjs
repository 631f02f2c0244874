import Fastify from "fastify";
import { count, isGenuine, take } from "./node_verification.mjs";

const app = Fastify({ bodyLimit: 2 * 1024 * 1024 });
app.register(async (webhooks) => {
  webhooks.removeAllContentTypeParsers();
  webhooks.addContentTypeParser("*", { parseAs: "buffer" }, (request, body, done) => done(null, body));
  webhooks.post("/webhooks/pivotal", async (request, reply) => {
    const body = request.body ?? Buffer.alloc(0);
    if (!isGenuine(request.headers["pivotal-signature"], body)) return reply.code(401).send();
    return reply.code(take(body)).send();
  });
});
app.get("/count/:id", async (request) => ({ count: count(request.params.id) }));
await app.listen({ host: "127.0.0.1", port: Number(process.env.PORT) });
