"""The same audit on Apache Spark, for exports that no longer fit one machine or already lie in a lake.

Spark parts the lines, and `Auditor` does the rest, patient after patient, as it does on one machine; nothing of the
method is written again.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import msgspec
import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as f
from pyspark.sql.types import StringType, StructField, StructType

from fhir_mappings.paths import READ_IN_BULK, SHARED
from fhir_mappings.placement import place
from plugin.bulk.auditing import Auditor
from plugin.bulk.files import Problem, wrong_with
from plugin.bulk.lines import MEASURES, parse
from plugin.bulk.settings import AuditSettings, ChargeSource
from plugin.bulk.spark_inputs import charge_lines, unread_lines

if TYPE_CHECKING:
    from collections.abc import Callable

PLACED = (
    "kind string, key string, owner string, encounter string, homeless boolean, pointed array<string>, "
    "updated string, version string, json string, file string"
)
UNREAD = "unread"
"""The kind of a line that holds no resource."""
FINDINGS = StructType([StructField("encounter", StringType()), StructField("finding", StringType())])
AT_ONCE = 1000
Batches = Iterator[pa.RecordBatch]


@dataclass(frozen=True, slots=True)
class SparkOutcome:
    """Rows of (encounter, finding), the columns of `columns.COLUMNS` as JSON; and what was not read."""

    findings: DataFrame
    problems: list[Problem]
    source: ChargeSource


def audit_with_spark(
    session: SparkSession, path: str | list[str], settings: AuditSettings, charges: str | None = None
) -> SparkOutcome:
    """The findings of an export, and the lines of it that hold no resource.

    `path` and `charges` (a site's own CSV, taken where the export holds no charges) are anything Spark reads: a folder,
    a pattern, an address in an object store. The package must be installed on the executors.
    """
    lines = session.read.text(path).withColumn("file", f.input_file_name())
    placed = lines.mapInArrow(_placing(settings.drugs), PLACED).persist()
    counts = {row["kind"]: row["count"] for row in placed.groupBy("kind").count().collect()}
    problems = unread_lines(session, placed) if counts.get(UNREAD) else []
    home, source = _at_home(placed.filter(f.col("kind") != UNREAD)), _source(counts, settings, charges)
    whole = _with_shared(home, counts)
    if source is ChargeSource.FILE and charges is not None:
        given, wrong = charge_lines(session, charges, home)
        whole, problems = whole.union(given), [*problems, *wrong]
    findings = (
        whole.repartition("owner")
        .sortWithinPartitions("owner", "kind", "key", "json")
        .mapInArrow(_auditing(replace(settings, charges=source)), FINDINGS)
    )
    return SparkOutcome(findings, problems, source)


def _source(counts: dict[str, int], settings: AuditSettings, charges: str | None) -> ChargeSource:
    if settings.compared is not None:
        return ChargeSource.NONE
    for source in (ChargeSource.CHARGE_ITEMS, ChargeSource.CLAIMS):
        if counts.get(source.value):
            return source
    return ChargeSource.FILE if charges is not None else ChargeSource.NONE


def _placing(measures: bool) -> "Callable[[Batches], Batches]":
    """Lines to what places them."""
    names = [name.split(" ")[0] for name in PLACED.split(", ")]
    types = [pa.bool_() if n == "homeless" else pa.list_(pa.string()) if n == "pointed" else pa.string() for n in names]

    def place_batches(batches: Batches) -> Batches:
        for batch in batches:
            lines = zip(*(column.to_pylist() for column in batch.columns), strict=True)
            rows = [row for line, file in lines for row in _placed(line, file, measures)]
            columns = [pa.array([row[i] for row in rows], kind) for i, kind in enumerate(types)]
            yield pa.RecordBatch.from_arrays(columns, names)

    return place_batches


def _placed(line: str, file: str, measures: bool) -> Iterator[tuple[Any, ...]]:
    if wrong_with(line):
        yield UNREAD, "", "", "", False, [], "", "", "", file
        return
    for resource in parse(line) if line.strip() else ():
        p = place(resource)
        if p.kind in READ_IN_BULK or (measures and p.kind == "Observation" and _holds_measure(line)):
            owner = p.patient or p.encounter or p.key
            yield p.kind, p.key, owner, p.encounter, not p.patient, list(p.pointed), p.updated, p.version, line, ""


def _holds_measure(line: str) -> bool:
    return any(mark in line for mark in MEASURES)


def _at_home(placed: DataFrame) -> DataFrame:
    """What names an encounter goes to that encounter's patient, as `assembly` has it."""
    number = f.when(f.col("version").rlike("^[0-9]{1,18}$"), f.col("version").cast("long")).otherwise(0)
    newest = f.max_by("owner", f.struct("updated", number, "owner")).alias("own")
    homes = placed.filter("kind = 'Encounter' AND key <> ''").groupBy(f.col("key").alias("encounter")).agg(newest)
    staying = (f.col("kind") == "Condition") & ~f.col("homeless")
    naming = placed.filter("kind <> 'Encounter' AND owner <> encounter").filter(~staying)
    adopted = naming.join(homes.filter("own = encounter").select("encounter"), "encounter").groupBy("encounter")
    homes = homes.join(adopted.agg(f.min("owner").alias("other")), "encounter", "left")
    home = f.coalesce("other", "own")
    return (
        placed.join(homes, "encounter", "left")
        .withColumn("owner", f.when(staying | home.isNull(), f.col("owner")).otherwise(home))
        .select("owner", "kind", "key", "pointed", "json")
    )


def _with_shared(lines: DataFrame, counts: dict[str, int]) -> DataFrame:
    """Medications, substances and devices go to everyone who points to one, and what these point to."""
    own = lines.filter(f.col("kind").isin(*SHARED))
    rest = lines.filter(~f.col("kind").isin(*SHARED))
    if not any(counts.get(kind) for kind in SHARED):
        return rest.drop("pointed")
    wanted = rest.select("owner", f.explode("pointed").alias("key")).distinct()
    near = wanted.join(own.drop("owner"), "key")
    far = near.select("owner", f.explode("pointed").alias("key")).distinct().join(own.drop("owner"), "key")
    columns = ["owner", "kind", "key", "json"]
    return rest.select(columns).union(near.select(columns).union(far.select(columns)).distinct())


def _auditing(settings: AuditSettings) -> "Callable[[Batches], Batches]":
    def audit(batches: Batches) -> Batches:
        auditor = Auditor(settings)
        rows = (row for batch in batches for row in zip(*(c.to_pylist() for c in batch.columns), strict=True))
        found: list[dict[str, Any]] = []
        for _, lines in groupby(rows, key=itemgetter(0)):
            found += auditor.audit([(kind, text) for _, kind, _, text in lines])
            if len(found) >= AT_ONCE:
                yield _batch(found)
                found = []
        yield _batch(found)

    return audit


def _batch(found: Iterable[dict[str, Any]]) -> pa.RecordBatch:
    rows = list(found)
    return pa.RecordBatch.from_arrays(
        [
            pa.array([row["encounter"] for row in rows], pa.string()),
            pa.array([msgspec.json.encode(row).decode() for row in rows], pa.string()),
        ],
        ["encounter", "finding"],
    )
