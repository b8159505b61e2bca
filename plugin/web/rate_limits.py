"""How often one address may launch and one session may send forms, counted for every process together."""

import hashlib
from datetime import UTC, datetime, timedelta
from http import HTTPStatus

from flask import Flask, Response, g, make_response, render_template, request
from limits import RateLimitItem, parse
from limits.storage import Storage
from limits.strategies import FixedWindowRateLimiter

from plugin.store.engine import Store
from plugin.store.launch_rows import Launch
from plugin.store.rate_counts import clear_count, count_of, count_up, forget_counts
from plugin.web.services import Services
from plugin.web.settings import SettingsError

LAUNCHES = frozenset({"launching.launch", "launching.sign_in", "launching.callback", "launching.open_without_sign_in"})


class StoreCounts(Storage):
    """The app's own database as a storage of the `limits` library, as far as fixed windows need it."""

    STORAGE_SCHEME = None

    def __init__(self, services: Services) -> None:
        self._services = services
        super().__init__()

    @property
    def base_exceptions(self) -> type[Exception]:
        """What the library may wrap; nothing is wrapped here."""
        return Exception

    @property
    def _store(self) -> Store:
        return self._services.store

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count up; `expiry` is in seconds."""
        return count_up(self._store, key, timedelta(seconds=expiry), self._services.clock(), amount)

    def get(self, key: str) -> int:
        """The count."""
        return count_of(self._store, key, self._services.clock())[0]

    def get_expiry(self, key: str) -> float:
        """When the count begins again, in seconds since 1970."""
        now = self._services.clock()
        return (count_of(self._store, key, now)[1] or now).timestamp()

    def check(self) -> bool:
        """The store is there, or nothing else works either."""
        return True

    def reset(self) -> int:
        """Forget every count, by taking the end of time for now."""
        return forget_counts(self._store, datetime.max.replace(tzinfo=UTC))

    def clear(self, key: str) -> None:
        """Forget one count."""
        clear_count(self._store, key)


def install_rate_limits(app: Flask, services: Services) -> None:
    """Refuse what comes too often; raises SettingsError for a limit that can't be read."""
    limiter = FixedWindowRateLimiter(StoreCounts(services))
    launches = _limit("INFUSION_CHARGES_LAUNCH_LIMIT", services.settings.launch_limit)
    posts = _limit("INFUSION_CHARGES_POST_LIMIT", services.settings.post_limit)

    def check() -> Response | None:
        found = _counted(launches, posts)
        if found is None or limiter.hit(*found):
            return None
        return _too_often(max(1, round(limiter.get_window_stats(*found).reset_time - services.clock().timestamp())))

    app.before_request(check)


def _counted(launches: RateLimitItem, posts: RateLimitItem) -> tuple[RateLimitItem, str, str] | None:
    """The limit a request falls under, and whose count it is: an address is kept as a hash alone."""
    opened: Launch | None = g.get("launch")
    if request.endpoint in LAUNCHES:
        return launches, "launch", hashlib.sha256((request.remote_addr or "").encode()).hexdigest()
    if opened is not None and request.method == "POST":
        return posts, "post", hashlib.sha256(opened.id.encode()).hexdigest()
    return None


def _too_often(seconds: int) -> Response:
    text = "This came too often in a short time; nothing was done."
    page = render_template(
        "error.html", title="Too many requests", text=text, remedy=f"Wait {seconds} seconds, then try again."
    )
    response = make_response(page, HTTPStatus.TOO_MANY_REQUESTS)
    response.headers["Retry-After"] = str(seconds)
    return response


def _limit(name: str, text: str) -> RateLimitItem:
    try:
        return parse(text)
    except ValueError as error:
        raise SettingsError(f"{name}: {text!r} is no limit; write for example 600/minute") from error
