"""The review page made from an open chart, for every route that shows it: as it is, refused, or stopped."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from http import HTTPStatus
from typing import Any

from flask import make_response, redirect, render_template, request, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response

from plugin.domain import Category
from plugin.review.attest import Statement
from plugin.review.decide import Stale
from plugin.review.effects import Effects
from plugin.review.lines import lines_of
from plugin.review.reasons import ATTESTING_REASONS, DISMISSAL_REASONS, EDITING_REASONS, LEAST_LETTERS
from plugin.rules import BY_ID
from plugin.rules.scrub import EDITS_BY_ID
from plugin.web.messages import TOP, Message
from plugin.web.open_chart import OpenChart
from plugin.web.reading_charts import Waiting
from plugin.web.review_forms import (
    NOTHING_KEPT,
    OTHER_GROUND,
    OTHER_REASON,
    Kept,
    Shown,
    keep_form,
    open_shown,
    seal_shown,
)
from plugin.web.services import Services, current_services
from plugin.web.session import current_launch
from plugin.web.timeline_svg import draw_narrow, draw_timeline
from plugin.web.under_way import is_being_sent
from plugin.web.views.attested_rows import attested_rows
from plugin.web.views.by_hand import with_existing
from plugin.web.views.changes import changes_between, snapshot_of
from plugin.web.views.edits import edits_shown, with_edits
from plugin.web.views.effects import effect_rows, with_alone
from plugin.web.views.legend import legend_for
from plugin.web.views.line_changes import line_changes
from plugin.web.views.page import Answers, BookWords, Reader, ReviewPage, build_review_page
from plugin.web.views.standing import read_record
from plugin.web.views.timeline_layout import WIDTH
from plugin.web.views.times import clock_for

# How closely the timeline is looked at: (factor, words); 0 fits the whole stay to the page.
ZOOMS = {"0": (0.0, "Whole stay"), "1": (1.0, "Normal"), "2": (2.0, "Closer"), "4": (4.0, "Closest")}
LEAST_PAGE = 280
PREVIEWED = "This is what the chosen answers would change, as they are filled in. Nothing is recorded yet."


def back_to(chart: OpenChart, outcomes: Iterable[str], place: str | None = None) -> Response:
    """The redirect after something was done, to a place on the page; the address says by counts what it came to."""
    said = ".".join(f"{outcome}-{count}" for outcome, count in Counter(outcomes).items())
    back = url_for("review.show", launch_id=chart.launch.id, said=said, at=place, _anchor=place)
    return redirect(back, HTTPStatus.SEE_OTHER)


def refuse(chart: OpenChart, text: str, status: HTTPStatus, field: str = "") -> Response:
    """The page again, with why nothing was done, and the form as it was filled in; `field` is what is wrong in it."""
    kept = keep_form(request.form, text, field)
    return _render(chart, _page(chart), Message(text, "bad"), status=status, kept=kept)


def stop(chart: OpenChart, stale: Stale) -> Response:
    """The chart changed under the decision: nothing was recorded, and both versions are shown side by side."""
    before = page_before(chart)
    page = _page(chart)
    if before is not None:
        page = replace(page, changes=changes_between(before.snapshot, _snapshot(chart)), changes_since=before.at)
    elif stale.differences is not None:
        page = replace(page, changes=line_changes(stale.differences), changes_since="the page you decided on")
    kept = replace(keep_form(request.form), begins=False)  # the difference is looked at first
    return _render(chart, page, Message(str(stale), "ask"), status=HTTPStatus.CONFLICT, stopped=True, kept=kept)


def zoom_asked() -> float:
    """The factor the address asks for; 1 for anything it doesn't know."""
    return ZOOMS.get(request.args.get("zoom", "1"), ZOOMS["1"])[0]


def page_asked() -> float:
    """How wide a whole stay is drawn, in pixels, as a script measured it; the usual width for anything odd."""
    asked = request.args.get("wide", "")
    return float(min(max(int(asked), LEAST_PAGE), WIDTH)) if re.fullmatch("[0-9]{1,5}", asked) else WIDTH


def page_before(chart: OpenChart) -> Shown | None:
    """What the page showed that the form was on."""
    return open_shown(request.form.get("shown", ""), chart.launch.id, chart.services.store.cipher)


def show_page(
    chart: OpenChart,
    message: Message | None = None,
    *,
    before: Shown | None = None,
    status: HTTPStatus = HTTPStatus.OK,
) -> Response:
    """The page, with what changed since another one when that is given."""
    page = _page(chart)
    if before is not None:
        page = replace(page, changes=changes_between(before.snapshot, _snapshot(chart)), changes_since=before.at)
    return _render(chart, page, message, status=status)


def show_waiting(waiting: Waiting) -> Response:
    """The page while the chart is being read; it looks again by itself, with a script or without."""
    tenant = current_services().tenant(current_launch())
    since = f"{waiting.since.astimezone(tenant.zone):%H:%M:%S %Z}"
    shown = render_template("review/waiting.html", since=since, again=f"{request.script_root}{request.full_path}")
    return make_response(shown, HTTPStatus.ACCEPTED)


def preview(chart: OpenChart, statements: Sequence[Statement]) -> Response:
    """The page again with what the answers of a form would change, as they are filled in; nothing is recorded."""
    page = _with_effects(_page(chart), chart, chart.effects(statements))
    kept = replace(keep_form(request.form), begins=False)
    return _render(chart, page, Message(PREVIEWED, "info", "confirm"), kept=kept)


def _page(chart: OpenChart) -> ReviewPage:
    """The page with what the scrubber has against the charges as they would be sent, and what answers would change."""
    page, book = _unscrubbed(chart), chart.services.book
    shown = edits_shown(chart.scrubbed(), page.charges, lambda edit: EDITS_BY_ID[edit].title, book.citations.get)
    page = replace(page, charges=with_edits(page.charges, shown), edits=shown)
    return _with_effects(page, chart, chart.effects())


def _with_effects(page: ReviewPage, chart: OpenChart, effects: Effects) -> ReviewPage:
    rows = effect_rows(effects, chart.services.book.label)
    return replace(page, effect=rows, questions=with_alone(page.questions, effects.alone))


def _unscrubbed(chart: OpenChart) -> ReviewPage:
    coded = chart.review.coded
    chart.records.keep_shown(chart.review.basis, lines_of(coded), chart.services.clock())
    why_not = chart.why_not_decide()
    reader = Reader(
        name=chart.person.name,
        role=chart.person.role,
        tenant=chart.tenant.name or chart.tenant.key,
        may_decide=not why_not,
        why_not=why_not,
        shadow=not chart.policy.write,
        open_tenant=chart.tenant.open,
        why_not_state=chart.why_not_state(),
        charges_go=chart.where_charges_go(),
    )
    clock = clock_for(coded.chart)
    waiting = chart.review.waiting
    policy = chart.policy
    record = read_record(
        coded,
        chart.records,
        clock,
        sends=policy.write,
        waiting=waiting,
        policy=policy,
        under_way=is_being_sent(chart.records, chart.services.clock()),
    )
    answers = Answers(
        attested=attested_rows(chart.standing_attestations(), clock, bills=chart.attested_bills),
        sent=chart.questions.sent_questions(),
        sends=bool(coded.asks) and chart.messenger() is not None,
    )
    words = book_words(chart.services)
    page = build_review_page(coded, chart.review.basis, reader, record, words, chart.what_ifs(), answers)
    return with_existing(page, [charge.key for charge in coded.charges], chart.already_charged(), words.label_of)


def book_words(services: Services) -> BookWords:
    """Labels, citations, categories and positions from the code book, titles from the rulebook."""
    families = {row.code: row.family[0] for row in services.book.procedure_codes}

    def category_of(code: str) -> Category | None:
        return families.get(code)

    def title_of(rule: str) -> str:
        return BY_ID[rule].title if rule in BY_ID else ""

    book = services.book
    return BookWords(book.label, book.citations.get, title_of, category_of, book.positions.get)


def _snapshot(chart: OpenChart) -> dict[str, Any]:
    return snapshot_of(chart.review.coded, chart.review.basis)


def _render(
    chart: OpenChart,
    page: ReviewPage,
    message: Message | None,
    *,
    status: HTTPStatus = HTTPStatus.OK,
    stopped: bool = False,
    kept: Kept = NOTHING_KEPT,
) -> Response:
    zoom = zoom_asked()
    values = _told(chart, page, zoom, page_asked() if zoom == 0 else WIDTH)
    shown = Shown(f"the page of {values['read_at']}", _snapshot(chart))
    body = render_template(
        "review/page.html",
        message=_in_place(message, page),
        stopped=stopped,
        show_banner=chart.launch.need_patient_banner,
        zoom=request.args.get("zoom", "1"),
        zooms=tuple(ZOOMS.items()),
        dismissal_reasons=DISMISSAL_REASONS,
        attesting_reasons=ATTESTING_REASONS,
        editing_reasons=EDITING_REASONS,
        least_letters=LEAST_LETTERS,
        other_ground=OTHER_GROUND,
        other_reason=OTHER_REASON,
        kept=kept,
        narrow=Markup(draw_narrow(page.timeline)) if zoom == 1 else "",  # noqa: S704 - escaped
        shown=seal_shown(shown, chart.launch.id, chart.services.store.cipher),
        **values,
    )
    return make_response(body, status)


def _in_place(message: Message | None, page: ReviewPage) -> Message | None:
    """The message at the part of the page that it is about, else at the top."""
    known = message is None or not message.at or message.at in page.places
    return message if message is None or known else replace(message, at=TOP)


def show_report(chart: OpenChart) -> Response:
    """The page to print; it names the patient whatever banner the EHR shows, and the whole stay fits its width."""
    return make_response(render_template("review/report.html", **_told(chart, _page(chart), zoom=0)))


def _told(chart: OpenChart, page: ReviewPage, zoom: float, wide: float = WIDTH) -> dict[str, Any]:
    """What every page about an encounter shows."""
    timeline = page.timeline
    return {
        "page": page,
        "launch_id": chart.launch.id,
        "picture": Markup(draw_timeline(timeline, zoom, wide)) if timeline.lanes else "",  # noqa: S704 - escaped
        "legend": legend_for(timeline),
        "zone_words": timeline.clock.zone_words(timeline.start, timeline.stop),
        "read_at": timeline.clock.day_and_time(chart.services.clock()),
    }
