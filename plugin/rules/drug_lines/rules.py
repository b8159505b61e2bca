"""What follows for each product: a line, a line for its waste, a refusal, or a question."""

from collections.abc import Iterable

from plugin.codebook.drug_rows import DrugCode
from plugin.domain import Ask, Decline, DrugClass, Fact, Notice, Suggest
from plugin.domain.outcome import Answer
from plugin.rules.answers import Apply, with_each_stated, with_stated
from plugin.rules.base import Said, rule, since
from plugin.rules.drug_lines import amount, container, modifiers, product, source
from plugin.rules.drug_lines.amount import one_unit, plain
from plugin.rules.drug_lines.dispensed import Dispensed, ids_of
from plugin.rules.drug_lines.given import Share
from plugin.rules.drug_lines.packages_used import product_of
from plugin.rules.drug_lines.waste import Discarded
from plugin.rules.visit import Visit

DEAR = frozenset([DrugClass.ANTINEOPLASTIC, DrugClass.COMPLEX_BIOLOGIC, DrugClass.HORMONAL])


@rule(
    "DRUG-CODE",
    title="Each product has its own code; a name that fits several products decides none of them",
    cites=("drug-products",),
    in_force=since("2006-01-01"),
)
def drug_code(given: Dispensed, visit: Visit) -> list[Said]:
    """Dossier R32c: brand, NDC or manufacturer decide among biosimilars and brand-specific codes; never a guess."""
    if len(given.codes) < 2:
        return []
    ids = ids_of(given.shares)
    if given.is_fluid:
        return [_unknown_bag(given, ids)]
    names = "; ".join(_named(code) for code in given.codes)
    question = Fact("Which product of {} was given? It may be {}", (given.drug, names), ids)
    answers = [Answer(_named(code), _stated(product.KIND, given.shares, code.code)) for code in given.codes]
    return [Ask(product.KIND, ids, (), question, tuple(answers))]


def _stated(kind: str, about: Iterable[Share], value: str) -> Apply:
    return with_each_stated(kind, {share.about: value for share in about})


def _unknown_bag(given: Dispensed, ids: tuple[str, ...]) -> Decline:
    """Fluids are seldom paid for by themselves (dossier R32f), so which bag it was is nobody's question."""
    return Decline(None, ids, (), (Fact("which bags of {} were hung isn't charted", (given.drug,), ids),))


def _named(code: DrugCode) -> str:
    which = " or ".join(code.products[:2]) or ("dialysis" if code.esrd else code.label)
    return f"{code.code} ({which})" if which else code.code


@rule(
    "DRUG-WITHOUT-CODE",
    title="A drug without a code of its own on that day is left to a coder",
    cites=("drugs-not-classified",),
    in_force=since("2006-01-01"),
)
def drug_without_code(given: Dispensed, visit: Visit) -> list[Said]:
    """Dossier R32b: the not-otherwise-classified codes, and C9399 in a hospital, are never suggested automatically."""
    if given.codes or not given.shares[0].service.drug.row:
        return []
    ids = ids_of(given.shares)
    words = "{} has no code of its own on {} in the code book; a not-otherwise-classified code is a coder's choice"
    why = Fact(words, (given.drug, given.day.isoformat()), ids)
    told = [Notice("manual-unlisted", ids, why)] if given.shares[0].service.drug.drug_class in DEAR else []
    return [Decline(None, ids, (), (why,)), *told]


@rule(
    "DRUG-UNITS",
    title="Units of a drug are the day's amount over the amount of its code, rounded up once",
    cites=("drug-units", "ndc-billing-units"),
    in_force=since("2006-01-01"),
)
def drug_units(given: Dispensed, visit: Visit) -> list[Said]:
    """Dossier R32; addendum A18 for codes that read "up to"; R35 for drugs that cost nothing."""
    code = given.code
    if code is None or not given.measured:
        return []
    ids = given.ids
    if given.free and visit.book.position("no_cost_drug_line") == "omit":
        why = Fact("{} cost the biller nothing, and such a drug has no line here", (given.drug,), ids)
        return [Decline(code.code, ids, (), (why,))]
    units = given.units(code, visit)
    one = one_unit(code, visit.book.book.units)
    values = (plain(given.total), one.unit, "up to " if code.up_to else "", plain(one.value), one.unit, units)
    words = "{} {} in all, one unit is {}{} {}: {}, rounded up"
    facts = [fact for m in given.measured for fact in m.amount.facts]
    facts += [fact for m in given.measured if isinstance(m.waste, Discarded) for fact in m.waste.facts]
    facts.append(Fact(words, values, ids))
    if given.free:
        facts.append(Fact("{} cost the biller nothing: a nominal charge, and no waste", (given.drug,), ids))
    of_line = (*modifiers.of_line(given, code, visit), *_nothing_wasted(given, visit))
    used = product_of(given, code, given.total, visit)
    return [Suggest(code.code, units, given.day, ids, (), tuple(facts), modifiers=of_line, product=used)]


def _nothing_wasted(given: Dispensed, visit: Visit) -> tuple[str, ...]:
    if given.free or not visit.book.modifier_holds("JZ"):
        return ()
    return ("JZ",) if given.wasted_units(visit) == 0 else ()


@rule(
    "DRUG-WASTE",
    title="What a single-dose container held beyond the dose has a line with JW, rounded down; else the line has JZ",
    cites=("drug-waste", "waste-within-one-unit", "ndc-billing-units"),
    in_force=since("2017-01-01"),
)
def drug_waste(given: Dispensed, visit: Visit) -> list[Said]:
    """Dossier R32a, addendum A4; overfill never counts, a multi-dose container has no waste line."""
    code = given.code
    if code is None or given.free:
        return []
    if given.unsaid:
        return [_which_container(given)]
    units = given.wasted_units(visit)
    if not units or given.discarded is None:
        return []
    one = one_unit(code, visit.book.book.units)
    values = (plain(given.discarded), one.unit, plain(one.value), one.unit, units)
    facts = [fact for m in given.measured if isinstance(m.waste, Discarded) for fact in m.waste.facts]
    facts.append(Fact("{} {} discarded, one unit is {} {}: {}, rounded down", values, given.ids))
    of_line = (*modifiers.of_line(given, code, visit), "JW")
    left = product_of(given, code, given.discarded, visit)
    return [Suggest(code.code, units, given.day, given.ids, (), tuple(facts), modifiers=of_line, product=left)]


def _which_container(given: Dispensed) -> Ask:
    """One question for each product; an answer is written as the chart would say it, for each dose by itself."""
    unsaid = given.unsaid
    ids = ids_of(share for share, _ in unsaid)
    question = Fact("What container did {} come from, and how much of it was discarded?", (given.drug,), ids)
    answers = []
    for name in dict.fromkeys(name for _, waste in unsaid for name in waste.answers):
        texts = {share.about: text for share, waste in unsaid if (text := waste.answers.get(name))}
        one = set(texts.values())
        answers.append(Answer(one.pop() if len(one) == 1 else name, with_each_stated(container.KIND, texts)))
    return Ask(container.KIND, ids, (), question, tuple(answers))


@rule(
    "DRUG-DOSE",
    title="A dose that can't be put into the unit of its code is a question, never a guess",
    cites=("drug-units",),
    in_force=since("2006-01-01"),
)
def drug_dose(given: Dispensed, visit: Visit) -> list[Said]:
    """Dossier R32: a dose is missing, in another kind of unit, without concentration, or for each kg of body."""
    if given.is_fluid:
        return [_unknown_bag(given, share.service.ids) for share, _ in given.unclear]
    return [_asked(given, share, unclear, visit) for share, unclear in given.unclear]


def _asked(given: Dispensed, share: Share, unclear: amount.Unclear, visit: Visit) -> Ask:
    code = given.codes[0]
    guesses = unclear.doses or (_as_one_unit(code, visit),)
    made_up = not unclear.doses or unclear.kind == amount.WEIGHT
    about = unclear.about or share.about
    answers = tuple(
        Answer(f"{text}, for example" if made_up else text, with_stated(unclear.kind, about, text), made_up)
        for text in guesses
    )
    return Ask(unclear.kind, share.service.ids, (), unclear.question, answers)


def _as_one_unit(code: DrugCode, visit: Visit) -> str:
    one = one_unit(code, visit.book.book.units)
    return f"{plain(one.value)} {one.unit}"


@rule(
    "DRUG-SOURCE",
    title="A drug that somebody else paid for has no full charge",
    cites=("no-cost-drug",),
    in_force=since("2006-01-01"),
)
def drug_source(given: Dispensed, visit: Visit) -> list[Said]:
    """Addendum R35; asked only where the chart hints at it."""
    doubtful = [share for share in given.shares if source.is_doubtful(share, visit)]
    if not doubtful:
        return []
    ids = ids_of(doubtful)
    question = Fact("Who paid for {}: this biller, or somebody else?", (given.drug,), ids)
    answers = tuple(Answer(text, _stated(source.KIND, doubtful, text)) for text in (source.PURCHASED, source.FREE))
    return [Ask(source.KIND, ids, (), question, answers)]


@rule(
    "DRUG-340B",
    title="Whether a drug was bought under 340B is never inferred",
    cites=("drug-340b",),
    in_force=since("2025-01-01"),
)
def drug_340b(given: Dispensed, visit: Visit) -> list[Said]:
    """Dossier R32d, addendum A5: asked where the chart names 340B and nobody has said; a site may say it for all."""
    named = [share for share in given.shares if visit.says(modifiers.NAMED, share.service)]
    if not named or modifiers.bought_so(visit) is not None:
        return []
    ids = ids_of(named)
    question = Fact("Was {} bought under 340B? The chart names it", (given.drug,), ids)
    both = (modifiers.BOUGHT_SO, modifiers.NOT_SO)
    return [Ask(modifiers.KIND, ids, (), question, tuple(Answer(t, with_stated(modifiers.KIND, "", t)) for t in both))]
