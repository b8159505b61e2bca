"""Which code family a drug belongs to: by drug and route, not by diagnosis (dossier R20, R31; addendum section 3)."""

import re

from plugin.domain import Ask, Category, Decline, DrugClass, Fact, NotApplicable, Service, Technique
from plugin.domain.outcome import Answer
from plugin.rules.answers import with_class
from plugin.rules.base import rule, since
from plugin.rules.visit import Visit

INJECTION = Technique.INJECTION
VOLUME_DEPLETION = ("E86", "R11", "A08", "A09", "K52", "R19.7", "O21", "I95", "T67")
HYPOKALEMIA = "E87.6"
MAINTENANCE_ML = 500
ML = re.compile(r"\b(\d{1,4}(?:,\d{3})?) ?ml\b", re.IGNORECASE)
BY_CLASS = {
    DrugClass.ANTINEOPLASTIC: Category.CHEMOTHERAPY,
    DrugClass.HORMONAL: Category.CHEMOTHERAPY,
    DrugClass.THERAPEUTIC: Category.THERAPEUTIC,
    DrugClass.THROMBOLYTIC: Category.THERAPEUTIC,
    DrugClass.HYDRATION_FLUID: Category.HYDRATION,
    DrugClass.BLOOD: Category.TRANSFUSION,
    DrugClass.FLUSH: Category.THERAPEUTIC,  # only the sole flush of a port comes this far
}


def category_of(service: Service, visit: Visit) -> Category | None:
    """The family, or None when it must be asked for (`UNKNOWN-DRUG-CLASS`, `ELECTROLYTE-INTENT`)."""
    injected = service.technique is INJECTION
    drug_class = service.drug.injected_class if injected else service.drug.drug_class
    if service.drug.key == "rituximab" and not _cancer(visit):
        side = visit.book.position("rituximab_outside_cancer")
        return Category.CHEMOTHERAPY if side == "complex" else Category.THERAPEUTIC
    by_class = BY_CLASS.get(drug_class)
    if by_class is not None:
        return Category.HORMONAL if injected and drug_class is DrugClass.HORMONAL else by_class
    if drug_class is DrugClass.COMPLEX_BIOLOGIC:
        own = "eculizumab_class" if service.drug.key.startswith("eculizumab") else "complex_biologic_class"
        side = visit.book.position(own)
        return Category.CHEMOTHERAPY if side == "complex" else Category.THERAPEUTIC
    return _electrolyte(service, visit) if drug_class is DrugClass.ELECTROLYTE else None


def _cancer(visit: Visit) -> bool:
    return any(code.startswith(("C", "D0", "D1", "D2", "D3", "D4", "Z51.1")) for code in visit.diagnosis_codes)


def _electrolyte(service: Service, visit: Visit) -> Category | None:
    """Potassium to treat a low potassium is a drug; in a maintenance fluid for volume depletion it is hydration."""
    reasons = visit.reason_codes(service) or visit.diagnosis_codes
    low_potassium = any(code.startswith(HYPOKALEMIA) for code in reasons)
    if not _in_fluid(service) or (low_potassium and not _depleted(reasons)):
        return Category.THERAPEUTIC
    return Category.HYDRATION if _depleted(reasons) and not low_potassium else None


def _in_fluid(service: Service) -> bool:
    """Potassium chloride in a maintenance fluid: mixed into a bag of some size, not a rider (dossier R20)."""
    key = service.drug.key
    mixed = " + " in key or " with potassium" in key
    return mixed and "phosphate" not in key and (_millilitres(service) or MAINTENANCE_ML) >= MAINTENANCE_ML


def _millilitres(service: Service) -> int:
    """The largest volume that text or dose name, 0 when neither does."""
    written = [int(found.replace(",", "")) for a in service.administrations for found in ML.findall(a.drug.text)]
    doses = [int(a.dose.value) for a in service.administrations if a.dose is not None and a.dose.unit.lower() == "ml"]
    return max([*written, *doses], default=0)


def _depleted(codes: frozenset[str]) -> bool:
    return any(code.startswith(VOLUME_DEPLETION) for code in codes)


@rule(
    "UNKNOWN-DRUG-CLASS",
    title="A drug the tables don't know is asked about, never taken for therapeutic",
    cites=("decided-defaults",),
    in_force=since("2006-01-01"),
)
def unknown_drug_class(service: Service, visit: Visit) -> Ask | Decline | NotApplicable:
    """Dossier R1, R22c."""
    question = Fact("Which kind of drug is {}: chemotherapy or complex, therapeutic, or a fluid?", (service.drug.text,))
    return Ask(
        "unknown-drug-class",
        service.ids,
        service.stretches,
        question,
        answers=(
            Answer("a therapeutic drug", with_class(service, DrugClass.THERAPEUTIC)),
            Answer("a chemotherapy or complex drug", with_class(service, DrugClass.ANTINEOPLASTIC)),
            Answer("a fluid to hydrate", with_class(service, DrugClass.HYDRATION_FLUID)),
        ),
    )


@rule(
    "ELECTROLYTE-INTENT",
    title="Potassium in a maintenance fluid is hydration or treatment, as the reason says; no reason, a question",
    cites=("coding-clinic-hydration", "haugen-electrolytes"),
    in_force=since("2006-01-01"),
)
def electrolyte_intent(service: Service, visit: Visit) -> Ask | Decline | NotApplicable:
    """Dossier R20."""
    question = Fact("Was {} given to hydrate, or to treat a low potassium?", (service.drug.text,))
    return Ask(
        "electrolyte-intent",
        service.ids,
        service.stretches,
        question,
        answers=(
            Answer("to hydrate", with_class(service, DrugClass.HYDRATION_FLUID)),
            Answer("to treat a low potassium", with_class(service, DrugClass.THERAPEUTIC)),
        ),
    )
