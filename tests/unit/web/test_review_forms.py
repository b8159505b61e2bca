"""Forms in, decisions out; and the page a form was made from."""

from datetime import date

import pytest
from werkzeug.datastructures import MultiDict

from plugin.review.decide import Asked
from plugin.store.cipher import Cipher, make_key
from plugin.web.review_forms import (
    Shown,
    Unreadable,
    keep_form,
    open_shown,
    read_asked,
    read_key,
    read_reason_field,
    seal_shown,
)
from plugin.web.views.charges import token_of
from tests.unit.web.sample_charts import chemo_day

TOKEN = "CPT|96372|59|2026-03-02"
KEY = ("CPT", "96372", ("59",), date(2026, 3, 2))


@pytest.fixture
def cipher():
    """A cipher with a fresh key."""
    return Cipher.from_keys([make_key()])


def form(**fields) -> MultiDict:
    base = {"patient": "p1", "encounter": "e1", "basis": "b", "charge": TOKEN}
    return MultiDict(base | fields)


@pytest.mark.parametrize("charge", chemo_day().charges, ids=lambda charge: charge.code)
def test_every_token_reads_back_as_its_key(charge):
    """What the page writes, the form reads."""
    assert read_key(token_of(charge)) == charge.key


def test_an_acceptance_takes_nothing_from_the_form_but_the_line_and_a_reason():
    """Units in an accept form would be somebody's own doing; a reason belongs to a charge that would be refused."""
    asked = read_asked(form(units="99", modifiers="XS", reason="x"), "accept", TOKEN)
    assert asked == Asked("Patient/p1", "Encounter/e1", "b", KEY, "accept", reason="x")


def test_an_edit_brings_units_modifiers_and_reason():
    """Modifiers by spaces or commas, in any case of letters."""
    asked = read_asked(form(units=" 2 ", modifiers="xs, 76", reason=" seen twice "), "edit", TOKEN)
    assert (asked.units, asked.modifiers, asked.reason) == (2, ("XS", "76"), "seen twice")


@pytest.mark.parametrize("units", ["", "-1", "1.5", "two", "\u0663", "9" * 9])
def test_units_that_are_no_whole_number_are_refused(units):
    """The person hears which field is wrong."""
    with pytest.raises(Unreadable, match="whole number"):
        read_asked(form(units=units, reason="x"), "edit", TOKEN)


def test_a_dismissal_joins_the_listed_reason_and_the_persons_words():
    """Both are kept."""
    asked = read_asked(form(listed="Not performed", reason="refused by patient"), "dismiss", TOKEN)
    assert asked.reason == "Not performed: refused by patient"


@pytest.mark.parametrize("own", ["", "  ", " - .", "x", "other"])
@pytest.mark.parametrize("listed", ["Another ground", "Another reason"])
def test_another_ground_without_words_is_refused(listed, own):
    """It would stand in the late entry and say nothing."""
    with pytest.raises(Unreadable, match=f"{listed}.*say which one in your own words"):
        read_reason_field(form(listed=listed, reason=own))


def test_another_ground_is_the_words_that_say_which():
    """In a late entry the words stand alone; among dismissals the choice stays before them, to be counted."""
    assert read_reason_field(form(listed="Another ground", reason=" the anesthesia record ")) == "the anesthesia record"
    asked = read_asked(form(listed="Another reason", reason="Trial drug"), "dismiss", TOKEN)
    assert asked.reason == "Another reason: Trial drug"


@pytest.mark.parametrize("token", ["", "CPT", "CPT|96372|59", "CPT|96372|59|yesterday", "a|b|c|d|e"])
def test_a_line_that_no_page_names_is_refused(token):
    """A made-up form ends in a sentence, not in a traceback."""
    with pytest.raises(Unreadable, match="open the page again"):
        read_key(token)


def test_the_number_seen_belongs_to_its_own_line():
    """The page lists the numbers of all lines; the form picks its own."""
    fields = form()
    fields.setlist("seen", ["CPT|96413||2026-03-02=4", f"{TOKEN}=2", "nonsense", f"{TOKEN}x=7"])
    assert read_asked(fields, "undo", TOKEN).seen == 2


def test_what_a_page_showed_comes_back(cipher):
    """Sealed in the page, opened by the next request of the same launch."""
    shown = Shown("the page of 09:00", {"charges": {"a": ["96413", "1 x"]}})
    assert open_shown(seal_shown(shown, "launch-1", cipher), "launch-1", cipher) == shown


def test_what_a_page_showed_is_not_readable_in_the_browser(cipher):
    """The field holds clinical facts."""
    assert "96413" not in seal_shown(Shown("x", {"charges": {"a": ["96413", "1 x"]}}), "launch-1", cipher)


def test_a_page_of_another_launch_does_not_open(cipher):
    """Two charts in one browser must not mix."""
    assert open_shown(seal_shown(Shown("x", {}), "launch-1", cipher), "launch-2", cipher) is None


@pytest.mark.parametrize("field", ["", "nonsense", "gAAAAABnot-a-token", "\u00e4"])
def test_a_damaged_field_counts_as_none(cipher, field):
    """The page is then shown without a comparison."""
    assert open_shown(field, "launch-1", cipher) is None


def test_a_refused_form_says_why_at_the_field_that_is_wrong():
    """Where no field is named, or one the form doesn't have, that is where the form begins; of another form nowhere."""
    edit = form(at=f"edit {TOKEN}", units="0", modifiers="59", reason="second site")
    kept = keep_form(edit, "No such modifier.", "modifiers")
    assert kept.is_wrong(f"edit {TOKEN}", "modifiers")
    assert not kept.is_wrong(f"edit {TOKEN}", "units")
    assert not kept.is_wrong("edit another", "modifiers")
    assert keep_form(edit, "Somebody was quicker.", "line").is_wrong(f"edit {TOKEN}", "units")


def test_a_time_that_is_wrong_is_found_among_the_fields_of_its_question():
    """The use case knows the administration and the element; the form has the question before them."""
    question = "missing-stop-time|m1,m2"
    answer = form(**{"at": f"attest {question}", f"{question}|m1|stop": "x", f"{question}|m2|stop": "y"})
    kept = keep_form(answer, "It lies in the future.", "m2|stop")
    assert kept.is_wrong(f"attest {question}", f"{question}|m2|stop")


def test_after_the_chart_changed_the_words_are_kept_and_nothing_is_called_wrong():
    """The difference is what matters then."""
    kept = keep_form(form(at=f"edit {TOKEN}", reason="second site"))
    assert kept.of(f"edit {TOKEN}", "reason") == "second site"
    assert not kept.is_wrong(f"edit {TOKEN}", "units")
