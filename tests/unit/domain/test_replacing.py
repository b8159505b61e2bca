"""A changed copy, whatever a value is made as."""

import pytest

from plugin.domain import Neighbour, Term
from plugin.domain.replacing import replace


def test_a_struct_and_a_dataclass_are_copied_alike():
    """The changed field is changed, the others and the value itself are not."""
    term, near = Term("icd10cm", "E86.0", "dehydration"), Neighbour("Encounter/e1", "AMB", None, None)

    assert replace(term, code="R11.0") == Term("icd10cm", "R11.0", "dehydration")
    assert replace(near, charged=("96365",)) == Neighbour("Encounter/e1", "AMB", None, None, ("96365",))
    assert (term.code, near.charged) == ("E86.0", ())


@pytest.mark.parametrize("value", [Term("text", ""), Neighbour("Encounter/e1", "", None, None)])
def test_a_field_that_is_not_there_is_an_error(value):
    """A slip of the pen is not swallowed."""
    with pytest.raises(TypeError):
        replace(value, colour="red")
