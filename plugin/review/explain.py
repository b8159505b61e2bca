"""A coded encounter in words: the JSON of the command line (DESIGN section 6) and sentences for pages."""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, datetime, tzinfo
from typing import Any

from plugin.codebook import CodeBook
from plugin.domain import (
    Administration,
    Ask,
    Caveat,
    ChargeMinutes,
    Chart,
    Citation,
    CodedEncounter,
    Decline,
    Edit,
    Hint,
    MappingIssue,
    Notice,
    Ruling,
    SuggestedCharge,
    line_key,
)
from plugin.review.scrubbing import Scrubbed, scrub_existing, scrub_suggested
from plugin.rules import BY_ID


def as_json(coded: CodedEncounter, book: CodeBook) -> dict[str, Any]:
    """One entry of `encounters` as DESIGN section 6 shapes it; strings, integers, lists and null only."""
    chart = coded.chart
    scrubbed = scrub_suggested(coded, book)
    return {
        "encounter": chart.encounter.id,
        "patient": chart.encounter.patient,
        "setting": coded.setting.value,
        "date_of_service": coded.day.isoformat() if coded.day else None,
        "complete": coded.complete,
        "charges": [_charge(charge, coded, book, scrubbed) for charge in coded.charges],
        "queries": [_query(ask, would) for ask, would in zip(coded.asks, coded.would, strict=True)],
        "notices": [_notice(notice) for notice in coded.notices],
        "declined": [_declined(r, r.outcome) for r in coded.rulings if isinstance(r.outcome, Decline)],
        "issues": [issue_json(issue) for issue in coded.issues],
        "positions": dict(coded.positions),
        "services": [asdict(service) for service in coded.services],
        "edits": [edit_json(edit, book) for edit in scrubbed.edits],
        "hints": [_hint(hint, book) for hint in scrubbed.hints],
        "existing_edits": [edit_json(edit, book) for edit in scrub_existing(coded, book).edits],
    }


def _charge(charge: SuggestedCharge, coded: CodedEncounter, book: CodeBook, scrubbed: Scrubbed) -> dict[str, Any]:
    key = line_key(charge)
    return {
        "key": key,
        "system": charge.system,
        "code": charge.code,
        "label": book.label(charge.code),
        "units": charge.units,
        "modifiers": list(charge.modifiers),
        "date": charge.day.isoformat(),
        "diagnoses": list(charge.diagnoses),
        "administrations": list(charge.administrations),
        "minutes": [minutes_json(part, coded.chart) for part in charge.minutes],
        **_product(charge),
        "evidence": [{"fact": f.text(), "references": list(f.references)} for f in charge.evidence],
        "rules": list(charge.rules),
        "citations": [cited(citation) for citation in citations_of(charge.citations, book)],
        "because": because(charge),
        "caveats": [_caveat(caveat) for caveat in charge.caveats],
        "edits": [edit.id for edit in scrubbed.about(key)],
    }


def _product(charge: SuggestedCharge) -> dict[str, Any]:
    """Of a drug line: its package, how much of it in what unit, and why so or why not."""
    quantity, because = charge.ndc_quantity, charge.ndc_because
    return {
        **({"ndc": charge.ndc} if charge.ndc else {}),
        **({"ndc_quantity": f"{quantity.value.normalize():f}", "ndc_unit": quantity.unit} if quantity else {}),
        **({"ndc_because": because.text()} if because else {}),
    }


def edit_json(edit: Edit, book: CodeBook) -> dict[str, Any]:
    """What the scrubber has against lines: `lines` are the keys of charges, or the ids of those in the EHR."""
    return {
        "id": edit.id,
        "severity": edit.severity.value,
        "lines": list(edit.lines),
        "text": edit.text.text(),
        "mend": edit.mend.text(),
        "rows": [f"{row.table}: {row.key}" for row in edit.rows],
        "citations": [cited(citation) for citation in citations_of(edit.citations, book)],
    }


def _hint(hint: Hint, book: CodeBook) -> dict[str, Any]:
    return {
        "line": hint.line,
        "text": hint.text.text(),
        "standing": hint.standing,
        "citations": [cited(citation) for citation in citations_of(hint.citations, book)],
    }


def minutes_json(part: ChargeMinutes, chart: Chart) -> dict[str, Any]:
    """One unit's stretch with its times in the facility's zone, else as charted."""
    zone = zone_of(part.administration, chart)
    return {
        "unit": part.unit,
        "administration": part.administration,
        "tier": int(part.tier),
        "start": datetime.fromtimestamp(part.start, zone).isoformat(),
        "stop": datetime.fromtimestamp(part.stop, zone).isoformat(),
    }


def zone_of(administration: str, chart: Chart) -> tzinfo:
    """The facility's zone, else the offset an administration was charted with."""
    if chart.zone is not None:
        return chart.zone
    found: Administration | None = next((a for a in chart.administrations if a.id == administration), None)
    moment = (found.start or found.stop) if found else None
    return (moment.tzinfo if moment else None) or UTC


def because(charge: SuggestedCharge) -> list[str]:
    """The rule titles that earned the line, in plain words."""
    return [f"{BY_ID[rule].title} ({rule})" for rule in charge.rules]


def citations_of(ids: Iterable[str], book: CodeBook) -> list[Citation]:
    """The sources behind ids, in their order."""
    return [book.citations[source] for source in ids]


def cited(citation: Citation) -> str:
    """A source on one line, with its standing and the day it was checked."""
    return f"{citation.title} <{citation.locator}> ({citation.standing.value}, checked {citation.checked_on})"


def _caveat(caveat: Caveat) -> dict[str, Any]:
    return {
        "position": caveat.position,
        "took": caveat.took,
        "other": caveat.other,
        "effect": caveat.effect,
        "sources": list(caveat.sources),
    }


def _query(ask: Ask, would: str) -> dict[str, Any]:
    return {
        "kind": ask.kind,
        "administrations": list(ask.administrations),
        "question": ask.question.text(),
        "would": would,
    }


def _notice(notice: Notice) -> dict[str, Any]:
    return {"kind": notice.kind, "administrations": list(notice.administrations), "text": notice.text.text()}


def _declined(ruling: Ruling, outcome: Decline) -> dict[str, Any]:
    return {
        "code": outcome.code,
        "administrations": list(outcome.administrations),
        "rules": list(ruling.rules),
        "because": [fact.text() for fact in outcome.because],
    }


def issue_json(issue: MappingIssue) -> dict[str, Any]:
    """Something that could not be read."""
    return {
        "resource": issue.resource,
        "path": issue.path,
        "found": issue.found,
        "done": issue.done,
        "blocks": issue.blocks,
    }
