"""Launches: single use, one browser each, tokens sealed, changes compared before they are set."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import select

from plugin.domain.replacing import replace
from plugin.store.cipher import Cipher, make_key
from plugin.store.engine import Store
from plugin.store.launch_rows import NewLaunch, Tokens
from plugin.store.launches import LaunchChanged, LaunchStore
from plugin.store.pending_launches import Pending, StateRefused
from plugin.store.tables import launches, pending_launches
from tests.verifies import verifies

MINUTE = timedelta(minutes=1)
BROWSER = "secret-of-the-browser"


@pytest.fixture
def launch_store(store):
    """The launches of an empty store."""
    return LaunchStore(store)


@pytest.fixture
def pending(now):
    """A request from an EHR launch."""
    return Pending(
        "clinic", "https://ehr.test/r4", "raw+launch/%2F", "verifier-1", "nonce-1", "https://ehr.test/r4", now
    )


@pytest.fixture
def new(now):
    """What a token answer led to."""
    return NewLaunch(
        tenant="clinic",
        iss="https://ehr.test/r4",
        patient="Patient/p1",
        encounter="",
        user="https://ehr.test/r4/Practitioner/n1",
        user_name="Nora Nurse",
        role="clinician",
        scopes=frozenset({"launch", "openid"}),
        tokens=Tokens("access-1", "refresh-1", now + 5 * MINUTE),
    )


def _refusal(launch_store, state, browser, now):
    with pytest.raises(StateRefused) as refused:
        launch_store.pending.take(state, browser, now)
    return refused.value.reason


def test_a_state_gives_back_what_was_kept(launch_store, pending, now):
    """Everything comes back byte for byte, the raw launch value included."""
    state = launch_store.pending.begin(pending, BROWSER, now)
    assert launch_store.pending.take(state, BROWSER, now + MINUTE) == pending


def test_a_state_is_good_once(launch_store, pending, now):
    """The second callback with the same state is refused as used."""
    state = launch_store.pending.begin(pending, BROWSER, now)
    launch_store.pending.take(state, BROWSER, now)
    assert _refusal(launch_store, state, BROWSER, now) == "used"


def test_only_one_of_eight_callbacks_at_once_gets_through(launch_store, pending, now):
    """A state replayed in parallel is taken exactly once, on either database."""
    state = launch_store.pending.begin(pending, BROWSER, now)
    barrier, taken, refused = threading.Barrier(8), [], []

    def call_back() -> None:
        barrier.wait()
        try:
            taken.append(launch_store.pending.take(state, BROWSER, now))
        except StateRefused as error:
            refused.append(error.reason)

    threads = [threading.Thread(target=call_back) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(taken), refused) == (1, ["used"] * 7)


@verifies("SEC-03")
def test_bad_states_are_told_apart(launch_store, pending, now):
    """Unknown, expired and another browser's states are refused, each by its name."""
    state = launch_store.pending.begin(pending, BROWSER, now)
    assert _refusal(launch_store, "never-given", BROWSER, now) == "unknown"
    assert _refusal(launch_store, state, "another-browser", now) == "other-browser"
    assert _refusal(launch_store, state, BROWSER, now + 10 * MINUTE) == "expired"


def test_another_browsers_attempt_does_not_use_the_state_up(launch_store, pending, now):
    """Whoever saw the address in passing can't spoil the launch."""
    state = launch_store.pending.begin(pending, BROWSER, now)
    _refusal(launch_store, state, "another-browser", now)
    assert launch_store.pending.take(state, BROWSER, now).nonce == "nonce-1"


@verifies("SEC-10")
def test_states_and_launch_ids_are_long_and_differ(launch_store, pending, new, now):
    """Each carries 256 random bits (43 characters of URL-safe Base64)."""
    states = {launch_store.pending.begin(pending, BROWSER, now) for _ in range(3)}
    ids = {launch_store.open(new, BROWSER, now).id for _ in range(3)}
    assert [len(value) for value in [*states, *ids]] == [43] * 6


def test_nothing_secret_stands_in_the_tables(store, launch_store, pending, new, now):
    """State, browser secret, launch value, verifier, nonce and tokens are not found in any column."""
    state = launch_store.pending.begin(pending, BROWSER, now)
    launch_store.open(new, BROWSER, now)
    with store.reading() as connection:
        rows = [*connection.execute(select(pending_launches)), *connection.execute(select(launches))]
    stored = repr(rows)
    assert len(rows) == 2
    for secret in (state, BROWSER, pending.launch, pending.code_verifier, pending.nonce, "access-1", "refresh-1"):
        assert secret not in stored


def test_a_taken_state_keeps_no_secrets(store, launch_store, pending, now):
    """Once used, the row is only a mark that it was used."""
    launch_store.pending.take(launch_store.pending.begin(pending, BROWSER, now), BROWSER, now)
    with store.reading() as connection:
        assert connection.execute(select(pending_launches.c.secrets_sealed)).scalar_one() == ""


def test_nothing_printed_shows_a_secret(launch_store, pending, new, now):
    """`repr` of every value is safe in a log."""
    launch = launch_store.open(new, BROWSER, now)
    shown = repr([pending, new, launch, launch.tokens])
    for secret in ("access-1", "refresh-1", "verifier-1", "nonce-1", "raw+launch", launch.id):
        assert secret not in shown


def test_an_open_launch_is_found_by_id_and_browser_together(launch_store, new, now):
    """The address alone or the cookie alone opens nothing."""
    launch = launch_store.open(new, BROWSER, now)
    assert launch_store.get(launch.id, BROWSER, now) == launch
    assert (launch.patient, launch.user_name, launch.tokens.access) == ("Patient/p1", "Nora Nurse", "access-1")
    assert launch_store.get(launch.id, "another-browser", now) is None
    assert launch_store.get("another-id", BROWSER, now) is None


def test_two_launches_in_one_browser_stay_apart(launch_store, new, now):
    """Two charts open at once are two launches."""
    first = launch_store.open(new, BROWSER, now)
    second = launch_store.open(NewLaunch("clinic", new.iss, "Patient/p2", Tokens("access-2", "", now)), BROWSER, now)
    found = [launch_store.get(each.id, BROWSER, now) for each in (first, second)]
    assert [(each.patient, each.tokens.access) for each in found if each] == [
        ("Patient/p1", "access-1"),
        ("Patient/p2", "access-2"),
    ]


def test_an_idle_launch_ends_after_half_an_hour(launch_store, new, now):
    """29 minutes without a page is alive, 30 is not."""
    launch = launch_store.open(new, BROWSER, now)
    assert launch_store.get(launch.id, BROWSER, now + 30 * MINUTE) is None
    assert launch_store.get(launch.id, BROWSER, now + 29 * MINUTE) is not None


def test_each_page_keeps_the_launch_alive_until_its_absolute_end(launch_store, new, now):
    """Looking every 20 minutes holds it for twelve hours and not a minute longer."""
    launch = launch_store.open(new, BROWSER, now)
    alive = [launch_store.get(launch.id, BROWSER, now + step * 20 * MINUTE) is not None for step in range(1, 37)]
    assert alive == [True] * 35 + [False]


def test_closing_wipes_the_tokens(store, launch_store, new, now):
    """After logout the launch is gone and its tokens are no longer stored; closing again is harmless."""
    launch = launch_store.open(new, BROWSER, now)
    launch_store.close(launch.id)
    launch_store.close(launch.id)
    assert launch_store.get(launch.id, BROWSER, now) is None
    assert launch_store.reread(launch) is None
    with store.reading() as connection:
        assert connection.execute(select(launches.c.tokens_sealed)).scalar_one() == ""


def test_open_launches_are_found_for_start_up(launch_store, new, now):
    """Newest first, with their tokens; closed and idle ones are left out."""
    launch_store.open(new, BROWSER, now - 31 * MINUTE)
    older = launch_store.open(new, BROWSER, now - MINUTE)
    launch_store.close(launch_store.open(new, BROWSER, now).id)
    newer = launch_store.open(new, BROWSER, now)
    assert launch_store.alive(now) == (newer, older)


def test_tokens_are_replaced_only_from_the_version_that_was_read(launch_store, new, now):
    """Of two refreshes at once the second is told, reads again, and finds the first one's tokens."""
    launch = launch_store.open(new, BROWSER, now)
    assert launch_store.replace_tokens(launch, Tokens("access-2", "refresh-2", now))
    assert not launch_store.replace_tokens(launch, Tokens("access-3", "refresh-3", now))
    again = launch_store.reread(launch)
    assert again is not None
    assert (again.tokens.refresh, again.version) == ("refresh-2", 2)


def test_tokens_of_a_closed_launch_are_not_replaced(launch_store, new, now):
    """A refresh that comes back after logout stores nothing."""
    launch = launch_store.open(new, BROWSER, now)
    launch_store.close(launch.id)
    assert not launch_store.replace_tokens(launch, Tokens("access-2", "refresh-2", now))


def test_choosing_an_encounter_keeps_tokens_refreshed_meanwhile(launch_store, new, now):
    """The choice changes the encounter alone."""
    launch = launch_store.open(new, BROWSER, now)
    launch_store.replace_tokens(launch, Tokens("access-2", "refresh-2", now))
    chosen = launch_store.choose_encounter(launch, "Encounter/e1")
    assert (chosen.encounter, chosen.tokens.access, chosen.version) == ("Encounter/e1", "access-2", 3)


def test_an_encounter_chosen_in_another_window_is_not_overwritten(launch_store, new, now):
    """The second window still shows "none chosen" and is told that this is no longer so."""
    launch = launch_store.open(new, BROWSER, now)
    launch_store.choose_encounter(launch, "Encounter/e1")
    with pytest.raises(LaunchChanged):
        launch_store.choose_encounter(launch, "Encounter/e2")


def test_purging_deletes_what_is_over_and_nothing_else(launch_store, pending, new, now):
    """Old states, closed and idle launches go; a fresh state and a live launch stay."""
    launch_store.pending.begin(pending, BROWSER, now - 10 * MINUTE)
    idle = launch_store.open(new, BROWSER, now - 30 * MINUTE)
    closed = launch_store.open(new, BROWSER, now)
    launch_store.close(closed.id)
    state, live = launch_store.pending.begin(pending, BROWSER, now), launch_store.open(new, BROWSER, now)
    assert launch_store.purge(now) == 3
    assert launch_store.pending.take(state, BROWSER, now) == pending
    assert launch_store.get(live.id, BROWSER, now) == live
    assert launch_store.get(idle.id, BROWSER, now) is None


def test_a_retired_key_ends_the_launch_without_an_error(store, launch_store, pending, new, now):
    """What can't be opened any more counts as ended; the person launches again."""
    state, launch = launch_store.pending.begin(pending, BROWSER, now), launch_store.open(new, BROWSER, now)
    others = LaunchStore(Store(store.engine, Cipher.from_keys([make_key()])))
    assert others.get(launch.id, BROWSER, now) is None
    assert _refusal(others, state, BROWSER, now) == "unreadable"


def test_what_the_ehr_says_of_the_user_is_kept_once(launch_store, new, now):
    """Name and role of a launch that lacked them; a closed launch takes nothing more."""
    opened = launch_store.open(replace(new, user_name="", role="", user_asked=False), "browser", now)
    assert not opened.user_asked
    launch_store.know_user(opened, "Nora Nurse", "lead")
    known = launch_store.get(opened.id, "browser", now)
    assert (known.user_name, known.role, known.user_asked) == ("Nora Nurse", "lead", True)
    launch_store.close(opened.id)
    with pytest.raises(LaunchChanged):
        launch_store.know_user(opened, "Somebody else", "admin")
