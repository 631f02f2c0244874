from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from tests.check.stacks.verification import count, is_genuine, process


async def pivotal(request: Request) -> Response:
    body = await request.body()
    if not is_genuine(request.headers.get("pivotal-signature"), body):
        return Response(status_code=401)
    return Response(status_code=process(body))


async def counted(request: Request) -> Response:
    return JSONResponse({"count": count(request.path_params["id"])})


app = Starlette(
    routes=[
        Route("/webhooks/pivotal", pivotal, methods=["POST"]),
        Route("/count/{id}", counted),
    ]
)
