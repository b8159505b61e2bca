"""The engine's charts in the words of the slow implementation, and back; and what lies outside its scope."""

from hypothesis import strategies as st

from plugin.codebook import CodeBook
from plugin.domain import Administration, Chart, DrugClass, Route, Status, Technique
from plugin.domain.interval import Stretch
from plugin.timeline.sites import catheter
from tests.properties import slow
from tests.properties.building import chart, given

DRUGS = {
    "paclitaxel": slow.CHEMOTHERAPY,
    "carboplatin": slow.CHEMOTHERAPY,
    "ceftriaxone": slow.THERAPEUTIC,
    "ondansetron": slow.THERAPEUTIC,
    "vancomycin": slow.THERAPEUTIC,
    "lactated ringer's": slow.HYDRATION,
    "sodium chloride 0.9%": slow.HYDRATION,
}
HOW = {slow.INFUSION: "IVPB", slow.PUSH: "IV push", "": "IV"}
FAMILY_OF = {
    DrugClass.ANTINEOPLASTIC: slow.CHEMOTHERAPY,
    DrugClass.COMPLEX_BIOLOGIC: slow.CHEMOTHERAPY,
    DrugClass.HORMONAL: slow.CHEMOTHERAPY,
    DrugClass.THERAPEUTIC: slow.THERAPEUTIC,
    DrugClass.HYDRATION_FLUID: slow.HYDRATION,
}
TECHNIQUE = {Technique.INFUSION: slow.INFUSION, Technique.PUSH: slow.PUSH, None: ""}
# Lengths that lie around a threshold come up more often than any other.
LENGTHS = st.one_of(
    st.sampled_from([2, 15, 16, 17, 20, 30, 31, 32, 45, 60, 90, 91, 120, 150, 151]), st.integers(2, 300)
)


@st.composite
def visits(draw: st.DrawFn) -> list[slow.Row]:
    """Up to eight rows: drugs of every family, overlapping or not, by order or without one, at one site or two."""
    return [draw(_rows(number)) for number in range(1, draw(st.integers(1, 8)) + 1)]


@st.composite
def _rows(draw: st.DrawFn, number: int) -> slow.Row:
    drug = draw(st.sampled_from(sorted(DRUGS)))
    family = DRUGS[drug]
    how = slow.INFUSION if family == slow.HYDRATION else draw(st.sampled_from([slow.INFUSION, slow.PUSH, ""]))
    start = draw(st.integers(0, 480))
    length = draw(st.one_of(st.just(0), st.integers(1, 25))) if how == slow.PUSH else draw(LENGTHS)
    order = draw(st.sampled_from(["", f"{drug} first", f"{drug} second"]))
    site = draw(st.sampled_from(["left forearm", "left forearm", "right hand"]))
    return slow.Row(f"m{number}", drug, family, how, start, start + length, order, draw(st.booleans()), site)


def as_chart(rows: list[slow.Row]) -> Chart:
    """The rows as a chart that says nothing of why there are two sites."""
    return chart(*(_administration(row) for row in rows))


def _administration(row: slow.Row) -> Administration:
    instant = row.how == slow.PUSH and row.start == row.stop
    return given(
        int(row.id[1:]),
        row.drug,
        row.start,
        None if instant else row.stop,
        HOW[row.how],
        request=row.order,
        site=row.site,
        status=Status.STOPPED if row.paused else Status.COMPLETED,
    )


def as_rows(charted: Chart) -> list[slow.Row]:
    """The chart as rows; OutOfScopeError says what the slow implementation has no say about."""
    return [_row(a) for a in charted.administrations]


def _row(a: Administration) -> slow.Row:
    identity, _ = CodeBook.load().drugs.identify(a.drug)
    push = a.technique is Technique.PUSH
    needed = {
        "a class other than chemotherapy, therapeutic, hydration": identity.drug_class in FAMILY_OF,
        "a route other than a vein": a.route is Route.INTRAVENOUS and a.technique is not Technique.INJECTION,
        "a missing time": a.start is not None and (a.stop is not None or push),
        "a status that doesn't count, or is open": a.status in (Status.COMPLETED, Status.STOPPED),
        "a dose or rate of 0": not (a.dose and a.dose.value == 0) and not (a.rate and a.rate.amount.value == 0),
        "linked rows": not a.part_of,
    }
    missing = [what for what, there in needed.items() if not there]
    if missing or a.start is None:
        raise slow.OutOfScopeError(missing[0])
    start = int(a.start.timestamp()) // 60
    stop = int(a.stop.timestamp()) // 60 if a.stop else start
    if stop < start:
        raise slow.OutOfScopeError("a stop before the start")
    how = slow.INFUSION if FAMILY_OF[identity.drug_class] == slow.HYDRATION else TECHNIQUE[a.technique]
    family = FAMILY_OF[identity.drug_class]
    return slow.Row(
        a.id, identity.key, family, how, start, stop, a.request, a.status is Status.STOPPED, catheter(a.site)
    )


def seconds(stretches: tuple[Stretch, ...]) -> int:
    """Seconds that the stretches hold."""
    return sum(stretch.stop - stretch.start for stretch in stretches)
