"""Services in the trade's words, for the picture and the table beside it."""

from plugin.domain import CodedEncounter, NamedService

# What the rulebook calls a service without a role, as a reader would say it; an own code needs no words.
ROLES = {
    "by its own code": "",
    "not earned": "earned no code",
    "untimed": "times missing",
    "charted at the same time": "charted at the same time as another",
}


def services_by_administration(coded: CodedEncounter) -> dict[str, NamedService]:
    """The counted service each administration belongs to."""
    return {id_: service for service in reversed(coded.services) for id_ in service.administrations}


def trade_words(service: NamedService) -> str:
    """Its kind and its place in the encounter, such as "intermittent, sequential"."""
    role = ROLES.get(service.role, service.role)
    return f"{service.name}, {role}" if role else service.name
