"""The page's template: each state says what it is, and charted words stay words."""

import re
from datetime import date

import pytest
from flask import Flask, render_template
from markupsafe import Markup
from msgspec import structs
from werkzeug.datastructures import MultiDict

from plugin.domain import Drug, Fact
from plugin.domain.replacing import replace
from plugin.review.reasons import ATTESTING_REASONS, DISMISSAL_REASONS, EDITING_REASONS, LEAST_LETTERS
from plugin.rules.what_if import WhatIf
from plugin.web import attest_pages, chart_pages  # noqa: F401 - add their routes
from plugin.web.app import static_folder
from plugin.web.launching import blueprint as launching
from plugin.web.messages import Message
from plugin.web.review_forms import NOTHING_KEPT, OTHER_GROUND, OTHER_REASON, keep_form
from plugin.web.review_pages import blueprint
from plugin.web.review_rendering import ZOOMS
from plugin.web.timeline_svg import draw_timeline
from plugin.web.views.changes import Change
from plugin.web.views.charges import State, token_of
from plugin.web.views.citing import Source
from plugin.web.views.edits import EditShown, EditsShown
from plugin.web.views.effects import EffectRow
from plugin.web.views.legend import legend_for
from plugin.web.views.page import Reader, Record, ReviewPage, Told, Withdrawn, build_review_page
from plugin.web.views.questions import Question, SentView
from tests.unit.web.sample_charts import chemo_day
from tests.unit.web.test_page_view import READER, WORDS
from tests.verifies import verifies

FIELDS = {"csrf_token": "token-1", "patient": "p1", "encounter": "e1"}


@pytest.fixture(scope="module")
def app():
    """The templates and addresses of the app, without its services."""
    app = Flask("plugin.web", static_folder=str(static_folder()))
    app.register_blueprint(launching)
    app.register_blueprint(blueprint, url_prefix="/s/<launch_id>")
    return app


@pytest.fixture
def rendered(app):
    """Renders a page value."""

    def render(page: ReviewPage, **more) -> str:
        timeline = page.timeline
        values = {
            "launch_id": "l1",
            "session_fields": FIELDS,
            "show_banner": True,
            "picture": Markup(draw_timeline(timeline)) if timeline.lanes else "",  # noqa: S704
            "legend": legend_for(timeline),
            "zoom": "1",
            "zooms": tuple(ZOOMS.items()),
            "zone_words": timeline.clock.zone_words(timeline.start, timeline.stop),
            "dismissal_reasons": DISMISSAL_REASONS,
            "attesting_reasons": ATTESTING_REASONS,
            "editing_reasons": EDITING_REASONS,
            "least_letters": LEAST_LETTERS,
            "other_ground": OTHER_GROUND,
            "other_reason": OTHER_REASON,
            "kept": NOTHING_KEPT,
            "shown": "sealed",
            "read_at": "now",
        }
        with app.test_request_context():
            return render_template("review/page.html", page=page, **(values | more))

    return render


def page_of(coded=None, reader=READER, record=None) -> ReviewPage:
    return build_review_page(coded or chemo_day(), "b1", reader, record or Record(), WORDS)


@verifies("CTX-07")
def test_every_form_names_its_patient_and_carries_its_token(rendered):
    """Accept, edit, dismiss, refresh and log out alike."""
    forms = [form for form in rendered(page_of()).split("<form")[1:] if not form.startswith(' method="dialog"')]
    assert len(forms) == 3 + 7 * 2
    for form in forms:
        inside = form.split("</form>")[0]
        for name, value in FIELDS.items():
            assert f'name="{name}" value="{value}"' in inside


@verifies("CTX-03")
def test_the_banner_is_left_out_where_the_ehr_shows_its_own(rendered):
    """`need_patient_banner` of the launch decides."""
    assert "Amara Okafor" in rendered(page_of())
    assert "Amara Okafor" not in rendered(page_of(), show_banner=False)


def test_read_only_shows_why_and_no_button_that_decides(rendered):
    """The reason comes from the same place that refuses the form."""
    html = rendered(page_of(reader=Reader("Kim", "", "Sandbox", may_decide=False, why_not="No role here.")))
    assert "No role here." in html
    for word in ("Accept", "Dismiss", "Edit", "Undo"):
        assert f">{word}<" not in html


def test_shadow_mode_and_an_open_tenant_are_announced(rendered):
    """Both change what a click means."""
    html = rendered(page_of(reader=replace(READER, shadow=True, open_tenant=True)))
    assert "nothing is sent to the EHR" in html
    assert "recorded as unverified" in html


def test_what_could_not_be_read_is_listed_and_announced(rendered):
    """With the element it stood in, and whether it matters."""
    html = rendered(page_of())
    assert "Not complete" in html
    assert "1 record could not be read" in html
    assert "See what was left out" in html
    assert html.count("could change a charge") == 1


def test_nothing_charted_says_what_to_do(rendered):
    """No picture, no table, one remedy."""
    coded = chemo_day()
    bare = replace(coded, chart=replace(coded.chart, administrations=()), charges=(), asks=(), rulings=())
    html = rendered(page_of(bare))
    assert "Nothing was charted as given" in html
    assert "<svg" not in html


@pytest.mark.parametrize(
    ("kind", "offered", "withheld"),
    [
        ("undecided", {"Accept", "Edit", "Dismiss"}, {"Undo", "Send again"}),
        ("accepted", {"Undo", "Edit", "Dismiss", "Send again"}, {"Accept"}),
        ("sent", {"Dismiss"}, {"Accept", "Undo", "Edit", "Send again"}),
        ("dismissed", {"Undo"}, {"Accept", "Edit", "Dismiss", "Send again"}),
        ("unknown", {"Send again"}, {"Accept", "Undo", "Edit", "Dismiss"}),
        ("failed", {"Undo", "Dismiss", "Send again"}, {"Accept", "Edit"}),
        ("changed", {"Accept", "Edit", "Dismiss"}, {"Undo", "Send again"}),
    ],
)
def test_a_row_offers_what_its_state_allows(rendered, kind, offered, withheld):
    """And nothing that would be refused."""
    coded = chemo_day()
    coded = replace(coded, charges=coded.charges[:1], asks=(), would=())
    state = State(kind, "Words of the state", can_send=kind in {"accepted", "unknown", "failed"})
    html = rendered(page_of(coded, record=Record({token_of(coded.charges[0]): state})))
    assert "Words of the state" in html
    row = html.split('<tbody role="rowgroup"')[1].split("</tbody>")[0]
    assert {word for word in offered | withheld if f">{word}<span class" in row} == offered


def test_a_dismissal_that_reached_the_ehr_is_accepted_again_rather_than_undone(rendered):
    """What the EHR knows can't be taken back, only decided anew."""
    coded = chemo_day()
    coded = replace(coded, charges=coded.charges[:1], asks=(), would=())
    state = State("dismissed", "Dismissed (not-billable)", reference="ChargeItem/1", number=2)
    html = rendered(page_of(coded, record=Record({token_of(coded.charges[0]): state})))
    assert ">Accept<span" in html
    assert ">Undo<span" not in html


def test_a_decision_that_lost_its_suggestion_can_be_dismissed(rendered):
    """It stands below the table with its own form."""
    gone = Withdrawn(
        "CPT|96409||2026-03-02", "96409 x 1 on 2026-03-02", State("sent", "Sent as ChargeItem/1", number=3)
    )
    html = rendered(page_of(record=Record(withdrawn=(gone,))))
    below = html.split("Decided earlier, no longer suggested")[1]
    assert 'value="CPT|96409||2026-03-02=3"' in below
    assert "Dismiss and mark as not billable" in below


def test_changes_show_before_and_now(rendered):
    """Side by side, struck out and marked."""
    page = replace(page_of(), changes=(Change("Charge", "96415", "1 x", "2 x"),), changes_since="the page of 09:00")
    html = rendered(page, stopped=True)
    assert "The chart changed, so nothing was sent" in html
    assert "<del>1 x</del>" in html
    assert "<ins>2 x</ins>" in html


def test_charted_words_never_become_markup(rendered):
    """A drug, a site and a note come from outside."""
    coded = chemo_day()
    first, *rest = coded.chart.administrations
    hostile = replace(first, drug=Drug("<script>alert(1)</script>"), site='"><img src=x>')
    html = rendered(page_of(replace(coded, chart=replace(coded.chart, administrations=(hostile, *rest)))))
    assert "<script>alert" not in html
    assert "<img" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html


@verifies("SEC-12")
def test_no_inline_style_script_or_handler(rendered):
    """One strict content policy holds for the whole page."""
    html = rendered(page_of())
    assert " style=" not in html
    assert "<style" not in html
    assert html.count("<script") == html.count("<script src=") == 3
    assert re.findall(r"<[^>]*\son\w+=", html) == []


def test_contested_sides_and_one_more_fact_are_folded_away_and_linked(rendered):
    """Both sources of a contested point are links; the counterfactuals say that only what happened can be charted."""
    later = WhatIf(("MedicationAdministration/m7",), "a stop at or after 13:01", "96415 x2 becomes x3")
    coded = replace(chemo_day(), positions=(("same_drug_time", "interval"),))
    html = rendered(build_review_page(coded, "b1", READER, Record(), WORDS, (later,)))
    sides = html.split("Contested: One drug twice: each interval alone, or added up?")[1].split("</dl>")[0]
    assert sides.count('href="https://example.org/manual"') == 1
    assert "Medlearn" in sides
    listed = html.split('id="one-more"')[1].split("</section>")[0]
    assert '<details class="fold">' in listed
    assert "96415 x2 becomes x3" in listed
    assert "only what happened can be charted" in listed
    assert "One drug twice: each interval alone, or added up? <strong>interval</strong>: each alone" in html


def test_a_drug_line_says_which_product_it_is_for(rendered):
    """In the details of its row; a line that is for a service says nothing of it."""
    coded = chemo_day()
    used = Fact("NDC 57894-0030-01: {} UN", ("3.5",))
    line = structs.replace(coded.charges[0], ndc="57894003001", ndc_because=used)
    html = rendered(page_of(replace(coded, charges=(line, *coded.charges[1:]))))
    assert html.count('<h3 class="minor">Product</h3>') == 1
    assert "NDC 57894-0030-01: 3.5 UN" in html


def test_the_report_tells_what_was_accepted_and_what_speaks_against_it(app):
    """The edited day, units and diagnoses beside the suggestion; edits with their sources, and the sides in force."""
    coded = replace(chemo_day(), positions=(("same_drug_time", "interval"),))
    first, contested = coded.charges[0], next(c for c in coded.charges if c.caveats)
    edited = State("accepted", "Accepted", units=3, diagnoses=("Z51.11",), day=date(2026, 3, 4))
    page = page_of(coded, record=Record({token_of(first): edited}))
    source = Source("MUE table", "https://example.org/mue", "https://example.org/mue", "sourced", "2026-11-01")
    on = (("charge-1", "96413"),)
    edit = EditShown("MUE", "More units than a day takes", True, "3 of 1", "check the units", on, (), (source,))
    page = replace(page, edits=EditsShown((edit,)))
    with app.test_request_context():
        html = render_template(
            "review/report.html", page=page, launch_id="l1", picture="", legend=(), zone_words="", read_at="now"
        )
    _, *articles = html.split('<article class="reported"')
    told = " ".join(re.sub(r"<[^>]+>", " ", articles[0]).split())
    assert "3 units" in told
    assert "4 Mar 2026" in told
    assert "Diagnoses: Z51.11" in told
    assert f"Suggested: {first.units} unit, modifiers none, 2 Mar 2026, diagnoses" in told
    (sides,) = (each for each in articles if f">{contested.code}</span>" in each)
    assert sides.count('href="https://example.org/manual"') >= 1
    assert "Medlearn" in sides
    checked = html.split('id="edits-heading"')[1].split("</section>")[0]
    assert "Would be refused: More units than a day takes." in checked
    assert 'href="#charge-1"' in checked
    assert 'href="https://example.org/mue"' in checked
    assert "each interval alone, or added up? <strong>interval</strong>" in html.split('id="positions-heading"')[1]


def test_the_report_leaves_nothing_out_that_the_page_says(app):
    """What was decided on lines that are gone, what was asked earlier, notices, what could not be read, rows read."""
    gone = Withdrawn(
        "CPT|96409||2026-03-02", "96409 x 1 on 2026-03-02", State("sent", "Sent as ChargeItem/1", number=3)
    )
    page = page_of(record=Record(withdrawn=(gone,)))
    earlier = SentView("When did it stop?", "Sent to Nora Nightshift by Carl", "answered", "Answered: at noon")
    page = replace(page, asked_earlier=(earlier,), notices=(Told("Active monitoring", "Keep the note.", ()),))
    with app.test_request_context():
        html = render_template(
            "review/report.html", page=page, launch_id="l1", picture="", legend=(), zone_words="", read_at="now"
        )
    told = " ".join(re.sub(r"<[^>]+>", " ", html).split())
    (unread,) = (issue for issue in page.issues if issue.blocks)
    assert "96409 x 1 on 2026-03-02 Sent as ChargeItem/1" in told
    assert "When did it stop? Sent to Nora Nightshift by Carl. Answered: at noon." in told
    assert "Active monitoring. Keep the note." in told
    assert f"{unread.resource} {unread.path}".strip() in told
    assert "It could change a charge." in told
    for row in page.charges:
        assert all(rule.id in told for rule in row.rules)
        assert all(line in told for line in row.rows)


def test_answers_confirmed_together_say_what_each_would_change(rendered):
    """In the one step itself, with the very values that are filled in: examples stay with the single questions."""
    would = ("adds 96365 x1", "adds 96366 x1")
    asked = tuple(
        Question(f"question-{n}", f"missing-stop-time|m{n}", "Missing stop time", f"When did m{n} stop?", "e. g.", (),
                 prefilled=True, may_attest=True, alone=each)
        for n, each in enumerate(would, start=1)
    )  # fmt: skip
    rows = (EffectRow("96365", ("59",), "infusion, first hour", "2 Mar 2026", 0, 1),)
    html = rendered(replace(page_of(), questions=asked, effect=rows))
    form = html.split('id="confirm"')[1].split("</form>")[0]
    lines = form.split("<ul>")[1].split("</ul>")[0].split("<li>")[1:]
    for line, each in zip(lines, would, strict=True):
        assert f"By itself: {each}." in line
        assert "e. g." not in line
    table = " ".join(re.sub("<[^>]+>", " ", form.split("<table")[1].split("</table>")[0]).split())
    assert table.endswith(
        "Together they change Code Units now Units then 96365-59 infusion, first hour, 2 Mar 2026 none 1"
    )
    assert "No code and no unit." in rendered(replace(page_of(), questions=asked))


def test_a_message_stands_once_and_where_it_belongs(rendered):
    """In the row that was decided on, in the section, or at the top; and in the title, which is read first."""
    for place, before in (("charge-2", 'id="charge-2"'), ("charges", 'id="charges"'), ("", "<main>")):
        html = rendered(page_of(), message=Message("1 charge sent to the EHR.", "good", place))
        assert html.count('role="status">1 charge sent to the EHR.<') == 1
        assert "<title>1 charge sent to the EHR. " in html
        between = html.split(before)[1].split('role="status">1 charge')[0]
        assert "<tbody" not in between
        assert "<section" not in between


def test_what_was_typed_is_shown_when_its_form_is_not_offered_any_more(rendered):
    """Somebody sent the line meanwhile: the edit's words are said again, so that they can be used elsewhere."""
    token = token_of(chemo_day().charges[0])
    kept = keep_form(MultiDict({"at": f"edit {token}", "charge": token, "reason": "second <i>site</i>"}), "Too late.")
    sent = Record({token: State("sent", "Sent as ChargeItem/1", reference="ChargeItem/1", number=1)})
    html = rendered(page_of(record=sent), kept=kept, message=Message("Too late.", "bad"))
    refused = html.split('id="refused">')[1].split("</p>")[0]
    assert "Too late." in refused
    assert "second &lt;i&gt;site&lt;/i&gt;" in refused


def test_while_a_charge_is_being_sent_nothing_is_offered_for_it(rendered):
    """Whether it arrived is to be known first."""
    token = token_of(chemo_day().charges[0])
    html = rendered(page_of(record=Record({token: State("sending", "Being sent", number=1)})))
    row = html.split('id="charge-1"')[1].split("</tbody>")[0]
    assert "Being sent" in row
    assert not re.search(r"<(form|button)", row)


def test_what_is_dismissed_together_is_chosen_and_named(rendered):
    """Each line in the EHR with its code, units, day and who accepted it; the reader's own are chosen, others not."""
    first, second, third = (token_of(charge) for charge in chemo_day().charges[:3])
    mine = State("sent", "Sent", "Accepted by me", reference="ChargeItem/1", number=4, by=READER.name)
    theirs = State("sent", "Sent", "Accepted by Lea Overton", reference="ChargeItem/2", number=2, by="Lea Overton")
    html = rendered(
        page_of(record=Record({first: mine, second: theirs, third: State("accepted", "Accepted", by=READER.name)}))
    )
    form = html.split('data-fold="dismiss-sent"')[1].split("</form>")[0]
    assert re.findall(r'name="charge" value="([^"]+)"( checked)?', form) == [(first, " checked"), (second, "")]
    assert re.findall(r'name="seen" value="([^"]+)"', form) == [f"{first}=4", f"{second}=2"]
    assert "Accepted by Lea Overton" in form
    assert "marked in the EHR as not billable" in form


def test_a_refused_dismissal_is_kept_on_its_own_line(rendered):
    """Open, with the reason chosen and the words typed; the next line's form is as ever."""
    first, second = (token_of(charge) for charge in chemo_day().charges[:2])
    form = MultiDict({"at": f"dismiss {first}", "listed": "Already charged elsewhere", "reason": "by <b>ward</b>"})
    kept, other = (
        part.split("</form>")[0]
        for part in re.split(
            r'(?=<details class="fold"[^>]*data-fold="dismiss")', rendered(page_of(), kept=keep_form(form))
        )[1:3]
    )
    assert f'value="dismiss {first}"' in kept
    assert kept.startswith('<details class="fold" open')
    assert "<option selected>Already charged elsewhere</option>" in kept
    assert 'value="by &lt;b&gt;ward&lt;/b&gt;"' in kept
    assert f'value="dismiss {second}"' in other
    assert " open" not in other.split(">")[0]
    assert "selected" not in other


@pytest.mark.parametrize("template", ["index.html", "logged_out.html", "error.html"])
def test_pages_around_a_launch_name_the_icon(app, template):
    """Otherwise every browser asks for one that isn't there."""
    with app.test_request_context():
        html = render_template(template, launch=None, tenant=None)
    assert '<link rel="icon" type="image/svg+xml" href="/static/mark.svg">' in html
    assert (static_folder() / "mark.svg").is_file()
