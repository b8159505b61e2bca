"""Renewing tokens: one at a time, rotation kept, an ended grant told."""

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from plugin.domain.replacing import replace
from plugin.ehr.errors import SessionEnded, TokenRefused, Unreachable
from plugin.ehr.grants import Grant
from plugin.store.cipher import make_key
from plugin.store.engine import open_store
from plugin.store.launch_rows import Launch, NewLaunch, Tokens
from plugin.store.launches import RENEWAL_LIFE, LaunchStore
from tests.verifies import verifies

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
LATER = NOW + timedelta(minutes=5)


@pytest.fixture
def launches(sqlite_url: str) -> Iterator[LaunchStore]:
    """An empty launch store."""
    store = open_store(sqlite_url, [make_key()])
    yield LaunchStore(store)
    store.close()


@pytest.fixture
def launch(launches: LaunchStore) -> Launch:
    """An open launch with tokens a1 and r1."""
    return launches.open(NewLaunch("t", "i", "p", Tokens("a1", "r1", LATER)), "browser", NOW)


def renewals(*access: str) -> tuple[Callable[[Tokens], Tokens], list[str]]:
    """A token endpoint that rotates, and the refresh tokens it was shown."""
    shown: list[str] = []

    def renew(tokens: Tokens) -> Tokens:
        shown.append(tokens.refresh)
        number = len(shown)
        return Tokens(access[number - 1], f"r{number + 1}", LATER)

    return renew, shown


def test_fresh_token_is_used_as_it_is(launches: LaunchStore, launch: Launch) -> None:
    """Nothing is asked while the token has time left."""
    renew, shown = renewals()
    assert Grant(launch, launches, renew, lambda: NOW).access_token() == "a1"
    assert shown == []


def test_renewed_before_it_expires_and_kept(launches: LaunchStore, launch: Launch) -> None:
    """Half a minute before the end new tokens come, and the rotated refresh token is stored."""
    renew, shown = renewals("a2", "a3")
    near = LATER - timedelta(seconds=20)
    assert Grant(launch, launches, renew, lambda: near).access_token() == "a2"
    stored = launches.reread(launch)
    assert stored is not None
    assert (stored.tokens.access, stored.tokens.refresh) == ("a2", "r2")
    assert Grant(stored, launches, renew, lambda: near).replace("a2") == "a3"
    assert shown == ["r1", "r2"]


@verifies("CTX-06")
def test_many_threads_renew_once(launches: LaunchStore, launch: Launch) -> None:
    """Requests that fail together share one renewal, even over several grants of the launch."""
    renew, shown = renewals("a2", "a3", "a4", "a5")
    found: list[str] = []
    grants = [Grant(launch, launches, renew, lambda: NOW) for _ in range(4)]
    threads = [threading.Thread(target=lambda each=each: found.append(each.replace("a1"))) for each in grants]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (found, shown) == (["a2"] * 4, ["r1"])


@verifies("CTX-06")
def test_another_process_renews_and_is_waited_for(launches: LaunchStore, launch: Launch) -> None:
    """The refresh token is not shown twice: this process looks again until the other one is done."""
    renew, shown = renewals()
    assert launches.begin_renewal(launch, NOW)
    waited: list[float] = []

    def sleep(seconds: float) -> None:
        waited.append(seconds)
        if len(waited) == 3:
            launches.replace_tokens(launch, Tokens("a9", "r9", LATER))
            launches.end_renewal(launch)

    assert Grant(launch, launches, renew, lambda: NOW, sleep).replace("a1") == "a9"
    assert (len(waited), shown) == (3, [])


def test_a_process_that_died_while_renewing_is_not_waited_for_forever(launches: LaunchStore, launch: Launch) -> None:
    """Its turn runs out."""
    renew, shown = renewals("a2")
    assert launches.begin_renewal(launch, NOW)
    times = iter([NOW, NOW + RENEWAL_LIFE - timedelta(seconds=1), NOW + RENEWAL_LIFE])
    assert Grant(launch, launches, renew, lambda: next(times), lambda _: None).replace("a1") == "a2"
    assert shown == ["r1"]


@pytest.mark.parametrize("problem", [Unreachable("no answer"), TokenRefused("busy", "temporarily_unavailable")])
def test_a_failed_renewal_leaves_the_next_one_free(launches: LaunchStore, launch: Launch, problem: Exception) -> None:
    """Nobody waits for a turn that ended badly."""

    def fail(_: Tokens) -> Tokens:
        raise problem

    with pytest.raises((Unreachable, SessionEnded)):
        Grant(launch, launches, fail, lambda: NOW).replace("a1")
    renew, _ = renewals("a2")
    assert Grant(launch, launches, renew, lambda: NOW).replace("a1") == "a2"


def test_another_process_was_first(launches: LaunchStore, launch: Launch) -> None:
    """Tokens that came into the store meanwhile are used instead of asking again."""
    assert launches.replace_tokens(launch, Tokens("a9", "r9", LATER))
    renew, shown = renewals()
    assert Grant(launch, launches, renew, lambda: NOW).replace("a1") == "a9"
    assert shown == []


def test_another_process_used_the_refresh_token(launches: LaunchStore, launch: Launch) -> None:
    """A refusal is no end when the store holds newer tokens by then."""

    def renew(_: Tokens) -> Tokens:
        assert launches.replace_tokens(launch, Tokens("a9", "r9", LATER))
        raise TokenRefused("no", "invalid_grant")

    assert Grant(launch, launches, renew, lambda: NOW).replace("a1") == "a9"


@verifies("CTX-06")
def test_rotated_token_survives_another_change(launches: LaunchStore, launch: Launch) -> None:
    """Choosing an encounter at the same moment loses neither the choice nor the tokens."""

    def renew(_: Tokens) -> Tokens:
        launches.choose_encounter(launch, "e1")
        return Tokens("a2", "r2", LATER)

    assert Grant(launch, launches, renew, lambda: NOW).replace("a1") == "a2"
    stored = launches.reread(launch)
    assert stored is not None
    assert (stored.encounter, stored.tokens.refresh) == ("e1", "r2")


@verifies("CTX-05")
def test_refused_refresh_ends_the_session(launches: LaunchStore, launch: Launch) -> None:
    """The user is told to launch again, and the launch is closed."""

    def renew(_: Tokens) -> Tokens:
        raise TokenRefused("no", "invalid_grant")

    with pytest.raises(SessionEnded, match="open the app again"):
        Grant(launch, launches, renew, lambda: NOW).replace("a1")
    assert launches.reread(launch) is None


def test_unreachable_server_does_not_end_the_session(launches: LaunchStore, launch: Launch) -> None:
    """A network failure leaves the grant as it was."""

    def renew(_: Tokens) -> Tokens:
        raise Unreachable("no answer")

    with pytest.raises(Unreachable):
        Grant(launch, launches, renew, lambda: NOW).replace("a1")
    assert launches.reread(launch) == launch


def test_without_refresh_token_the_session_ends(launches: LaunchStore, launch: Launch) -> None:
    """A refused access token can't be replaced by nothing."""
    assert launches.replace_tokens(launch, replace(launch.tokens, refresh=""))
    renew, _ = renewals()
    with pytest.raises(SessionEnded):
        Grant(launch, launches, renew, lambda: NOW).replace("a1")


def test_closed_launch_renews_nothing(launches: LaunchStore, launch: Launch) -> None:
    """After a logout no token is asked for."""
    launches.close(launch.id)
    renew, shown = renewals("a2")
    with pytest.raises(SessionEnded):
        Grant(launch, launches, renew, lambda: NOW).replace("a1")
    assert shown == []


def test_tokens_that_come_when_the_launch_is_over_are_given_back(launches: LaunchStore, launch: Launch) -> None:
    """Logged out while the token endpoint was asked: nobody keeps them, and the EHR is told."""
    given_back: list[Tokens] = []

    def renew(tokens: Tokens) -> Tokens:
        launches.close(launch.id)
        return Tokens("a2", "r2", LATER)

    grant = Grant(launch, launches, renew, lambda: NOW, forget=given_back.append)
    with pytest.raises(SessionEnded):
        grant.replace("a1")
    assert given_back == [Tokens("a2", "r2", LATER)]
