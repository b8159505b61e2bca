"""What is not coded in this family at all; each service leaves by the first of these that names it."""

from plugin.domain import (
    Ask,
    Category,
    Decline,
    DrugClass,
    Fact,
    NotApplicable,
    Role,
    Route,
    Service,
    Status,
    Technique,
)
from plugin.rules.base import NOT_APPLICABLE, Said, looking_at, rule, since
from plugin.rules.marks import Mark, flagged
from plugin.rules.visit import Visit
from plugin.rules.wording import Words, mentions, says, texts

Sifted = Decline | Ask | NotApplicable
OUTSIDE = {
    Route.ENTERAL: "given by mouth or tube",
    Route.INHALED: "inhaled",
    Route.TOPICAL: "put on the skin, into eye, ear or nose",
    Route.INTRADERMAL: "given into the skin",
    Route.INTRATHECAL: "given into the spinal canal, which has codes of its own",
    Route.INTRA_ARTERIAL: "given into an artery, which has codes of its own",
    Route.CATHETER_CLEARANCE: "put into a catheter to clear it, which has a code of its own",
    Route.OTHER: "given by a route outside injections and infusions",
}
# Into an artery these belong to a procedure of its own, or are no drug of this family.
NOT_CODED_IN_AN_ARTERY = frozenset(DrugClass) - {
    DrugClass.ANTINEOPLASTIC,
    DrugClass.COMPLEX_BIOLOGIC,
    DrugClass.HORMONAL,
    DrugClass.THERAPEUTIC,
    DrugClass.UNKNOWN,
}
KEEP_OPEN = Words(
    r"(?<!then )(?<!then at )\b(kvo|tko|keep (the )?vein open|keep (the )?(line|vein) (patent|open))\b|"
    r"\bfree[- ]?flowing\b|\bfor (a |the )?vesicant"
)
ORAL_FORM = Words(
    r"\b(tablets?|tabs?|capsules?|caps?|oral (solution|suspension|liquid|powder|film)|lozenge|odt|chewable|syrup|"
    r"orally disintegrating|suppository|ointment|cream|gel|patch|eye drops?|nasal spray|inhaler|inhalation)\b"
)
IN_A_VEIN_OR_UNKNOWN = frozenset({Route.INTRAVENOUS, None})
SYRINGE_ML = 60
IMPLANTED = Words(r"\b(implant|pellets?)\b")
INJECTED_IMPLANT = "goserelin"  # its maker calls the depot an implant; the contractors list it as an injection
FLUSHING = Words(r"\b(flush(es|ed|ing)?|lock)\b")  # in the drug's own words only: many a site is called a saline lock
CARRIER = Words(r"\b(diluent|carrier|behind (the )?(piggyback|blood|heparin|sedation))\b")
WORDS = {
    Status.NOT_DONE: "charted as not done",
    Status.ENTERED_IN_ERROR: "charted in error",
    Status.ON_HOLD: "charted as on hold",
    Status.UNKNOWN: "charted with an unknown status, which does not say that it was given",
}


def declined(service: Service, reason: str) -> Decline:
    """A decline of a whole service where nothing was considered for billing."""
    return Decline(None, service.ids, service.stretches, (Fact("{}: " + reason, (_name(service),), service.ids),))


def _name(service: Service) -> str:
    return service.drug.text or service.drug.key


@rule(
    "STATUS-NOT-GIVEN",
    title="What was not given isn't counted",
    cites=("decided-defaults",),
    in_force=since("2006-01-01"),
    when=(Mark.NOT_GIVEN,),
)
def status_not_given(visit: Visit) -> list[Said]:
    """Not-done, entered-in-error and on-hold rows (dossier R22)."""
    return [
        Decline(None, (a.id,), (), (Fact("{}: {}", (a.drug.text, WORDS[a.status]), (a.id,)),))
        for a in visit.timeline.not_given
    ]


@rule(
    "ROUTE-OUTSIDE",
    title="Other routes than vein, muscle and under the skin are outside this family",
    cites=("other-routes",),
    in_force=since("2006-01-01"),
    when=(Mark.NO_ROUTE, *OUTSIDE),
)
def route_outside(service: Service, visit: Visit) -> Sifted:
    """Dossier R24b, R24c, engine order step 1."""
    if service.route is None and says(ORAL_FORM, [service.drug.text]):
        return declined(service, "its form is not for injection")
    if service.route is None or service.route not in OUTSIDE or _coded_by_other_rules(service):
        return NOT_APPLICABLE
    why = Fact("{}: " + OUTSIDE[service.route], (_name(service),), service.ids)
    return Decline(_named_code(service, visit), service.ids, service.stretches, (why,))


def _coded_by_other_rules(service: Service) -> bool:
    """A clotted catheter is cleared, or a drug given into an artery, under codes that this rulebook has."""
    if service.route is Route.INTRA_ARTERIAL:
        return service.drug.drug_class not in NOT_CODED_IN_AN_ARTERY
    return service.route is Route.CATHETER_CLEARANCE and service.drug.drug_class is DrugClass.THROMBOLYTIC


def _named_code(service: Service, visit: Visit) -> str | None:
    """The code of the other family, where this code book has it: a coder looks there."""
    if service.route is not Route.INTRATHECAL or service.drug.drug_class is not DrugClass.ANTINEOPLASTIC:
        return None
    return visit.book.code_anywhere(Category.CHEMOTHERAPY, Role.SEPARATE, "intrathecal")


@rule(
    "OTHER-FAMILY",
    title="Vaccines and allergen injections have administration codes of their own",
    cites=("vaccine-allergy", "aap-rsv"),
    in_force=since("2006-01-01"),
    looks_at=looking_at(DrugClass.VACCINE, DrugClass.ALLERGEN),
)
def other_family(service: Service, visit: Visit) -> Sifted:
    """Dossier R26."""
    return declined(service, "its administration has codes of its own")


@rule(
    "IMPLANT",
    title="Implants, pellets and procedure drugs are not injections of this family; they have codes of their own",
    cites=("testosterone-articles", "other-routes"),
    in_force=since("2006-01-01"),
    when=(IMPLANTED, flagged("implant")),
)
def implant(service: Service, visit: Visit) -> Sifted:
    """Addendum A13, R53: 11981 to 11983 for implants, 11980 for pellets; R24c, R54: botulinum has its own."""
    if service.drug.key == INJECTED_IMPLANT:
        return NOT_APPLICABLE
    if visit.book.flag(service.drug.key, "implant") or says(IMPLANTED, [service.drug.text]):
        return declined(service, "an implant or a procedure, which has codes of its own")
    return NOT_APPLICABLE


@rule(
    "PROCEDURE-INTEGRAL",
    title="Sedation, anesthesia and contrast belong to their procedure",
    cites=("procedure-integral",),
    in_force=since("2006-01-01"),
    looks_at=looking_at(DrugClass.ANESTHETIC, DrugClass.CONTRAST),
)
def procedure_integral(service: Service, visit: Visit) -> Sifted:
    """Dossier R25."""
    return declined(service, "part of the procedure it was given for")


@rule(
    "LINE-FLUSH",
    title="Flushing or locking a line is part of using it",
    cites=("ncci-11-b5-b6", "noridian-hydration"),
    in_force=since("2006-01-01"),
    looks_at=looking_at(DrugClass.FLUSH, DrugClass.HYDRATION_FLUID),
)
def line_flush(service: Service, visit: Visit) -> Sifted:
    """Dossier R18: flush before and after, diluent, carrier."""
    if service in visit.sole_port_flushes:
        return NOT_APPLICABLE
    flushes = any(mentions(FLUSHING, a.drug.text) for a in service.administrations)
    if service.drug.drug_class is DrugClass.FLUSH or flushes or visit.says(CARRIER, service) or _syringe(service):
        return declined(service, "a flush, lock or carrier, not hydration")
    return NOT_APPLICABLE


def _syringe(service: Service) -> bool:
    """A syringe of fluid by hand is a flush, whatever it is called."""
    first = service.administrations[0]
    by_hand = first.technique is Technique.PUSH and first.dose is not None and first.dose.unit.lower() == "ml"
    return by_hand and first.dose is not None and first.dose.value <= SYRINGE_ML


@rule(
    "KEEP-VEIN-OPEN",
    title="Fluid that only keeps a line open, or runs to push a vesicant safely, is not hydration",
    cites=("ncci-11-b16", "noridian-hydration", "aapc-chemo-saline"),
    in_force=since("2006-01-01"),
    looks_at=looking_at(DrugClass.HYDRATION_FLUID),
    when=(KEEP_OPEN,),
)
def keep_vein_open(service: Service, visit: Visit) -> Sifted:
    """Dossier R18, addendum R44."""
    if says(KEEP_OPEN, texts(service)):
        return declined(service, "it kept the line open, which is not hydration")
    return NOT_APPLICABLE


@rule(
    "FLUID-NOT-IN-A-VEIN",
    title="Fluid injected elsewhere than into a vein dilutes something, or is not hydration of this family",
    cites=("noridian-hydration",),
    in_force=since("2006-01-01"),
    looks_at=looking_at(DrugClass.HYDRATION_FLUID, DrugClass.ELECTROLYTE),
    when=set(Route) - IN_A_VEIN_OR_UNKNOWN,
)
def fluid_not_in_a_vein(service: Service, visit: Visit) -> Sifted:
    """Dossier R18: diluent; fluid under the skin has no rule in the dossier, so nothing is coded from it."""
    if service.route in IN_A_VEIN_OR_UNKNOWN:
        return NOT_APPLICABLE
    return declined(service, "fluid that was not given into a vein")


@rule(
    "NOTHING-GIVEN",
    title="A row with dose 0 gives nothing",
    cites=("decided-stitching",),
    in_force=since("2006-01-01"),
    when=(Mark.NO_DOSE,),
)
def nothing_given(service: Service, visit: Visit) -> Sifted:
    """DESIGN section 7: dose 0 ends a segment; one that ends nothing is left out."""
    doses = [a.dose for a in service.administrations]
    if doses and all(dose is not None and dose.value == 0 for dose in doses):
        return declined(service, "its dose is 0")
    return NOT_APPLICABLE


@rule(
    "DIALYSIS-BUNDLE",
    title="Drugs given by the dialysis facility sit in its bundle",
    cites=("dialysis-bundle",),
    in_force=since("2011-01-01"),
    when=(Mark.DIALYSIS,),
)
def dialysis_bundle(service: Service, visit: Visit) -> Sifted:
    """Addendum R47; only where the encounter says that it is a dialysis visit."""
    return declined(service, "given during dialysis, which pays for it")
