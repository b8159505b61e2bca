"""The mix of single-dose containers that wastes least."""

from fractions import Fraction

import pytest

from plugin.rules.drug_lines.container import least_waste


@pytest.mark.parametrize(
    ("dose", "sizes", "left", "mix"),
    [
        (305, [100], 95, [100, 100, 100, 100]),
        (300, [100, 400], 0, [100, 100, 100]),
        (700, [100, 500], 0, [500, 100, 100]),
        (420, [150], 30, [150, 150, 150]),
        (420, [150, 420], 0, [420]),
        (1, [100], 99, [100]),
        (950, [100, 400], 50, [400, 400, 100, 100]),
        (Fraction(1, 3), [1], Fraction(2, 3), [1]),
    ],
)
def test_it_leaves_the_least_with_the_fewest_containers(dose, sizes, left, mix):
    """Counted by hand; 300 mg come from three vials of 100 and not from one of 400."""
    found = least_waste(Fraction(dose), tuple(Fraction(size) for size in sizes))
    assert found == (Fraction(left), tuple(Fraction(size) for size in mix))


@pytest.mark.parametrize(("dose", "sizes"), [(100, []), (0, [100]), (100, [0]), (100_000, [1])])
def test_without_sizes_or_dose_there_is_none(dose, sizes):
    """Nor for a dose of more containers than anybody opens."""
    assert least_waste(Fraction(dose), tuple(Fraction(size) for size in sizes)) is None
