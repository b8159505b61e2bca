"""Drugs as charts write them: generic, brand, salt, strength, form and carrier in one string, in the autumn of 2026.

Expectations are worked by hand: the drug's key, and its codes by vein; of several codes none is guessed.
"""

from datetime import date

import pytest

from plugin.codebook import CodeBook
from plugin.codebook.drug_codes import chosen
from plugin.domain import Drug, DrugClass, Ingredient, Route, Term

BOOK = CodeBook.load()
AUTUMN = date(2026, 11, 2)
IV, SC, IM = Route.INTRAVENOUS, Route.SUBCUTANEOUS, Route.INTRAMUSCULAR

BY_VEIN = """
ondansetron HCl 4 mg/2 mL injection                                  | ondansetron | J2405
ondansetron (PF) 4 mg/2 mL injection 4 mg                            | ondansetron | J2405
ZOFRAN 4 MG/2 ML IJ SOLN                                             | ondansetron | J2405
cefTRIAXone (ROCEPHIN) 1 g in NS 50 mL IVPB                          | ceftriaxone | J0696
cefTRIAXone-dextrose (iso-osm) 2 gram/50 mL IVPB                     | ceftriaxone | J0696
Remicade 100 mg vial                                                 | infliximab | J1745
inFLIXimab (REMICADE) 500 mg in sodium chloride 0.9% 250 mL          | infliximab | J1745
inFLIXimab-dyyb (INFLECTRA) 500 mg in sodium chloride 0.9% 250 mL    | infliximab | Q5103
infliximab-axxq 400 mg                                               | infliximab | Q5121
infliximab 400 mg                                                    | infliximab | J1745 Q5103 Q5104 Q5121
riTUXimab-abbs (TRUXIMA) 1,000 mg in NS 500 mL                       | rituximab | Q5115
riTUXimab arrx 700 mg                                                | rituximab | Q5123
bevacizumab-awwb 15 mg/kg                                            | bevacizumab | Q5107
trastuzumab-anns (KANJINTI) 420 mg                                   | trastuzumab | Q5117
tocilizumab-aazg 400 mg/20 mL                                        | tocilizumab | Q5135
eculizumab-aagh 300 mg/30 mL                                         | eculizumab | Q5151
natalizumab 300 mg/15 mL                                             | natalizumab | J2323 Q5134
methylPREDNISolone sodium succinate (SOLU-MEDROL) 125 mg injection   | methylprednisolone | J2919
methylPREDNISolone sod suc(PF) (SOLU-Medrol) injection 40 mg         | methylprednisolone | J2919
dexamethasone sodium phosphate 10 mg/mL                              | dexamethasone | J1100
diphenhydrAMINE (BENADRYL) 50 mg/mL injection 25 mg                  | diphenhydramine | J1200
HYDROmorphone (DILAUDID) injection 0.5 mg                            | hydromorphone | J1171
morphine sulfate 4 mg/mL                                             | morphine | J2270 J2272
fentaNYL citrate (PF) 50 mcg/mL                                      | fentanyl | J3010
ketorolac tromethamine 30 mg/mL (1 mL)                               | ketorolac | J1885
famotidine (PF) 20 mg/2 mL                                           | famotidine | J1308
vancomycin 1.25 g in D5W 250 mL                                      | vancomycin | J3373 J3374 J3375 J3376
piperacillin-tazobactam (ZOSYN) 3.375 gram IVPB                      | piperacillin-tazobactam | J2543
ampicillin-sulbactam 3 g in NS 100 mL                                | ampicillin-sulbactam | J0295
cefepime (MAXIPIME) 2 g                                              | cefepime | J0692
levoFLOXacin 750 mg/150 mL IVPB                                      | levofloxacin | J1956
clindamycin phosphate 600 mg/50 mL in D5W (CLEOCIN)                  | clindamycin | J0736
acetaminophen (Hikma) 1,000 mg/100 mL                                | acetaminophen | J0137
acetaminophen (B. Braun) 1,000 mg/100 mL                             | acetaminophen | J0136
iron sucrose (VENOFER) 200 mg iron/10 mL                             | iron sucrose | J1756
sodium ferric gluconate complex in sucrose 62.5 mg/5 mL              | sodium ferric gluconate complex | J2916
zoledronic acid-mannitol-water 5 mg/100 mL                           | zoledronic acid | J3489
PACLitaxel 6 mg/mL concentrate                                       | paclitaxel | J9267
PACLitaxel-protein bound (ABRAXANE) 100 mg                           | paclitaxel protein-bound | J9264
DOXOrubicin liposome (DOXIL) 20 mg                                   | doxorubicin liposomal | Q2050
CARBOplatin (PARAPLATIN) AUC 5 in NS 250 mL                          | carboplatin | J9045
leucovorin calcium 350 mg                                            | leucovorin | J0643 J0644
oxaliplatin 85 mg/m2 in D5W 500 mL                                   | oxaliplatin | J9263
PEMEtrexed (ALIMTA) 500 mg                                           | pemetrexed | J9305
Pemfexy 500 mg/20 mL                                                 | pemetrexed | J9304
ado-trastuzumab emtansine (KADCYLA) 100 mg                           | ado-trastuzumab emtansine | J9354
fam-trastuzumab deruxtecan-nxki 100 mg                               | fam-trastuzumab deruxtecan | J9358
immune globulin (human)-IgG (GAMUNEX-C) 10 %                         | immune globulin | J1561
immun glob G(IgG)-pro-IgA 0-50 (PRIVIGEN) 10%                        | immune globulin | J1459
albumin human 25 % 100 mL                                            | albumin | P9046 P9047
heparin (porcine) 25,000 unit/250 mL in D5W                          | heparin | J1643 J1644
insulin regular human 100 unit/mL                                    | insulin | J1815
alteplase (CATHFLO) 2 mg                                             | alteplase | J2997
ferumoxytol (FERAHEME) 510 mg                                        | ferumoxytol | Q0138 Q0139
epoetin alfa-epbx 10,000 unit/mL injection                           | epoetin alfa | Q5105 Q5106
midazolam in 0.9 % sodium chloride 1 mg/mL                           | midazolam | J2251
amiodarone (NEXTERONE) 150 mg/100 mL                                 | amiodarone | J0283
aprepitant 130 mg/18 mL emulsion                                     | aprepitant | J0185
CINVANTI 130 mg                                                      | aprepitant | J0185
fosaprepitant (EMEND) 150 mg in NS 150 mL                            | fosaprepitant | J1453
lactated ringers bolus 500 mL                                        | lactated ringer's | J7120
penicillin G potassium 5 million units                               | penicillin g potassium | J2540
"""

BY_INJECTION = """
methylPREDNISolone acetate (DEPO-MEDROL) 80 mg/mL                    | IM | methylprednisolone acetate | J1010
pegfilgrastim-jmdb 6 mg/0.6 mL                                       | SC | pegfilgrastim | Q5108
filgrastim-sndz 480 mcg/0.8 mL syringe                               | SC | filgrastim | Q5101
tbo-filgrastim 480 mcg                                               | SC | tbo-filgrastim | J1447
denosumab (PROLIA) 60 mg/mL syringe                                  | SC | denosumab | J0897
denosumab-bbdz 60 mg                                                 | SC | denosumab | Q5136
bortezomib (VELCADE) 3.5 mg                                          | SC | bortezomib | J9041
daratumumab-hyaluronidase-fihj 1,800 mg-30,000 unit/15 mL            | SC | daratumumab-hyaluronidase | J9144
octreotide microspheres (SANDOSTATIN LAR DEPOT) 20 mg                | IM | octreotide depot | J2353
octreotide (SANDOSTATIN LAR DEPOT) 20 mg                             | IM | octreotide depot | J2353
leuprolide (ELIGARD) 45 mg                                           | SC | leuprolide | J9217
leuprolide (LUPRON DEPOT) 22.5 mg                                    | IM | leuprolide | J9217
leuprolide (LUPRON DEPOT-PED) 30 mg                                  | IM | leuprolide | J1950
haloperidol decanoate 100 mg/mL                                      | IM | haloperidol decanoate | J1631
haloperidol lactate 5 mg/mL                                          | IM | haloperidol | J1630
paliperidone palmitate ER (INVEGA SUSTENNA) 234 mg/1.5 mL            | IM | paliperidone palmitate | J2426
medroxyPROGESTERone 150 mg/mL                                        | IM | medroxyprogesterone | J1050
cabotegravir-rilpivirine 600 mg/3 mL-900 mg/3 mL                     | IM | cabotegravir and rilpivirine | J0741
rabies immune globulin (HyperRAB) 300 unit/mL                        | IM | rabies immune globulin | 90375
FUROSCIX 80 mg/10 mL                                                 | SC | furosemide subcutaneous | J1947
"""


def cells(table: str) -> list[list[str]]:
    """The lines of a table with bars between its columns."""
    return [[cell.strip() for cell in line.split("|")] for line in table.strip().splitlines()]


def found(text: str, route: Route) -> tuple[str, str]:
    """The drug's key, and its codes with spaces between."""
    view, drug = BOOK.as_of(AUTUMN), Drug(text)
    key = view.identify(drug).key
    return key, " ".join(code.code for code in chosen(drug, key, view.drug_codes(key), route))


@pytest.mark.parametrize(("text", "key", "codes"), cells(BY_VEIN))
def test_a_drug_charted_by_vein(text, key, codes):
    """The strength is no name, the carrier no second drug, and capitals in the midst of a word change nothing."""
    assert (key, codes) == found(text, IV)


@pytest.mark.parametrize(("text", "route", "key", "codes"), cells(BY_INJECTION))
def test_a_drug_charted_as_an_injection(text, route, key, codes):
    """Depots, syringes and forms under the skin have keys or codes of their own."""
    assert (key, codes) == found(text, Route(route))


@pytest.mark.parametrize(
    ("text", "key", "codes"),
    [
        ("potassium chloride 20 mEq in sodium chloride 0.9% 1,000 mL", "potassium chloride + sodium chloride 0.9%", []),
        ("thiamine HCl 100 mg + folic acid 1 mg in NS 1000 mL", "folic acid + thiamine", ["J1808", "J3411"]),
        ("bupivacaine-fentaNYL in NS epidural", "bupivacaine + fentanyl", []),
        ("ondansetron 8 mg, dexamethasone 10 mg in NS 50 mL", "dexamethasone + ondansetron", ["J1100", "J2405"]),
    ],
)
def test_a_bag_of_several_drugs_names_each(text, key, codes):
    """One key for the mixture; the codes are asked for drug by drug."""
    view, drug = BOOK.as_of(AUTUMN), Drug(text)
    each = [chosen(drug, part, view.drug_codes(part), IV) for part in key.split(" + ")]

    assert key == view.identify(drug).key
    assert not codes or [[code] for code in codes] == [[row.code for row in rows] for rows in each]


@pytest.mark.parametrize(
    "text",
    [
        "Wonderdrug 5 mg",
        "study drug XYZ-123 50 mg",
        "500 mg/100 mL IVPB",
        "heparin-free rinse",
        "anti-infliximab antibody",
        "injection 4 mg",
    ],
)
def test_what_names_no_drug_is_a_question(text):
    """Never taken for therapeutic, and never half a name for a drug."""
    assert DrugClass.UNKNOWN is BOOK.as_of(AUTUMN).identify(Drug(text)).drug_class


@pytest.mark.parametrize(
    ("term", "key"),
    [
        (Term("ndc", "57894-030-01"), "infliximab"),
        (Term("ndc", "57894003001"), "infliximab"),
        (Term("ndc", "5789403001"), "infliximab"),
        (Term("ndc", "NDC 57894-030-01"), "infliximab"),
        (Term("ndc", "NDC:57894-0030-01"), "infliximab"),
        (Term("ndc", "57894 030 01"), "infliximab"),
        (Term("ndc", "57894-030"), "infliximab"),
        (Term("hcpcs", "J1745"), "infliximab"),
        (Term("hcpcs", "J9190"), "fluorouracil"),
        (Term("hcpcs", "J1170"), "hydromorphone"),
        (Term("hcpcs", "J3490", "ketamine"), "ketamine"),
        (Term("rxnorm", "26225"), "ondansetron"),
        (Term("rxnorm", "1", "ondansetron 2 MG/ML Injectable Solution"), "ondansetron"),
    ],
)
def test_a_code_tells_the_drug(term, key):
    """Any spelling of a product number, a HCPCS code on any day, RxNorm; an unknown code leaves its words to tell."""
    assert key == BOOK.as_of(AUTUMN).identify(Drug("", (term,))).key


@pytest.mark.parametrize(
    ("text", "rxnorm", "key"),
    [
        ("DOXOrubicin liposome (DOXIL) 20 mg", "3639", "doxorubicin liposomal"),
        ("DOXOrubicin 2 mg/mL", "3639", "doxorubicin"),
        ("octreotide (SANDOSTATIN LAR DEPOT)", "7617", "octreotide depot"),
        ("methylPREDNISolone acetate 80 mg", "6902", "methylprednisolone acetate"),
        ("paclitaxel 100 mg", "3639", "doxorubicin"),
    ],
)
def test_an_ingredients_code_leaves_the_form_to_the_text(text, rxnorm, key):
    """RxNorm's ingredient is the same for the depot; a text that names another drug doesn't outrank the code."""
    assert key == BOOK.as_of(AUTUMN).identify(Drug(text, (Term("rxnorm", rxnorm),))).key


@pytest.mark.parametrize("code", ["J3490", "J3590", "J9999", "C9399"])
def test_an_unclassified_code_tells_no_drug(code):
    """J9999 names the family of its drug, and no drug; the others nothing at all."""
    view = BOOK.as_of(AUTUMN)

    assert () == view.drug_codes(view.identify(Drug("", (Term("hcpcs", code),))).key)


def test_ingredients_with_strengths_make_a_mixture():
    """Each ingredient is looked up by its own terms or words."""
    bag = Drug(
        "IV admixture", (), (Ingredient("magnesium sulfate 500 mg/mL"), Ingredient("", (Term("hcpcs", "J3411"),)))
    )

    assert "magnesium sulfate + thiamine" == BOOK.as_of(AUTUMN).identify(bag).key
