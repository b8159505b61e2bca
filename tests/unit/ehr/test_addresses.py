"""Addresses of EHRs: one spelling, and none that could lead elsewhere."""

import pytest

from plugin.ehr.addresses import BadAddress, host_of, is_loopback, normalise, origin_of


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("https://EHR.Example.org/FHIR/", "https://ehr.example.org/FHIR"),
        ("https://ehr.example.org:443/fhir", "https://ehr.example.org/fhir"),
        ("https://ehr.example.org:8443/fhir//", "https://ehr.example.org:8443/fhir"),
        ("http://LOCALHOST:80/fhir", "http://localhost/fhir"),
        ("http://[::1]:8080/fhir", "http://[::1]:8080/fhir"),
    ],
)
def test_one_spelling(written: str, expected: str) -> None:
    """Host case, default port and trailing slashes don't matter; the path's case does."""
    assert normalise(written) == expected


@pytest.mark.parametrize(
    "written",
    [
        "http://ehr.example.org/fhir",
        "ftp://ehr.example.org/fhir",
        "//ehr.example.org/fhir",
        "https:///fhir",
        "https://user:word@ehr.example.org/fhir",
        "https://ehr.example.org@evil.example/fhir",
        "https://ehr.example.org/fhir?x=1",
        "https://ehr.example.org/fhir?",
        "https://ehr.example.org/fhir#x",
        "https://ehr.example.org\\@evil.example/fhir",
        "https://ehr.example.org/fhir\n",
        "https://ehr.example.org:99999/fhir",
        "javascript:alert(1)",
        "",
    ],
)
def test_refused_spelling(written: str) -> None:
    """What isn't plain https (or http on loopback) is refused."""
    with pytest.raises(BadAddress):
        normalise(written)


def test_origin_and_host_leave_out_the_default_port() -> None:
    """Origins compare as browsers compare them."""
    assert origin_of("https://EHR.example.org:443/a/b?c") == "https://ehr.example.org"
    assert host_of("http://127.0.0.1:8000/x") == "127.0.0.1:8000"


@pytest.mark.parametrize(("host", "expected"), [("127.8.9.1", True), ("::1", True), ("127.0.0.1.evil.example", False)])
def test_loopback_is_this_machine_only(host: str, expected: bool) -> None:
    """A name that merely begins like a loopback address is not one."""
    assert is_loopback(host) is expected
