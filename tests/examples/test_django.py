# mypy: disable-error-code="import-untyped, untyped-decorator"
"""A Django receiver: one view in one file, called as a WSGI app."""

import json

import django
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from pivotal_sandbox import SignatureError, verify
from pivotal_sandbox.testing import Pivotal

SECRET = "whsec_of_this_example"
delayed: list[str] = []


@csrf_exempt
@require_POST
def receive(request: HttpRequest) -> HttpResponse:
    try:
        verify(request.body, request.headers.get("pivotal-signature"), SECRET)
    except SignatureError:
        return HttpResponse(status=401)
    event = json.loads(request.body)
    if event["type"] == "onboarding.delayed":
        delayed.append(event["data"]["name"])
    return HttpResponse(status=204)


urlpatterns = [path("hooks/", receive)]

settings.configure(ALLOWED_HOSTS=["testserver"], ROOT_URLCONF=__name__, USE_TZ=True)
django.setup()


def test_a_delayed_onboarding_is_noticed(pivotal: Pivotal) -> None:
    pivotal.endpoint(WSGIHandler(), secret=SECRET, path="/hooks/")
    delivery = pivotal.trigger("onboarding.delayed")
    assert delivery.ok
    assert delayed == [delivery.event.data["name"]]
