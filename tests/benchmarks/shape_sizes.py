"""How long the lines of a generated export are, by type and by make of EHR: `python -m tests.benchmarks.shape_sizes`.

The table of `docs/explanation/generated-exports.md` is made of it.
"""

import sys
from collections import Counter

import msgspec

from fhir_mappings.vendor_shapes import Shape
from plugin.bulk.generating.visiting import draw_patient
from plugin.bulk.generating.wish import Wish

PATIENTS = 5000


def main() -> None:
    """Print the mean bytes of a line, its end included; of a Medication counted once for each drug."""
    wish, encode = Wish(encounters=0, drugs=True), msgspec.json.Encoder().encode
    lines: Counter[tuple[str, Shape]] = Counter()
    size: Counter[tuple[str, Shape]] = Counter()
    for number in range(1, PATIENTS + 1):
        patient, visits = draw_patient(wish, number, 5)
        shape = visits[0].charted.shape
        for resource in [patient, *(each for v in visits for each in (*v.resources(), *v.charge_items()))]:
            lines[resource["resourceType"], shape] += 1
            size[resource["resourceType"], shape] += len(encode(resource)) + 1
    sys.stdout.write(f"{'':26}" + "".join(f"{shape.value:>10}" for shape in Shape) + f"{'all':>10}\n")
    for kind in sorted({kind for kind, _ in lines}):
        of_all = sum(size[kind, s] for s in Shape) / sum(lines[kind, s] for s in Shape)
        means = [size[kind, s] / lines[kind, s] if lines[kind, s] else 0 for s in Shape]
        sys.stdout.write(f"{kind:26}" + "".join(f"{mean:10.0f}" for mean in [*means, of_all]) + "\n")


if __name__ == "__main__":
    main()
