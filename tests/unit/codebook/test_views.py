"""What one encounter is coded through: the tables of its day, and the memory of what was asked."""

from datetime import date

import pytest

from plugin.codebook import CodeBook, CodeBookError
from plugin.domain import CareSetting, Category, Drug, Role, Technique

BOOK = CodeBook.load()
TODAY = date(2026, 3, 2)


def asked_rows(view) -> list[tuple[str, str]]:
    """The rows a view was asked for."""
    return [(row.table, row.key) for row in view.rows]


def test_a_limit_is_given_and_its_row_remembered():
    """What a rule compared with stands in its trace."""
    view = BOOK.as_of(TODAY)

    assert 31 == view.limit("hydration_minimum")
    assert [("time_limits.toml", "hydration_minimum")] == asked_rows(view)


def test_a_day_before_the_first_row_has_no_limit():
    """The message says which table lacks what for which day."""
    with pytest.raises(CodeBookError, match=r"time_limits\.toml has no value of hydration_minimum for 2001-01-01"):
        BOOK.as_of(date(2001, 1, 1)).limit("hydration_minimum")


@pytest.mark.parametrize(
    ("day", "setting", "code"),
    [
        (TODAY, CareSetting.FACILITY, "96376"),
        (TODAY, CareSetting.OFFICE, None),
        (date(2009, 1, 1), CareSetting.FACILITY, "96376"),
        (date(2008, 12, 31), CareSetting.FACILITY, None),
    ],
)
def test_a_code_is_that_of_the_day_and_the_setting(day, setting, code):
    """The repeat push begins with 2009 and is for facilities only."""
    view = BOOK.as_of(day)

    assert code == view.code(Category.THERAPEUTIC, Role.ADDITIONAL_PUSH, "push", setting)


def test_a_code_that_a_setting_lacks_is_still_read_and_can_be_named():
    """A decline names the code, and its trace holds the row that says who may report it."""
    view = BOOK.as_of(TODAY)

    view.code(Category.THERAPEUTIC, Role.ADDITIONAL_PUSH, "push", CareSetting.OFFICE)

    assert [("procedure_codes.csv", "96376")] == asked_rows(view)
    assert "96376" == view.code_anywhere(Category.THERAPEUTIC, Role.ADDITIONAL_PUSH, "push")
    assert view.code_anywhere(Category.TRANSFUSION, Role.INITIAL, "push") is None


def test_class_outranks_technique_in_the_hierarchy():
    """A chemotherapy push stands above a therapeutic infusion (R1), and hydration at the end."""
    view = BOOK.as_of(TODAY)
    ranked = [
        (Category.CHEMOTHERAPY, Technique.INFUSION),
        (Category.CHEMOTHERAPY, Technique.PUSH),
        (Category.THERAPEUTIC, Technique.INFUSION),
        (Category.THERAPEUTIC, Technique.PUSH),
        (Category.HYDRATION, Technique.INFUSION),
    ]

    assert [0, 1, 2, 3, 4] == [view.rank(*each) for each in ranked]
    assert view.rank(Category.THERAPEUTIC, Technique.INJECTION) is None


def test_a_position_is_the_default_or_the_chosen_side_and_is_remembered():
    """Only points that were read are said to have mattered."""
    view = BOOK.as_of(TODAY, {"partial_overlap": "majority"})

    assert ("majority", "interval") == (view.position("partial_overlap"), view.position("same_drug_time"))
    assert {"partial_overlap": "majority", "same_drug_time": "interval"} == view.sides_read


def test_a_drugs_rows_are_remembered_by_its_key():
    """Every outcome about a drug can show the row that told its class."""
    view = BOOK.as_of(TODAY)
    identity = view.identify(Drug("Rocephin 1 g"))

    assert ["ceftriaxone"] == [row.key for row in view.drug_rows[identity.key]]


@pytest.mark.parametrize(
    ("choices", "said"),
    [
        ({"partial_overlap": "half"}, "choose one of: carve, majority, any_16"),
        ({"nonsense": "x"}, "the positions are:"),
    ],
)
def test_a_choice_that_does_not_exist_is_refused_with_those_that_do(choices, said):
    """The remedy is in the message."""
    with pytest.raises(CodeBookError, match=said):
        BOOK.check_choices(choices)


def test_a_profile_is_a_set_of_existing_choices():
    """Each profile can be taken; one that doesn't exist names those that do."""
    for name in BOOK.profiles:
        BOOK.check_choices(BOOK.profile(name))
    with pytest.raises(CodeBookError, match="the profiles are:"):
        BOOK.profile("nobody")


def test_two_views_of_one_day_share_their_tables_and_not_their_memory():
    """The tables are an immutable snapshot; what was asked belongs to one encounter."""
    one, other = BOOK.as_of(TODAY), BOOK.as_of(TODAY)
    one.limit("first_hour")
    one.position("midnight_dating")

    assert ([], {}) == (other.rows, other.sides_read)


def test_every_code_has_a_label_of_ours_and_a_place_among_charges():
    """What is printed is our own short label; an unknown code has none and stands at the end."""
    assert [row.code for row in BOOK.procedure_codes if not BOOK.label(row.code)] == []
    assert "" == BOOK.label("99999")
    assert BOOK.place_in_list("96413") < BOOK.place_in_list("96365") < BOOK.place_in_list("96360")
    assert BOOK.place_in_list("J0696") > BOOK.place_in_list("36430")
