"""Access sites: the catheter, not the lumen, in one spelling."""

import pytest

from plugin.timeline.sites import as_one, can_be_one, catheter


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


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Left antecubital PIV 20G", "LAC"),
        ("PIV", "left forearm"),
        ("left arm", "LFA"),
        ("PICC", "RUA PICC"),
        ("Port", "Right chest port-a-cath"),
        ("right chest port", "R subclavian port"),
        ("central line", "PICC RUA"),
        ("RIJ triple lumen - brown", "Right IJ TLC white"),
        ("LFA", "left forearm midline"),
    ],
)
def test_descriptions_without_a_contradiction_can_be_one_catheter(one, other):
    """In doubt one site: what one leaves out, the other may say."""
    assert can_be_one(one, other)
    assert can_be_one(catheter(other), catheter(one))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("LAC", "RAC"),
        ("left forearm", "left hand"),
        ("left upper forearm", "left lower forearm"),
        ("Port", "left forearm"),
        ("PICC", "LFA"),
        ("PICC", "port"),
        ("RUA PICC", "RUA PIV"),
        ("LAC PIV", "LAC PICC"),
        ("right chest port", "RIJ TLC"),
        ("right chest port", "right IJ central line"),
        ("PIV #1", "PIV #2"),
        ("left hand", "another site"),
        ("PIV", "a site of its own"),
        ("left deltoid", "left forearm"),
    ],
)
def test_a_contradiction_makes_two_catheters(one, other):
    """Side, place, kind and number each tell two catheters apart."""
    assert not can_be_one(one, other)
    assert not can_be_one(catheter(other), catheter(one))


def test_a_vague_description_joins_one_catheter_and_makes_none_of_its_own():
    """Two arms stay two, whichever of them the vague one is taken for."""
    taken = as_one(["piv", "l fa", "r fa"])
    assert taken["l fa"] != taken["r fa"]
    assert taken["piv"] in (taken["l fa"], taken["r fa"])
