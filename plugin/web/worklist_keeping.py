"""What the worklist keeps of an encounter that was read, by the app or by a scan."""

import threading

from plugin.domain import CodedEncounter
from plugin.ehr.tenants import Tenant
from plugin.review.ports import Policy
from plugin.review.prepare import Review
from plugin.review.worklist import WorkLine, WorkSummary, day_of, summarise
from plugin.store.engine import Store
from plugin.store.records import EncounterRecords
from plugin.store.worklist import Worklist
from plugin.store.worklist_words import hash_anew
from plugin.web.open_chart import OpenChart
from plugin.web.views.charges import token_of
from plugin.web.views.page import Record
from plugin.web.views.standing import read_record
from plugin.web.views.times import clock_for


def keep_on_worklist(chart: OpenChart) -> None:
    """Keep or renew the row of an encounter that somebody looks at."""
    summary = sum_up(chart.review, chart.tenant, chart.policy, chart.services.store)
    Worklist(chart.services.store, chart.tenant.key).keep(summary, chart.services.clock())


def hash_names_in_background(store: Store) -> threading.Thread:
    """At start-up, after which an encryption key may be another, or an older version's rows may have no hashes."""
    thread = threading.Thread(target=hash_anew, args=(store,), name="hashing-names", daemon=True)
    thread.start()
    return thread


def sum_up(review: Review, tenant: Tenant, policy: Policy, store: Store) -> WorkSummary:
    """An encounter as a row, with what was decided and sent so far."""
    coded = review.coded
    records = EncounterRecords(store, tenant.key, coded.chart.encounter.id)
    clock = clock_for(coded.chart)
    record = read_record(coded, records, clock, sends=policy.write, waiting=review.waiting, policy=policy)
    lines = _lines(coded, record)
    gone = len(record.withdrawn)
    fees = tenant.fees.on(day_of(coded))
    return summarise(coded, lines, fees, tenant.bill_hold_days, gone=gone, sends=policy.write)


def _lines(coded: CodedEncounter, record: Record) -> list[WorkLine]:
    states = [(charge, record.states[token_of(charge)]) for charge in coded.charges]
    return [WorkLine(each.code, state.units or each.units, state.kind, state.reason) for each, state in states]
