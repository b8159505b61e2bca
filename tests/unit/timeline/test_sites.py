"""Access sites: the catheter, not the lumen, in one spelling."""

import pytest

from plugin.timeline.sites import catheter


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("RUA PICC purple lumen", "RUA PICC red lumen"),
        ("Right upper arm PICC", "RUA PICC"),
        ("left forearm", "LFA"),
        ("Left Forearm", "left  forearm."),
        ("Lt AC", "left antecubital fossa"),
        ("R hand PIV", "right hand peripheral IV"),
        ("right chest port, proximal", "right chest port, distal"),
        ("double lumen central line, white", "central line (brown)"),
    ],
)
def test_spellings_and_lumens_of_one_catheter_are_one_site(one, other):
    """Each lumen of a catheter is the same site (addendum A1)."""
    assert catheter(one) == catheter(other) != ""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("left forearm", "right forearm"),
        ("left forearm", "left hand"),
        ("right chest port", "right forearm"),
        ("RUA PICC", "LUA PICC"),
    ],
)
def test_different_catheters_stay_apart(one, other):
    """Another vein is another site."""
    assert catheter(one) != catheter(other)


@pytest.mark.parametrize("site", ["", "  ", "-", "IV access"])
def test_what_names_no_vein_is_no_site_or_only_itself(site):
    """Unknown sites are taken as one."""
    assert catheter(site) in ("", "iv")


def test_a_normalised_site_stays_as_it_is():
    """Normalising twice changes nothing."""
    for site in ("RUA PICC purple lumen", "left AC 20g", "Right chest port a", "Lt. wrist"):
        assert catheter(catheter(site)) == catheter(site)
