"""THE RULEBOOK: the method as an ordered list.

Each rule is a small pure function in a file of its own idea, with its id, title, sources and days in force.
Read it from top to bottom; it is the order in which a visit is coded.

1. `LEAVE_OUT`: what isn't coded in this family. A service leaves by the first of these that names it.
2. The drug's class gives its code family (`categories.py`); a drug nobody knows is asked about.
3. Every service gets its place (`places.py`): the access sites (`access.py`), the one initial service of each
   (`initial_choice.py`), then what the others are beside it, and which minutes each keeps (`overlap.py`, `fluids.py`,
   `pushes_placed.py`).
4. `EARN`: what each placed service earns. Here the order doesn't matter: no two rules may claim the same minute of one
   administration, and one that does so is an error that names both.
5. `TELL`: what concerns the visit as a whole.
6. `SUPPLY`: what follows for the drugs themselves, product by product and day by day (`drug_lines/`): their code, whole
   units, waste and modifiers, or a question. A site that charges its drugs elsewhere leaves this out.
"""

from plugin.rules.access import missing_site
from plugin.rules.additional_hour import additional_hour
from plugin.rules.aftercare import aftercare_link, procedure_aftercare
from plugin.rules.apart import own_code, port_flush, thrombolytic_purpose
from plugin.rules.arterial import arterial_chemotherapy, arterial_injection, arterial_procedure
from plugin.rules.base import Earn, Rule, Sift, Supply, Tell
from plugin.rules.care_setting import (
    encounter_class,
    encounter_link,
    encounter_not_held,
    home_visit,
    inpatient_stay,
    inpatient_window,
)
from plugin.rules.categories import electrolyte_intent, unknown_drug_class
from plugin.rules.diagnosis_not_billable import diagnosis_not_billable
from plugin.rules.drug_lines.rules import (
    drug_340b,
    drug_code,
    drug_dose,
    drug_source,
    drug_units,
    drug_waste,
    drug_without_code,
)
from plugin.rules.further_infusions import concurrent_infusion, repeat_infusion, sequential_infusion, shared_minutes
from plugin.rules.hydration import hydration_hours, hydration_initial, hydration_necessity
from plugin.rules.initial_service import initial_service
from plugin.rules.injections import injection, subcutaneous_infusion
from plugin.rules.not_counted import (
    dialysis_bundle,
    fluid_not_in_a_vein,
    implant,
    keep_vein_open,
    line_flush,
    nothing_given,
    other_family,
    procedure_integral,
    route_outside,
    status_not_given,
)
from plugin.rules.not_earned import not_earned
from plugin.rules.notices import (
    active_monitoring,
    assumed_zone,
    calculated_time,
    complexity_documentation,
    registry,
    self_administered_drug,
    unit_limit_appeal,
    visit_code,
)
from plugin.rules.primary_reason import primary_reason
from plugin.rules.procedure_link import procedure_drug, procedure_link
from plugin.rules.pumps import disposable_pump, disposable_pump_notice
from plugin.rules.pushes import push_new_drug, push_same_drug
from plugin.rules.questions import (
    hydration_waits,
    illogical_time,
    implausible_time,
    missing_route,
    missing_start_time,
    missing_stop_time,
    push_or_infusion,
    same_time_charted,
    still_running,
)
from plugin.rules.second_visit import second_encounter
from plugin.rules.started_elsewhere import given_elsewhere, started_elsewhere
from plugin.rules.transfusion import transfusion_day, transfusion_premedication

EDITION = "2026.1"

LEAVE_OUT: tuple[Rule[Sift], ...] = (
    encounter_not_held,
    inpatient_stay,
    home_visit,
    given_elsewhere,
    dialysis_bundle,
    nothing_given,
    route_outside,
    other_family,
    implant,
    procedure_integral,
    procedure_drug,
    arterial_procedure,
    procedure_aftercare,
    fluid_not_in_a_vein,
    line_flush,
    keep_vein_open,
    transfusion_premedication,
    missing_route,
    disposable_pump,
    thrombolytic_purpose,
)

CLASSIFY: tuple[Rule[Sift], ...] = (
    electrolyte_intent,
    unknown_drug_class,
)

EARN: tuple[Rule[Earn], ...] = (
    initial_service,
    additional_hour,
    sequential_infusion,
    concurrent_infusion,
    repeat_infusion,
    shared_minutes,
    push_new_drug,
    push_same_drug,
    hydration_initial,
    hydration_hours,
    injection,
    subcutaneous_infusion,
    arterial_chemotherapy,
    arterial_injection,
    not_earned,
    missing_stop_time,
    push_or_infusion,
    missing_start_time,
    illogical_time,
    implausible_time,
    same_time_charted,
    hydration_waits,
    hydration_necessity,
)

TELL: tuple[Rule[Tell], ...] = (
    status_not_given,
    transfusion_day,
    own_code,
    port_flush,
    disposable_pump_notice,
    encounter_class,
    encounter_link,
    second_encounter,
    missing_site,
    started_elsewhere,
    still_running,
    primary_reason,
    procedure_link,
    aftercare_link,
    inpatient_window,
    complexity_documentation,
    active_monitoring,
    self_administered_drug,
    registry,
    unit_limit_appeal,
    visit_code,
    calculated_time,
    assumed_zone,
    diagnosis_not_billable,
)

SUPPLY: tuple[Rule[Supply], ...] = (
    drug_without_code,
    drug_code,
    drug_dose,
    drug_units,
    drug_waste,
    drug_source,
    drug_340b,
)

RULEBOOK: tuple[Rule[Sift] | Rule[Earn] | Rule[Tell] | Rule[Supply], ...] = (
    *LEAVE_OUT,
    *CLASSIFY,
    *EARN,
    *TELL,
    *SUPPLY,
)
BY_ID = {rule.id: rule for rule in RULEBOOK}
