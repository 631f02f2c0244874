"""The pytest plugin, as customers run it: in real runs of pytest."""

import os

import pytest

# A run in this process forgets each module that it imports first. These are imported here, so that
# later tests do not see a second copy of what the fixtures load on first use.
import pivotal_sandbox.check.runner
import pivotal_sandbox.testing.case
import pivotal_sandbox.testing.failure_report
import pivotal_sandbox.testing.pivotal
import pivotal_sandbox.web.server  # noqa: F401

pytest_plugins = ["pytester"]

APP = '''
from pivotal_sandbox import SignatureError, verify

class App:
    """An ASGI receiver that takes what is signed with its secret."""

    def __init__(self, secret, now=None):
        self.secret, self.now, self.ids = secret, now, []

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            return
        body = (await receive())["body"]
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        try:
            now = self.now and self.now()
            verify(body, headers.get("pivotal-signature"), self.secret, now=now)
            status = 204
            self.ids.append(headers["pivotal-delivery-id"])
        except SignatureError:
            status = 401
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": b"" if status == 204 else b"bad one"})
'''


@pytest.fixture(autouse=True)
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """A customer's project, in which no plugin is loaded but those that a test names."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.delenv("PIVOTAL_WEBHOOK_SECRET", raising=False)
    pytester.makepyfile(receiver=APP)
    for name in [name for name in os.environ if name.startswith("PYTEST_XDIST_")]:
        monkeypatch.delenv(name)  # a run in here is no worker of the run that we are in
    pytester.makeini("[pytest]\npythonpath = .\n")


def run(
    pytester: pytest.Pytester, *arguments: str, plugins: str = "", new_process: bool = False
) -> pytest.RunResult:
    """Run the project's tests in this process; with other plugins in a process of their own."""
    names = ["pivotal_sandbox.pytest_plugin", *plugins.split()]
    loaded = [argument for name in names for argument in ("-p", name)]
    # -rA: what is asserted of is in the output, and so are the reasons.
    options = [*loaded, "-W", "error", "--strict-markers", "-rA", *arguments]
    if plugins or new_process:
        return pytester.runpytest_subprocess(*options, timeout=60)
    return pytester.runpytest_inprocess(*options)


def test_without_any_other_plugin_five_lines_are_a_test(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import urllib.request
        import pytest
        from receiver import App

        def test_a_signed_event(pivotal):
            app = App(pivotal.secret)
            pivotal.endpoint(app)
            assert pivotal.trigger("customer.at_risk").ok

        def test_each_test_has_a_sandbox_of_its_own(pivotal):
            assert pivotal.deliveries == []

        @pytest.mark.pivotal(secret="whsec_of_the_mark")
        def test_the_mark_is_heard(pivotal):
            assert pivotal.secret == "whsec_of_the_mark"

        def test_a_server_for_the_session(pivotal_sandbox_url):
            with urllib.request.urlopen(f"{pivotal_sandbox_url}/healthz") as answer:
                assert answer.status == 200

        def test_what_is_awaitable_is_for_coroutines(apivotal):
            pass
        """
    )
    result = run(pytester)
    result.assert_outcomes(passed=4, errors=1)
    result.stdout.fnmatch_lines(["*apivotal is for tests that are coroutines*use pivotal.*"])


def test_a_failed_assertion_shows_the_delivery(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        from receiver import App

        def test_refused(pivotal):
            pivotal.endpoint(App("whsec_another"))
            delivery = pivotal.trigger("customer.at_risk")
            assert delivery.ok

        def test_wrong_type(pivotal):
            pivotal.trigger("customer.at_rsk")

        def test_without_deliveries(pivotal):
            raise ValueError
        """
    )
    result = run(pytester, "--show-capture=no")
    result.assert_outcomes(failed=3)
    result.stdout.fnmatch_lines(
        [
            "E * where False = <Delivery of customer.at_risk: failed, 401: bad one>.ok",
            "*pivotal: the deliveries of this test*",
            "webhook.ping -> http://testserver/webhooks/pivotal: failed, 401: bad one",
            "customer.at_risk -> http://testserver/webhooks/pivotal: failed, 401: bad one",
            "    pivotal-signature: v1,t=*,sig=*",
            '    {"id":"evt_*',
            "  response in * ms",
            "  verdict   Signature valid, * s old.",
            "  explained The signature is genuine: `verify` takes it. Most likely*",
        ]
    )
    # The traceback ends at the test's own line.
    result.stdout.fnmatch_lines(
        [
            '>       pivotal.trigger("customer.at_rsk")',
            'E *There is no event type "customer.at_rsk". Did you mean "customer.at_risk"?',
            "",
            "test_a_failed_assertion_shows_the_delivery.py:9: NotFound",
        ],
        consecutive=True,
    )
    assert str(result.stdout).count("pivotal: the deliveries of this test") == 1


def test_in_the_loop_of_pytest_asyncio(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import asyncio
        import pytest
        from receiver import App

        pytestmark = pytest.mark.asyncio
        loops = []

        class Lived(App):
            async def __call__(self, scope, receive, send):
                loops.append(asyncio.get_running_loop())
                if scope["type"] == "lifespan":
                    await receive()
                    await send({"type": "lifespan.startup.complete"})
                    await receive()
                    loops.append("shut down")
                    await send({"type": "lifespan.shutdown.complete"})
                await super().__call__(scope, receive, send)

        async def test_a_signed_event(apivotal):
            await apivotal.endpoint(Lived(apivotal.secret))
            assert (await apivotal.trigger("customer.at_risk")).ok
            assert set(loops) == {asyncio.get_running_loop()}

        async def test_the_app_was_shut_down():
            assert "shut down" in loops

        async def test_refused(apivotal):
            await apivotal.endpoint(App("whsec_another"))
            assert (await apivotal.trigger("customer.at_risk")).ok

        async def test_the_other_fixture(pivotal):
            pivotal.trigger("customer.at_risk")

        @pytest.fixture
        def broken(apivotal):
            raise ValueError

        async def test_that_never_runs(apivotal, broken):
            pass
        """
    )
    result = run(
        pytester,
        "-o",
        "asyncio_default_fixture_loop_scope=function",
        plugins="pytest_asyncio.plugin",
    )
    result.assert_outcomes(passed=2, failed=2, errors=1)
    result.stdout.fnmatch_lines(
        [
            "*pivotal: the deliveries of this test*",
            "*use apivotal, and await what it does.",
        ]
    )


def test_in_the_loop_of_anyio_and_under_trio_with_one_clear_error(
    pytester: pytest.Pytester,
) -> None:
    pytester.makepyfile(
        """
        import pytest
        from receiver import App

        pytestmark = pytest.mark.anyio

        async def test_a_signed_event(apivotal):
            await apivotal.endpoint(App(apivotal.secret))
            assert (await apivotal.trigger("customer.at_risk")).ok
        """
    )
    result = run(pytester, plugins="anyio")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        [
            "E *InputError: apivotal runs in asyncio, and this test in another event loop, such as "
            'trio\'s: use the fixture pivotal, or give anyio_backend the value "asyncio".',
            "PASSED *[[]asyncio[]]*",
            "FAILED *[[]trio[]]*",
        ]
    )


def test_workers_send_the_deliveries_of_failed_tests_to_one_report(
    pytester: pytest.Pytester,
) -> None:
    pytester.makepyfile(
        """
        import pytest
        from receiver import App

        @pytest.mark.parametrize("secret", ["whsec_<script>", None, "whsec_other"])
        def test_signed(pivotal, secret):
            pivotal.endpoint(App(secret or pivotal.secret), path="/<script>")
            assert pivotal.trigger("customer.at_risk").ok
        """
    )
    result = run(pytester, "-n2", "--pivotal-report=out/report.html", plugins="xdist")
    result.assert_outcomes(passed=1, failed=2)
    result.stdout.fnmatch_lines(["pivotal: deliveries of failed tests in out/report.html"])
    page = (pytester.path / "out" / "report.html").read_text("utf-8")
    assert "2 failed tests with webhooks" in page
    assert page.count("<section>") == 2
    assert "test_signed[whsec_other]" in page
    assert "401" in page
    assert "<script" not in page


def test_checks_are_tests_with_names_and_marks(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest
        from receiver import App

        @pytest.fixture
        def app():
            return App("whsec_a")

        def test_handler(app, pivotal_case):
            pivotal_case.run(app, secret="whsec_a")

        def test_sloppy(app, pivotal_case):
            app.secret = None
            pivotal_case.run(app, secret="whsec_a")
        """
    )
    listed = run(pytester, "--collect-only", "-q", "-m", "must", "-k", "test_handler and sig")
    listed.stdout.fnmatch_lines(["*::test_handler[[]sig-missing[]]"])
    assert "unpadded" not in str(listed.stdout)
    names = "valid-accepted or sig-missing or retry-identical"
    result = run(pytester, "-k", f"test_handler and ({names}) or test_sloppy and sig-missing")
    result.assert_outcomes(passed=2, skipped=1, failed=1)
    result.stdout.fnmatch_lines(
        [
            "sig-missing: *",
            "  because   valid-accepted: *",
            "  mend      *",
            "SKIPPED * not tested: *probe*",
        ]
    )


def test_settings_are_read_and_wrong_ones_are_named(pytester: pytest.Pytester) -> None:
    pytester.makeini(
        """
        [pytest]
        pivotal_secret = whsec_of_the_setting
        pivotal_seed = 7
        pivotal_tolerance = 60
        """
    )
    pytester.makepyfile(
        """
        import pytest

        def test_the_settings(pivotal):
            assert pivotal.secret == "whsec_of_the_setting"
            assert pivotal.awaitable.options.tolerance == 60

        @pytest.mark.parametrize("again", range(2))
        def test_ids_are_each_tests_own(pivotal, again):
            print("id:", pivotal.trigger("task.created").event.id)

        @pytest.mark.pivotal(sede=1)
        def test_a_wrong_mark(pivotal):
            pass
        """
    )
    first, second = run(pytester), run(pytester)
    first.assert_outcomes(passed=3, errors=1)
    first.stdout.fnmatch_lines(["*The mark pivotal has no 'sede'*Did you mean \"seed\"?*"])
    ids = [[line for line in run.outlines if line.startswith("id:")] for run in (first, second)]
    assert ids[0] == ids[1]
    assert len(set(ids[0])) == 2


def test_beside_what_freezes_time(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import datetime
        import time
        import freezegun
        import pytest
        import time_machine
        from receiver import App

        def outage(pivotal):
            app = App("whsec_another")
            pivotal.endpoint(app)
            app.secret = pivotal.secret
            delivery = pivotal.trigger("customer.at_risk")
            assert delivery.ok
            pivotal.advance("24h")
            assert pivotal.trigger("customer.at_risk").ok

        @freezegun.freeze_time("2030-05-24")
        def test_freezegun(pivotal):
            outage(pivotal)
            assert datetime.date.today().isoformat() == "2030-05-24"

        @time_machine.travel("2030-05-24", tick=False)
        def test_time_machine(pivotal):
            outage(pivotal)
            assert time.gmtime().tm_year == 2030

        @pytest.mark.pivotal(sign_time="sandbox")
        def test_a_receiver_that_lives_in_the_sandboxs_time(pivotal):
            pivotal.endpoint(App(pivotal.secret, lambda: pivotal.now.timestamp()))
            pivotal.advance("24h")
            with time_machine.travel(pivotal.now, tick=False):
                assert pivotal.trigger("customer.at_risk").ok
        """
    )
    # freezegun asks every loaded module for its names, and old aliases answer with a warning.
    result = run(pytester, "-W", "default::DeprecationWarning")
    result.assert_outcomes(passed=3)


def test_frozen_bytes_can_be_kept_as_a_snapshot(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        from receiver import App

        def test_bytes(pivotal, snapshot):
            pivotal.freeze()
            pivotal.endpoint(App(pivotal.secret, lambda: pivotal.now.timestamp()))
            delivery = pivotal.trigger("customer.at_risk")
            assert delivery.ok
            assert delivery.request.body == snapshot
            assert dict(delivery.request.headers) == snapshot
        """
    )
    run(pytester, "--snapshot-update", plugins="syrupy").assert_outcomes(passed=1)
    result = run(pytester, plugins="syrupy")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*2 snapshots passed*"])


def test_a_run_that_does_not_use_it_loads_next_to_nothing(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import sys

        HEAVY = {"asyncio", "httpx", "starlette", "uvicorn", "jinja2", "msgspec", "sqlite3", "ssl"}

        def test_nothing_heavy_is_loaded():
            assert HEAVY.isdisjoint(sys.modules)
            ours = {name for name in sys.modules if name.startswith("pivotal_sandbox")}
            assert ours == {
                "pivotal_sandbox",
                "pivotal_sandbox.errors",
                "pivotal_sandbox.pytest_plugin",
            }
        """
    )
    run(pytester, new_process=True).assert_outcomes(passed=1)


def test_the_fixtures_say_what_they_are_for(pytester: pytest.Pytester) -> None:
    result = run(pytester, "--fixtures", "-q")
    for name in ("pivotal", "apivotal", "pivotal_case", "pivotal_sandbox_url"):
        result.stdout.re_match_lines([rf"{name}( \[session scope\])? -- .*pytest_plugin\.py:\d+"])
    result.stdout.fnmatch_lines(["*pivotal.endpoint(app) adds a receiver: an ASGI or WSGI app*"])
    assert "_pivotal_runner" not in str(result.stdout)
