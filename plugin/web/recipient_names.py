"""What the EHR calls whoever a question goes to: asked once, when it is sent, and waited for a moment only."""

from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooSlowError

from plugin.ehr.references import Base
from plugin.ehr.user_names import read_user_name
from plugin.store.launch_rows import Launch
from plugin.web.services import Services

MOMENT_SECONDS = 2.0
_PEOPLE = frozenset({"Practitioner", "PractitionerRole"})


def name_of(services: Services, launch: Launch, reference: str) -> str:
    """The name, empty where the EHR doesn't give it in time; the question is sent all the same."""
    tenant = services.tenant(launch)
    person = Base(tenant.iss).local(reference)
    if person.partition("/")[0] not in _PEOPLE:
        return ""
    pool = ThreadPoolExecutor(1, thread_name_prefix="recipient")
    asked = pool.submit(read_user_name, services.transport, tenant, launch.tokens.access, person, launch.scopes)
    pool.shutdown(wait=False)
    try:
        return asked.result(MOMENT_SECONDS)
    except TooSlowError:
        return ""
