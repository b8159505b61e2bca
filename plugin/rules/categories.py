"""Which code family a drug belongs to: by drug and route, not by diagnosis (dossier R20, R31; addendum section 3)."""

from plugin.domain import Ask, Category, Decline, DrugClass, Fact, NotApplicable, Service, Technique
from plugin.domain.outcome import Answer
from plugin.rules.answers import with_class
from plugin.rules.base import rule, since
from plugin.rules.visit import Visit

VOLUME_DEPLETION = ("E86", "R11", "A08", "A09", "K52", "R19.7", "O21", "I95", "T67")
HYPOKALEMIA = "E87.6"
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
    injected = service.technique is Technique.INJECTION
    drug_class = service.drug.injected_class if injected else service.drug.drug_class
    if drug_class is DrugClass.HORMONAL and injected:
        return Category.HORMONAL
    if drug_class is DrugClass.COMPLEX_BIOLOGIC:
        own = "eculizumab_class" if service.drug.key.startswith("eculizumab") else "complex_biologic_class"
        side = visit.book.position(own)
        return Category.CHEMOTHERAPY if side == "complex" else Category.THERAPEUTIC
    if drug_class is DrugClass.ELECTROLYTE:
        return _electrolyte(service, visit)
    return BY_CLASS.get(drug_class)


def _electrolyte(service: Service, visit: Visit) -> Category | None:
    """Potassium to treat a low potassium is a drug; in a maintenance fluid for volume depletion it is hydration."""
    reasons = visit.reason_codes(service) or visit.diagnosis_codes
    low_potassium = any(code.startswith(HYPOKALEMIA) for code in reasons)
    if not _in_fluid(service) or (low_potassium and not _depleted(reasons)):
        return Category.THERAPEUTIC
    return Category.HYDRATION if _depleted(reasons) and not low_potassium else None


def _in_fluid(service: Service) -> bool:
    return " + " in service.drug.key or " with potassium" in service.drug.key


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
    question = Fact("Which class of drug is {}: chemotherapy or complex, or therapeutic?", (service.drug.text,))
    return Ask(
        "unknown-drug-class",
        service.ids,
        service.stretches,
        question,
        answers=(
            Answer("a therapeutic drug", with_class(service, DrugClass.THERAPEUTIC)),
            Answer("a chemotherapy or complex drug", with_class(service, DrugClass.ANTINEOPLASTIC)),
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
