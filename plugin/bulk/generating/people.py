"""Invented people: patients, and the hospitals with those who work there. Each hospital has an EHR of another make."""

import tomllib
from datetime import date, datetime, timedelta
from functools import cache, lru_cache
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from fhir_mappings.vendor_shapes import Shape
from fhir_mappings.vendor_shapes.facts import Coded, Person, Place, Staff

FILE = Path(__file__).with_name("names.toml")
UNITS = {"EMER": ("Emergency",), "OBSENC": ("Observation 4W",), "IMP": ("6 East",)}
CLINICS = ("Infusion Center", "Oncology Day Unit", "Rheumatology Clinic")
DOCTORS, NURSES = 8, 24
OF_ONE_SEX = {"C61": "male", "C50.911": "female"}
"""Diagnoses that only one sex has here."""
OF_BOTH = "C18.7"


class Hospital(NamedTuple):
    """A hospital, the make of its EHR, and its people."""

    place: Place
    shape: Shape
    doctors: tuple[Staff, ...]
    nurses: tuple[Staff, ...]

    def unit(self, random: Random, encounter_class: str) -> Place:
        """A unit for visits of that class."""
        name = random.choice(UNITS.get(encounter_class, CLINICS))
        return Place(f"{self.place.key.replace('Organization', 'Location')}-{name.lower().replace(' ', '-')}", name)


@cache
def _names() -> dict[str, Any]:
    return tomllib.loads(FILE.read_text("utf-8"))


@lru_cache(maxsize=8)
def hospitals(seed: int) -> tuple[Hospital, ...]:
    """The hospitals of a seed, one for each make of EHR."""
    random = Random(f"{seed} hospitals")  # noqa: S311 - invented data
    return tuple(
        Hospital(
            Place(f"Organization/h{number}", name),
            shape,
            _staff(random, f"h{number}d", "MD", DOCTORS),
            _staff(random, f"h{number}n", "RN", NURSES),
        )
        for number, (name, shape) in enumerate(zip(_names()["hospitals"], Shape, strict=True), 1)
    )


def _staff(random: Random, prefix: str, title: str, count: int) -> tuple[Staff, ...]:
    names = _names()
    given = [*names["female"], *names["male"]]
    return tuple(
        Staff(f"Practitioner/{prefix}{number}", random.choice(names["family"]), random.choice(given), title)
        for number in range(1, count + 1)
    )


def sex_of(random: Random, diagnoses: list[str]) -> str:
    """The sex that the first diagnosis of one sex alone has, else any."""
    drawn = random.choice(("female", "male"))
    return next((OF_ONE_SEX[code] for code in diagnoses if code in OF_ONE_SEX), drawn)


def fitting(diagnoses: tuple[str, ...], sex: str) -> tuple[str, ...]:
    """The diagnoses, with another cancer for one that the patient can't have."""
    return tuple(OF_BOTH if OF_ONE_SEX.get(code, sex) != sex else code for code in diagnoses)


def draw_person(random: Random, number: int, sex: str, hospital: Hospital, first_seen: datetime) -> Person:
    """A patient of that hospital, known there for some years before the first visit."""
    names = _names()
    city, state, postal = random.choice(names["towns"])
    family, (given, middle) = random.choice(names["family"]), random.sample(names[sex], 2)
    line = f"{random.choice(('217', '312', '414', '515', '612', '816'))}-555-01"
    return Person(
        key=f"Patient/p{number}",
        number=f"{random.randrange(10**5, 10**6)}{number:04}",
        family=family,
        given=given,
        middle=middle,
        sex=sex,
        born=date(random.randint(1935, 2005), 1, 1) + timedelta(days=random.randrange(365)),
        race=_drawn(random, "race"),
        ethnicity=_drawn(random, "ethnicity"),
        language=_drawn(random, "language"),
        married=_drawn(random, "married"),
        street=f"{random.randint(1, 999)} {random.choice(names['streets'])}",
        city=city,
        state=state,
        postal=postal,
        phone=f"{line}{random.randrange(100):02}",
        mobile=f"{line}{random.randrange(100):02}",
        email=f"{given}.{family}{number}@{names['mail']}".lower(),
        since=first_seen - timedelta(days=random.randint(30, 3000)),
        doctor=random.choice(hospital.doctors),
        hospital=hospital.place,
    )


def _drawn(random: Random, name: str) -> Coded:
    rows = _names()[name]
    code, words, _ = random.choices(rows, [share for *_, share in rows])[0]
    return Coded(code, words)
