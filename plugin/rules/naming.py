"""What the trade calls a service (practice; no single source): shown on the timeline, decides no code.

Specialty is chemotherapy or a complex biologic, however given.
An infusion is continuous when its rate was changed while it ran or it ran more than 8 hours, else intermittent.
"""

from plugin.domain import Category, NamedService, Service, Technique
from plugin.rules.base import Kind
from plugin.rules.placement import Placed

CONTINUOUS_MINUTES = 480
OF_CATEGORY = {
    Category.CHEMOTHERAPY: "specialty",
    Category.HORMONAL: "specialty",
    Category.HYDRATION: "hydration",
    Category.TRANSFUSION: "transfusion",
}


def trade_name(service: Service, category: Category) -> str:
    """Continuous, intermittent, push, injection, specialty, hydration or transfusion."""
    if category in OF_CATEGORY:
        return OF_CATEGORY[category]
    if service.technique is not Technique.INFUSION:
        return str((service.technique or Technique.PUSH).value)
    rates = {a.rate for a in service.administrations if a.rate is not None}
    return "continuous" if len(rates) > 1 or service.minutes > CONTINUOUS_MINUTES else "intermittent"


def named(counted: list[tuple[Service, Category]], placed: list[Placed]) -> tuple[NamedService, ...]:
    """Every counted service once, in order of start; its role is the first it was placed in."""
    roles: dict[str, str] = {}
    for p in placed:
        if p.role is not Kind.NOT_EARNED or p.service.id not in roles:
            roles[p.service.id] = p.role.value
    return tuple(
        NamedService(
            administrations=service.ids,
            name=trade_name(service, category),
            category=category.value,
            technique=service.technique.value if service.technique else "",
            role=roles.get(service.id, "by its own code"),
            access_site=service.access_site,
            minutes=service.minutes,
            tier=int(service.tier),
        )
        for service, category in counted
    )
