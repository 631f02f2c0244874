import os
import sys

from django.conf import settings  # type: ignore[import-untyped]
from django.core.management import execute_from_command_line  # type: ignore[import-untyped]
from django.http import HttpRequest, HttpResponse, JsonResponse  # type: ignore[import-untyped]
from django.urls import path  # type: ignore[import-untyped]
from django.views.decorators.csrf import csrf_exempt  # type: ignore[import-untyped]
from django.views.decorators.http import require_POST  # type: ignore[import-untyped]
from tests.check.stacks.verification import count, is_genuine, process

settings.configure(
    ALLOWED_HOSTS=["127.0.0.1"],
    MIDDLEWARE=[
        "django.middleware.security.SecurityMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
    ],
    ROOT_URLCONF=__name__,
    SECRET_KEY="only for a test",
)


@csrf_exempt  # type: ignore[untyped-decorator]
@require_POST  # type: ignore[untyped-decorator]
def pivotal(request: HttpRequest) -> HttpResponse:
    if not is_genuine(request.headers.get("pivotal-signature"), request.body):
        return HttpResponse(status=401)
    return HttpResponse(status=process(request.body))


def counted(request: HttpRequest, id: str) -> HttpResponse:
    return JsonResponse({"count": count(id)})


urlpatterns = [path("webhooks/pivotal", pivotal), path("count/<str:id>", counted)]

if __name__ == "__main__":
    address = f"127.0.0.1:{os.environ['PORT']}"
    execute_from_command_line([sys.argv[0], "runserver", "--noreload", address])
