"""An infusion stopped for a reaction (dossier R22a): the minutes that ran, or in an office the intended service.

The alternative is position `stopped_for_reaction`; a facility has no modifier for it.
"""

from msgspec.structs import replace

from plugin.domain import CareSetting, Category, Service, Status, Technique
from plugin.rules.placement import Placed
from plugin.rules.visit import Visit

DRUGS = (Category.CHEMOTHERAPY, Category.THERAPEUTIC)
OFFICE, STOPPED = CareSetting.OFFICE, Status.STOPPED
BROKEN_OFF = ("53",)


def broken_off(service: Service) -> bool:
    """Meant to be an infusion, charted as stopped, and so short that its minutes make it a push."""
    last = service.administrations[-1]
    meant = any(a.technique is Technique.INFUSION or a.rate is not None for a in service.administrations)
    ran = any(s.stop > s.start for s in service.stretches)
    return meant and ran and last.status is Status.STOPPED and service.technique is Technique.PUSH


def as_intended(service: Service, category: Category, visit: Visit) -> Service:
    """The service as an infusion where an office reports what was intended, else as it is."""
    if visit.setting is not OFFICE or category not in DRUGS or not broken_off(service):
        return service
    if visit.book.position("stopped_for_reaction") == "actual_minutes":
        return service
    return replace(service, technique=Technique.INFUSION)


def with_modifiers(placed: list[Placed], visit: Visit) -> list[Placed]:
    """Services reported as intended carry modifier 53 before any other."""
    return [_with_its_own(p, visit) if p.service.administrations[-1].status is STOPPED else p for p in placed]


def _with_its_own(placed: Placed, visit: Visit) -> Placed:
    service = placed.service
    if service.technique is not Technique.INFUSION:
        return placed
    if placed.category not in DRUGS or not placed.kept or service.minutes >= visit.book.limit("infusion_minimum"):
        return placed
    return replace(placed, modifiers=(*BROKEN_OFF, *placed.modifiers))
