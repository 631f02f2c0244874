from fastapi import FastAPI, Request, Response
from fastapi.concurrency import run_in_threadpool
from tests.check.stacks.verification import count, is_genuine, process

app = FastAPI()


@app.post("/webhooks/pivotal")
async def pivotal(request: Request) -> Response:
    body = await request.body()
    if not is_genuine(request.headers.get("pivotal-signature"), body):
        return Response(status_code=401)
    return Response(status_code=await run_in_threadpool(process, body))


@app.get("/count/{id}")
def counted(id: str) -> dict[str, int]:
    return {"count": count(id)}
