"""`infusion-charges generate FOLDER`: an invented export of any size, with the truth beside it."""

import argparse
import sys
from pathlib import Path
from typing import Any

from plugin.cli.choices import UsageError, read_zone
from plugin.cli.stopping import Stopped, say_stopped, stoppable

DONE, UNUSABLE = 0, 2
CHARGES = ("chargeitem", "claim", "csv", "none")


def add_parser(subparsers: Any) -> None:
    """Register the command."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "generate",
        help="write an invented FHIR export of any size",
        description="Write FHIR NDJSON of invented infusion visits into a new folder, with under- and over-coding "
        "and truth.csv beside it. The same seed gives the same files.",
    )
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="a new or empty folder")
    parser.add_argument("--encounters", type=int, default=1000, metavar="N", help="how many (default: 1000)")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="another seed, other visits (default: 1)")
    parser.add_argument("--under", type=_share, default=0.06, metavar="SHARE", help="share under-coded (default: 0.06)")
    parser.add_argument("--over", type=_share, default=0.06, metavar="SHARE", help="share over-coded (default: 0.06)")
    parser.add_argument("--charges", choices=CHARGES, default="chargeitem", help="how charges are written")
    parser.add_argument("--drugs", action="store_true", help="chart waste, and charge the drugs themselves, too")
    parser.add_argument("--zone", default="America/Chicago", metavar="AREA/CITY", help="where the visits are")
    parser.add_argument(
        "--utc", action="store_true", help="times in UTC where such EHRs write them so; then audit with --zone"
    )
    parser.add_argument("--gz", action="store_true", help="write .ndjson.gz")
    parser.add_argument(
        "--lines-per-file", type=int, default=100_000, metavar="N", help="then the next file (default: 100000)"
    )
    parser.set_defaults(run=run)


def _share(given: str) -> float:
    share = float(given)
    if not 0 <= share <= 0.5:
        raise argparse.ArgumentTypeError("a share lies between 0 and 0.5")
    return share


def _check(options: argparse.Namespace) -> None:
    """UsageError for what nothing can be made of."""
    read_zone(options.zone)
    for name in ("encounters", "lines_per_file"):
        if (given := getattr(options, name)) < 1:
            raise UsageError(f"--{name.replace('_', '-')} {given}: must be at least 1")
    if options.folder.is_file():
        raise UsageError(f"{options.folder}: a file; name a new folder")


def run(options: argparse.Namespace) -> int:
    """0: written; 2: unusable arguments, or the folder can't be written; 130 or 143: stopped, and nothing is left."""
    from tqdm import tqdm  # noqa: PLC0415 - the other commands begin sooner without these

    from plugin.bulk.errors import BulkError  # noqa: PLC0415
    from plugin.bulk.generating.wish import Wish  # noqa: PLC0415
    from plugin.bulk.generating.writing import generate  # noqa: PLC0415

    try:
        _check(options)
    except UsageError as wrong:
        print(f"infusion-charges generate: {wrong}", file=sys.stderr)
        return UNUSABLE
    wish = Wish(
        encounters=options.encounters,
        seed=options.seed,
        under=options.under,
        over=options.over,
        charges=options.charges,
        zone=options.zone,
        zipped=options.gz,
        lines_per_file=options.lines_per_file,
        drugs=options.drugs,
        utc=options.utc,
    )
    try:
        # disable=None: a bar on a terminal, nothing in a log
        with stoppable(), tqdm(total=wish.encounters, unit=" encounters", disable=None) as bar:
            count = generate(wish, options.folder, bar.update)
    except BulkError as wrong:
        print(f"infusion-charges generate: {wrong}", file=sys.stderr)
        return UNUSABLE
    except Stopped as stopped:
        return say_stopped("generate", "nothing is kept; run the same command again to begin anew", stopped)
    print(f"{count} encounters in {options.folder}; what is true of them stands in {options.folder / 'truth.csv'}")
    return DONE
