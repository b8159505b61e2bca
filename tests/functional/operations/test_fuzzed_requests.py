"""Any request, however odd: a clear answer, never a 500, never a traceback."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from plugin.store.cipher import make_key
from plugin.web.app import create_app
from plugin.web.session import COOKIE
from plugin.web.settings import Settings
from tests.functional.launch.running import TENANT, Browser, SandboxEhr, free_port, path_of, running_sandbox
from tests.interop.reviewer import fields_of

PORT = free_port()
METHODS = st.sampled_from(["GET", "POST", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH", "TRACE", "NONSENSE"])
ROUTES = st.sampled_from([
    *("/", "/launch", "/launch/open", "/callback", "/healthz", "/readyz", "/metrics", "/static/app.css", "/static/.."),
    *("/s/x/", "/s/x/accept", "/s/x/encounter", "/s/{}/", "/s/{}/refresh", "/s/{}/accept-all", "/s/{}/logouts"),
])  # fmt: skip
NAMES = st.sampled_from(
    ["iss", "launch", "tenant", "code", "state", "error", "error_description", "said", "cookie_asked"]
)
PAIRS = st.lists(st.tuples(NAMES | st.text(max_size=20), st.text(max_size=200)), max_size=6)
HEADERS = st.dictionaries(
    st.sampled_from(["Origin", "Referer", "Cookie", "Host", "Accept", "Content-Type", "X-Forwarded-Host", "Range"]),
    st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=80),
    max_size=4,
)
ODD = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def running() -> Iterator[SandboxEhr]:
    """One sandbox EHR for this file."""
    with running_sandbox(PORT) as ehr:
        yield ehr


@pytest.fixture
def client(running: SandboxEhr, tmp_path: Path) -> Iterator[FlaskClient]:
    """The WSGI app, with one tenant that signs in and one that doesn't."""
    path = tmp_path / "tenants.toml"
    path.write_text(TENANT.format(iss=running.iss, ehr=running.url, more=""), encoding="utf-8")
    database = f"sqlite:///{tmp_path / 'app.sqlite3'}"
    url = f"http://127.0.0.1:{PORT}"
    app = create_app(Settings(public_url=url, tenants=path, database_url=database, encryption_keys=(make_key(),)))
    yield app.test_client()
    app.extensions["infusion_charges"].store.close()


def is_clear(answer) -> bool:
    """Not a defect, and nothing of how it is made inside."""
    clear = answer.status_code not in (500, 501) and b"Traceback" not in answer.data
    answer.close()
    return clear


@given(method=METHODS, route=ROUTES, pairs=PAIRS, headers=HEADERS, body=st.binary(max_size=300))
@settings(ODD, max_examples=300)
def test_any_request_is_answered(client: FlaskClient, method, route, pairs, headers, body) -> None:
    """Paths that exist and don't, any query, any header, any body."""
    answer = client.open(route.format("x" * 43), method=method, query_string=pairs, headers=headers, data=body)

    assert is_clear(answer), (method, route)


@given(query=st.binary(max_size=200), secret=st.text(max_size=60))
@settings(ODD, max_examples=200)
def test_any_bytes_in_a_query_and_a_cookie(client: FlaskClient, query: bytes, secret: str) -> None:
    """The launch reads the raw query, and the cookie is the browser's to invent."""
    raw = {"QUERY_STRING": query.decode("latin-1"), "HTTP_COOKIE": f"{COOKIE}={secret}".encode().decode("latin-1")}
    for place in ("/launch", "/callback"):
        assert is_clear(client.get(place, environ_overrides=raw)), place


@pytest.fixture
def session(running: SandboxEhr, client: FlaskClient) -> tuple[str, dict[str, str], str]:
    """An open session at the app: its path, the hidden fields of its page, the browser's secret."""
    return _launched(running, client)


def _launched(ehr: SandboxEhr, client: FlaskClient) -> tuple[str, dict[str, str], str]:
    address = ehr.launch_address("edh-patient", "edh-encounter").removeprefix(f"http://127.0.0.1:{PORT}")
    address = client.get(address, base_url=f"https://127.0.0.1:{PORT}").location
    away = client.get(address, base_url=f"https://127.0.0.1:{PORT}").location
    back = Browser().get(away, allow_redirects=False).headers["Location"].removeprefix(f"http://127.0.0.1:{PORT}")
    opened = client.get(back, base_url=f"https://127.0.0.1:{PORT}").location
    page = client.get(opened, base_url=f"https://127.0.0.1:{PORT}")
    cookie = client.get_cookie(COOKIE, "127.0.0.1")
    assert page.status_code == 200
    assert cookie is not None
    return path_of(opened), dict(fields_of(page)), cookie.value


FIELDS = st.sampled_from(["basis", "charge", "seen", "shown", "units", "modifiers", "reason", "listed", "ready", "x"])
VALUES = st.text(max_size=120) | st.sampled_from([
    *("CPT|96374||2026-03-02", "CPT|96374||2026-03-02=0", "CPT|96374|59,59|0000-00-00", "99999999999999999999"),
    *("1", "0", "-1", "1e9", "59 XS JZ", "\x00", "\ud800".encode("utf-8", "replace").decode()),
])  # fmt: skip
ACTIONS = st.sampled_from(["accept", "edit", "dismiss", "undo", "send", "accept-all", "refresh"])


@given(action=ACTIONS, given=st.lists(st.tuples(FIELDS, VALUES), max_size=5))
@settings(ODD, max_examples=40)
def test_any_form_of_an_open_session(client: FlaskClient, session, action: str, given) -> None:
    """With the session's own token, patient and encounter, so that the form itself is read."""
    path, hidden, _ = session
    form = {**{name: hidden[name] for name in ("csrf_token", "patient", "encounter")}, **dict(given)}
    answer = client.post(f"{path}{action}", data=form, base_url=f"https://127.0.0.1:{PORT}")

    assert is_clear(answer), (action, given)
