import os

from aiohttp import web
from tests.check.stacks.verification import count, is_genuine, process

routes = web.RouteTableDef()


@routes.post("/webhooks/pivotal")
async def pivotal(request: web.Request) -> web.Response:
    body = await request.read()
    if not is_genuine(request.headers.get("pivotal-signature"), body):
        return web.Response(status=401)
    return web.Response(status=process(body))


@routes.get("/count/{id}")
async def counted(request: web.Request) -> web.Response:
    return web.json_response({"count": count(request.match_info["id"])})


app = web.Application(client_max_size=2 * 1024**2)
app.add_routes(routes)
web.run_app(app, host="127.0.0.1", port=int(os.environ["PORT"]), print=None)
