"""What an EHR's failure means for somebody in a chart, and what those who run the app can look at.

The error's own words are technical; they are for the log and for the administrator's page.
"""

from dataclasses import dataclass, replace
from http import HTTPStatus

from plugin.ehr.errors import (
    AnswerTooLarge,
    BudgetSpent,
    DiscoveryFailed,
    EhrError,
    FhirError,
    IdentityRefused,
    SessionEnded,
    TokenRefused,
    Unreachable,
)

FROM_CHART = "Close this page and open the app again from the patient's chart."
IN_A_MOMENT = "Try again in a moment. If it fails again, give your IT the reference below."
TELL_IT = "You can't mend this here: give your IT the reference below."
DOCTOR = "infusion-charges doctor says what the EHR offers; iss in the tenants file may be wrong"


@dataclass(frozen=True, slots=True)
class Words:
    """An error page: `text` is what happened, `remedy` what its reader can do, `for_it` where others can look.

    Without `text` the error's own words are fit for its reader.
    """

    status: HTTPStatus
    title: str
    text: str
    remedy: str
    for_it: str = ""


_USUAL = Words(
    HTTPStatus.BAD_GATEWAY,
    "The EHR did not give what is needed",
    "The EHR answered, but not with what the app needs to show this page. Nothing was changed.",
    IN_A_MOMENT,
    DOCTOR,
)
_BY_KIND = {
    "forbidden": Words(
        HTTPStatus.FORBIDDEN,
        "The EHR does not allow this",
        "",
        FROM_CHART,
        "the person's rights at the EHR, the scopes of the app's registration, or what was granted",
    ),
    "break-the-glass": Words(HTTPStatus.FORBIDDEN, "The EHR does not allow this", "", FROM_CHART),
    "not-offered": replace(_USUAL, title="The EHR does not offer what is needed", text="", remedy=TELL_IT),
    "busy": replace(_USUAL, text="", remedy="Wait until then, and try again.", for_it="the EHR's own limits"),
    "not-found": replace(_USUAL, text="", for_it="the launch named something that the EHR doesn't have"),
    "expired-page": replace(_USUAL, text="", for_it=""),
}
_BY_CLASS: tuple[tuple[type[EhrError], Words], ...] = (
    (SessionEnded, Words(HTTPStatus.FORBIDDEN, "The session has ended", "", FROM_CHART)),
    (
        TokenRefused,
        Words(
            HTTPStatus.BAD_REQUEST,
            "The EHR refused the launch",
            "The EHR's sign-in did not let the app in. Either the launch was too old, or the app is not set up there "
            "as it should be.",
            f"{FROM_CHART} If it fails again, give your IT the reference below.",
            "the app's registration at the EHR: client id, its secret or key, and the redirect address",
        ),
    ),
    (
        IdentityRefused,
        Words(
            HTTPStatus.FORBIDDEN,
            "The EHR did not prove who you are",
            "The EHR said who you are in a way that can't be checked, so the app lets nobody in.",
            f"{FROM_CHART} If it fails again, give your IT the reference below.",
            "issuer and client_id in the tenants file, and this server's clock",
        ),
    ),
    (
        DiscoveryFailed,
        Words(
            HTTPStatus.BAD_GATEWAY,
            "The EHR's sign-in can't be found",
            "The app asked the EHR where its users sign in, and got no answer that it can use. You are not signed in, "
            "and nothing was read.",
            IN_A_MOMENT,
            DOCTOR,
        ),
    ),
    (
        Unreachable,
        Words(
            HTTPStatus.GATEWAY_TIMEOUT,
            "The EHR does not answer",
            "The EHR could not be reached, or did not answer in time. Other systems may notice it, too.",
            IN_A_MOMENT,
            "the EHR's own state, the network between, a proxy, or a certificate",
        ),
    ),
    (
        BudgetSpent,
        replace(
            _USUAL,
            title="This chart is too large",
            text="Reading this chart would take more than the app may ask of the EHR at once.",
            remedy="Look at the visit in the EHR. Your IT can raise the limit; give them the reference below.",
            for_it="request_budget in the tenants file",
        ),
    ),
    (
        AnswerTooLarge,
        replace(
            _USUAL,
            title="This chart is too large",
            text="The EHR's answer is larger than the app reads.",
            remedy=f"Look at the visit in the EHR. {TELL_IT}",
            for_it="page_size in the tenants file",
        ),
    ),
)


def words_for(error: EhrError) -> Words:
    """The page for an error, complete."""
    found = next((words for kind, words in _BY_CLASS if isinstance(error, kind)), _USUAL)
    if isinstance(error, FhirError):
        found = _BY_KIND.get(error.kind, _USUAL)
    return found if found.text else replace(found, text=_sentence(str(error)))


def needs_no_reference(error: EhrError) -> bool:
    """Nothing failed: the session is simply over."""
    return isinstance(error, SessionEnded)


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith(('.', '!', '?')) else '.'}"
