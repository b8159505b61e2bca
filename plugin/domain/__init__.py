"""The words of the product: frozen values, of the standard library and msgspec alone (decision 18).

Everything inside the product speaks these names.
Time inside the core is whole seconds since 1970-01-01T00:00Z (see `interval`).
A charted moment keeps the UTC offset it was charted with.
"""

from plugin.domain.attested import Attested, AttestedFact
from plugin.domain.charge import (
    ChargeDraft,
    ChargeMinutes,
    CodedEncounter,
    Decision,
    NamedService,
    SuggestedCharge,
)
from plugin.domain.chart import (
    Administration,
    Chart,
    ClassSpan,
    Diagnosis,
    Drug,
    Encounter,
    Ingredient,
    MappingIssue,
    Neighbour,
    Patient,
    ProcedureDone,
    Quantity,
    Rate,
    Stated,
    Status,
    about_body,
)
from plugin.domain.citation import Citation, Standing
from plugin.domain.claim import ClaimLine, Edit, Hint, Severity, line_key
from plugin.domain.codes import CareSetting, Category, Role, Route, Technique, Term
from plugin.domain.existing import ExistingCharge
from plugin.domain.interval import Interval, Stretch
from plugin.domain.outcome import (
    Answer,
    Ask,
    Caveat,
    Decline,
    Fact,
    NotApplicable,
    Notice,
    Outcome,
    Product,
    Ruling,
    Suggest,
    TableRow,
)
from plugin.domain.sent_question import Reply, SentQuestion, TrackedQuestion
from plugin.domain.service import PROVEN, DrugClass, DrugIdentity, Expected, Service, Tier, Timing

__all__ = [
    "PROVEN",
    "Administration",
    "Answer",
    "Ask",
    "Attested",
    "AttestedFact",
    "CareSetting",
    "Category",
    "Caveat",
    "ChargeDraft",
    "ChargeMinutes",
    "Chart",
    "Citation",
    "ClaimLine",
    "ClassSpan",
    "CodedEncounter",
    "Decision",
    "Decline",
    "Diagnosis",
    "Drug",
    "DrugClass",
    "DrugIdentity",
    "Edit",
    "Encounter",
    "ExistingCharge",
    "Expected",
    "Fact",
    "Hint",
    "Ingredient",
    "Interval",
    "MappingIssue",
    "NamedService",
    "Neighbour",
    "NotApplicable",
    "Notice",
    "Outcome",
    "Patient",
    "ProcedureDone",
    "Product",
    "Quantity",
    "Rate",
    "Reply",
    "Role",
    "Route",
    "Ruling",
    "SentQuestion",
    "Service",
    "Severity",
    "Standing",
    "Stated",
    "Status",
    "Stretch",
    "Suggest",
    "SuggestedCharge",
    "TableRow",
    "Technique",
    "Term",
    "Tier",
    "Timing",
    "TrackedQuestion",
    "about_body",
    "line_key",
]
