"""What comes to an audit on Spark beside charts: lines that hold no resource, and a site's own file of charges."""

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as f

from plugin.bulk.charges_file import DATED, KNOWN, NEEDED
from plugin.bulk.errors import BulkError
from plugin.bulk.files import Problem, wrong_with
from plugin.bulk.lines import CHARGE

MOST_PROBLEMS = 1000
"""Of one file."""


def unread_lines(session: SparkSession, placed: DataFrame) -> list[Problem]:
    """The lines that hold no resource by file and number; only the files that have any are read once more."""
    files = sorted(row["file"] for row in placed.filter("file <> ''").select("file").distinct().collect())
    return [problem for file in files for problem in _numbered(session, file)]


def _numbered(session: SparkSession, file: str) -> list[Problem]:
    lines = session.sparkContext.textFile(file).zipWithIndex()
    found = lines.map(lambda numbered: (numbered[1], wrong_with(numbered[0]))).filter(lambda wrong: bool(wrong[1]))
    name = file.removeprefix("file://")
    return [Problem(f"{name}: line {n + 1}", why, "this line was not read") for n, why in found.take(MOST_PROBLEMS)]


def charge_lines(session: SparkSession, path: str, home: DataFrame) -> tuple[DataFrame, list[Problem]]:
    """The rows of a CSV as lines of the patients whose encounters they name; and those that name none, or are wrong.

    The columns are those of `charges_file`; BulkError where the two that are needed are missing.
    """
    given = session.read.csv(path, header=True)
    if not NEEDED.issubset(given.columns):
        missing = " and no column ".join(sorted(NEEDED.difference(given.columns)))
        raise BulkError(f"{path}: no column {missing}; it needs a header")
    columns = [f.trim(f.col(n)).alias(n) if n in given.columns else f.lit(None).alias(n) for n in KNOWN]
    rows = given.select(*columns).withColumn("key", _key()).withColumn("wrong", _wrong())
    homes = home.filter("kind = 'Encounter'").select("key", "owner").dropDuplicates(["key"])
    placed = rows.join(homes, "key", "left")
    lines = placed.filter("wrong IS NULL AND owner IS NOT NULL")
    return lines.select("owner", f.lit(CHARGE).alias("kind"), "key", _json().alias("json")), _told(placed, path)


def _key() -> Column:
    encounter = f.col("encounter")
    return f.when(encounter.contains("/"), encounter).otherwise(f.concat(f.lit("Encounter/"), encounter))


def _wrong() -> Column:
    """Why a row can't be compared, in the words of `charges_file`."""
    return f.expr(
        "CASE WHEN nullif(encounter, '') IS NULL OR nullif(code, '') IS NULL THEN 'no encounter or no code' "
        f"WHEN nullif(date, '') IS NOT NULL AND (NOT date RLIKE '^{DATED}$' "
        "OR try_cast(left(date, 10) AS DATE) IS NULL) THEN 'no date like 2026-03-02' "
        "WHEN try_cast(coalesce(nullif(units, ''), '1') AS DECIMAL(18, 3)) IS NULL THEN 'no number of units' END"
    )


def _json() -> Column:
    modifiers = f.expr("filter(split(upper(coalesce(modifiers, '')), '[ ,;]+'), m -> m <> '')")
    return f.to_json(
        f.struct(
            f.col("key").alias("encounter"),
            f.upper("code").alias("code"),
            modifiers.alias("modifiers"),
            f.expr("left(nullif(date, ''), 10)").alias("date"),
            f.expr("coalesce(nullif(units, ''), '1')").alias("units"),
        )
    )


def _told(placed: DataFrame, path: str) -> list[Problem]:
    wrong = placed.filter("wrong IS NOT NULL OR owner IS NULL").select("encounter", "code", "wrong")
    rows = wrong.orderBy("encounter", "code").take(MOST_PROBLEMS)
    why = "an encounter the export does not hold"
    return [
        Problem(f"{path}: {row['encounter']} {row['code']}", row["wrong"] or why, "this charge was not compared")
        for row in rows
    ]
