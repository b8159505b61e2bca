"""What each drug is, by vein and by injection, as section 3 of the rules addendum sets it."""

import pytest

from plugin.codebook import drug_rows
from plugin.domain import DrugClass

DRUGS = {row.drug: row for row in drug_rows.read_drugs()}
COMPLEX, THERAPEUTIC, HORMONAL = DrugClass.COMPLEX_BIOLOGIC, DrugClass.THERAPEUTIC, DrugClass.HORMONAL
ANTINEOPLASTIC, THROMBOLYTIC = DrugClass.ANTINEOPLASTIC, DrugClass.THROMBOLYTIC
# Set by hand from the addendum: the drugs of a line, and whether payers' own readings are expected.
LINES = [
    ("omalizumab; canakinumab; denosumab; romosozumab; romiplostim", THERAPEUTIC, False),
    ("benralizumab; mepolizumab; tezepelumab; reslizumab; luspatercept", THERAPEUTIC, True),
    ("epoetin alfa; darbepoetin alfa; methoxy polyethylene glycol-epoetin beta", THERAPEUTIC, False),
    ("filgrastim; tbo-filgrastim; pegfilgrastim; eflapegrastim; sargramostim", THERAPEUTIC, False),
    ("emicizumab; burosumab; inclisiran; vutrisiran; bezlotoxumab", THERAPEUTIC, False),
    ("certolizumab pegol; eculizumab; ravulizumab; sutimlimab; efgartigimod alfa; nipocalimab", COMPLEX, True),
    ("evinacumab; teprotumumab; crizanlizumab; eptinezumab", COMPLEX, True),
    ("efgartigimod alfa-hyaluronidase; rozanolixizumab", COMPLEX, False),
    ("anifrolumab; natalizumab; ocrelizumab; ublituximab; alemtuzumab; inebilizumab; pegloticase", COMPLEX, True),
    ("lecanemab; donanemab", COMPLEX, True),
    ("immune globulin; iron sucrose; ferric carboxymaltose; iron dextran; ferumoxytol", THERAPEUTIC, False),
    ("sodium ferric gluconate complex; ferric derisomaltose; zoledronic acid; pamidronate", THERAPEUTIC, False),
    ("ibandronate; medroxyprogesterone; testosterone cypionate; estradiol valerate", THERAPEUTIC, False),
    ("hydroxyprogesterone caproate; interferon beta-1a; interferon beta-1b; albumin", THERAPEUTIC, False),
    ("leucovorin; levoleucovorin; mesna; dexrazoxane; amifostine; trilaciclib; rasburicase", THERAPEUTIC, False),
    ("glucarpidase; gold sodium thiomalate", THERAPEUTIC, False),
    ("patisiran; agalsidase beta; alglucosidase alfa; imiglucerase; laronidase; idursulfase", THERAPEUTIC, True),
    ("alpha-1 proteinase inhibitor; c1 esterase inhibitor; octreotide depot; lanreotide", THERAPEUTIC, True),
    ("leuprolide; triptorelin", HORMONAL, True),
    ("goserelin; degarelix; fulvestrant; histrelin", HORMONAL, False),
    ("methotrexate; bortezomib; azacitidine; daratumumab-hyaluronidase; bcg live", ANTINEOPLASTIC, False),
    ("trastuzumab-hyaluronidase; rituximab-hyaluronidase; teclistamab; epcoritamab", ANTINEOPLASTIC, False),
    ("pembrolizumab-berahyaluronidase alfa; nivolumab-hyaluronidase", ANTINEOPLASTIC, False),
    ("alteplase; tenecteplase; reteplase", THROMBOLYTIC, False),
]
COMPLEX_BY_VEIN_ONLY = ["infliximab", "tocilizumab", "abatacept", "golimumab", "secukinumab"]
COMPLEX_BY_VEIN_ONLY += ["ustekinumab", "risankizumab", "guselkumab", "belimumab"]
# Drugs that the addendum found missing; nobody may take one of them for an ordinary drug by default.
ONCE_MISSING = """
acetylcysteine; crotalidae polyvalent immune fab; crotalidae immune f(ab')2; digoxin immune fab; idarucizumab
prothrombin complex concentrate; andexanet alfa; antihemophilic factor viii; coagulation factor ix; norepinephrine
dopamine; dobutamine; milrinone; procainamide; lidocaine; flumazenil; fomepizole; sugammadex; dextrose 50%
multivitamin infusion; oxytocin; methylergonovine; medroxyprogesterone; haloperidol decanoate; paliperidone palmitate
risperidone; aripiprazole; olanzapine pamoate; fluphenazine decanoate; naltrexone; buprenorphine extended-release
cabotegravir and rilpivirine; nirsevimab; clesrovimab; palivizumab; pemivibart; bcg live; histrelin
interferon alfa-2b; interferon beta-1a; interferon gamma-1b; cosyntropin; paricalcitol; etelcalcetide; difelikefalin
"""


@pytest.mark.parametrize(("names", "drug_class", "varies"), LINES)
def test_the_class_of_a_drug_is_that_of_the_addendum(names, drug_class, varies):
    """By vein; a payer's own reading is expected where the addendum says so."""
    rows = [DRUGS[name] for name in names.split("; ")]

    assert [(drug_class, varies)] * len(rows) == [(row.drug_class, row.payer_varies) for row in rows]


@pytest.mark.parametrize("name", COMPLEX_BY_VEIN_ONLY)
def test_the_form_under_the_skin_is_therapeutic(name):
    """Complex by vein, 96372 by injection, and usually self-administered."""
    row = DRUGS[name]

    assert (COMPLEX, THERAPEUTIC, True) == (row.drug_class, row.injected_class, row.payer_varies)
    assert (name, "self-administered-drug") in drug_rows.read_flags()


@pytest.mark.parametrize("name", ["emicizumab", "enoxaparin", "insulin", "octreotide"])
def test_what_patients_usually_inject_themselves_is_marked(name):
    """Rule R46: the contractor's list decides whether it is covered."""
    assert (name, "self-administered-drug") in drug_rows.read_flags()


def test_no_drug_that_was_missing_is_missing():
    """Each has a row of its own, and so a class."""
    names = [name for line in ONCE_MISSING.strip().splitlines() for name in line.split("; ")]

    assert [name for name in names if name not in DRUGS] == []
    assert 45 == len(names)
