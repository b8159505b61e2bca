"""Small files in the layouts in which the public ones are published, written for the tests."""

from datetime import date
from pathlib import Path

from plugin.codebook.importers import KINDS, Imported, Wishes, import_file

TODAY = date(2026, 11, 21)
NOTICE = "CPT codes, descriptions and other data only are copyright their owner. All rights reserved."

PRICES = """Payment Allowance Limits for Medicare Part B Drugs,,,,,
"Effective October 1, 2025 through December 31, 2025",,,,,
Note: an example,,,,,
HCPCS Code,Short Description,HCPCS Code Dosage,Payment Limit,Co-insurance Percentage,Notes
J0001,First drug,10 MG,"1,234.500",20.000,
J0002,Second drug,1 ML,0.130,18.125,Inflation-adjusted coinsurance
A9606,Radium,1 microCurie,N/A,20.000,"see the
other page"
90371,,1 ML,134.194,20.000,
"""
CROSSWALK = """October 2025 ASP NDC-HCPCS Crosswalk,,,,,,,,,
_2025_CODE,Short Description,LABELER NAME,NDC2,Drug Name,HCPCS dosage,PKG SIZE,PKG QTY,BILLUNITS,BILLUNITSPKG
J0001,First drug,"Maker, Inc",00012-0345-06,Firstol,10 MG,5,10,0.5,5
J0001,First drug,"Maker, Inc",GG100,Firstol gel,10 MG,1,1,1,1
"""
HCPCS_SHEET = """HCPC,SEQNUM,RECID,LONG DESCRIPTION,SHORT DESCRIPTION,COV,ADD DT,ACT EFF DT,TERM DT,ACTION CD
J0001,00100,3,"Injection, first drug,",First drug inj,D,20020101,20230101,,N
J0001,00200,4,10 mg,,,,,,
J0002,00100,3,"Injection, second drug, 1 ml",Second drug inj,C,20100401,20240101,20251231,D
AB,00100,7,A modifier,Modifier,,20020101,20020101,,N
"""
LIMITS = f"""\"{NOTICE}
Applicable restrictions apply.",,,
"HCPCS/
CPT Code",{{column}},MUE Adjudication Indicator,MUE Rationale
96365,1,3 Date of Service Edit: Clinical,Nature of Service/Procedure
J0001,150,1 Line Edit,Prescribing Information
"""
PRACTITIONER_LIMITS = LIMITS.format(column="Practitioner Services MUE Values")
HOSPITAL_LIMITS = LIMITS.format(column="Outpatient Hospital Services MUE Values").replace("96365,1", "96365,2")
PAIRS = f"""{NOTICE}\t\t\t\t\t\t
Column1/Column2 Edits\t\t\t\t\t\t
Column 1\tColumn 2\t*=in existence\tEffective\tDeletion\tModifier\tPTP Edit Rationale
\t\tprior to 1996\tDate\tDate\t0=not allowed\t
\t\t\t\t*=no data\t1=allowed\t
\t\t\t\t\t9=not applicable\t
96365\t96372\t\t20100101\t*\t1\tStandards of practice
96365\t36000\t*\t19960101\t20231231\t0\tMisuse of column two
96365\t36000\t\t20240401\t*\t1\tMisuse of column two
96365\t99999\t\t20220101\t20220101\t9\tStandards of practice
"""
ADD_ON_SHEET = f"""{NOTICE},,,,,,,
AOC_Edit_Type,Add-On_Code,AOC_DelDT,Primary_Code,Primary_Code_DelDT,AOC_Edit_EffDT,AOC_Edit_DelDT,Special_Instruction_Notes
1,96366,,96365,,2013091,,
1,96375,,96360,2024366,2013091,,practitioner only
2,96368,,CCCCC,,2013091,,Contractor Defined Primary Codes
"""
ORDER = (
    "00001 A00     0 Cholera                                                      Cholera\n"
    "00002 A000    1 Cholera due to one biovar                                    Cholera due to one biovar, cholerae\n"
    "00003 K5090   1 Crohn's disease, unspecified, w/o complications              "
    "Crohn's disease, unspecified, without complications\n"
)
DESCRIPTORS = f"{NOTICE}\nCode\tDescriptor\n96365\tour own text of one\n96366\tour own text of another, longer\n"


def fixed_hcpcs(code: str, sequence: int, record: str, long: str, short: str = "", added: str = "") -> str:
    """A record of the fixed HCPCS columns, 320 characters; `added` as YYYYMMDD."""
    line = f"{code:>5}{sequence:05}{record}{long:<80}{short:<28}".ljust(229) + "D"
    line = line.ljust(268) + f"{added:<8}{added:<8}" + " " * 8 + "N"
    return line.ljust(320) + "\r\n"


FIXED_HCPCS = "".join(
    (
        fixed_hcpcs("AB", 100, "7", "A modifier", "Modifier", "20020101"),
        fixed_hcpcs("J0001", 200, "3", "Injection, first drug,", "First drug inj", "20020101"),
        fixed_hcpcs("J0001", 300, "4", "10 mg"),
    )
)
FIXED_ADD_ONS = (
    f"{NOTICE}\r\n"
    f"1{'96366'}{'':7}{'96365'}{'':7}{'2013091'}{'':7}{'':58}\r\n"
    f"1{'96375'}{'':7}{'96360'}{'2024366'}{'2013091'}{'':7}{'practitioner only':58}\r\n"
    f"2{'96368'}{'':7}{'CCCCC'}{'':7}{'2013091'}{'':7}{'Contractor Defined Primary Codes':58}\r\n"
)

# Every kind with a name the file is published under and its contents.
FILES = {
    "asp-pricing": ("October 2025 ASP Pricing File.csv", PRICES),
    "asp-ndc-hcpcs": ("October 2025 ASP NDC-HCPCS Crosswalk.csv", CROSSWALK),
    "hcpcs": ("HCPC2026_OCT_ANWEB.csv", HCPCS_SHEET),
    "mue": ("MCR_MUE_OutpatientHospitalServices_Eff_10-01-2026.csv", HOSPITAL_LIMITS),
    "ptp": ("ccioph-v323r0-f1.txt", PAIRS),
    "add-on": ("AOC_V2026Q4-MCR.csv", ADD_ON_SHEET),
    "icd10cm-order": ("icd10cm-order-2027.txt", ORDER),
    "cpt-descriptors": ("cpt2027_long.txt", DESCRIPTORS),
}


def written(folder: Path, name: str, text: str) -> Path:
    """The text as a file with the line ends it has."""
    file = folder / name
    file.write_bytes(text.encode())
    return file


def imported(kind: str, file: Path, into: Path, **wishes: object) -> Imported:
    """Import on the tests' day."""
    return import_file(KINDS[kind], file, into, TODAY, Wishes(**wishes))


def bytes_of(folder: Path) -> dict[str, bytes]:
    """Every file of a folder, and what is in it."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def table(overlay: Path, name: str) -> list[str]:
    """The lines of an overlay's table under its header."""
    return (overlay / name).read_text("utf-8").splitlines()[1:]
