from flask import Flask, Response, request
from tests.check.stacks.verification import count, is_genuine, process

app = Flask(__name__)


@app.post("/webhooks/pivotal")
def pivotal() -> Response:
    body = request.get_data()
    if not is_genuine(request.headers.get("pivotal-signature"), body):
        return Response(status=401)
    return Response(status=process(body))


@app.get("/count/<id>")
def counted(id: str) -> dict[str, int]:
    return {"count": count(id)}
