"""What a rule is: a pure function with an id, a title, its sources and the days it is in force."""

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Generic, TypeVar

from plugin.domain import Ask, Category, Decline, DrugClass, NotApplicable, Notice, Role, Service, Suggest, Technique
from plugin.domain.codes import Word

if TYPE_CHECKING:
    from plugin.rules.drug_lines.dispensed import Dispensed
    from plugin.rules.placement import Placed
    from plugin.rules.visit import Visit

Said = Suggest | Decline | Ask | Notice
NOT_APPLICABLE = NotApplicable()
Sift = Callable[[Service, "Visit"], "Decline | Ask | NotApplicable"]
Earn = Callable[["Placed", "Visit"], Iterable[Said]]
Tell = Callable[["Visit"], Iterable[Said]]
Supply = Callable[["Dispensed", "Visit"], Iterable[Said]]
F = TypeVar("F", bound=Callable[..., object])
F_co = TypeVar("F_co", bound=Callable[..., object], covariant=True)


@dataclass(frozen=True, slots=True)
class Days:
    """The days a rule is in force; an open end is None."""

    first: date
    last: date | None = None

    def hold(self, day: date) -> bool:
        """Whether `day` is one of them."""
        return self.first <= day and (self.last is None or day <= self.last)


def since(day: str, until: str | None = None) -> Days:
    """In force from one ISO day, to another where given."""
    return Days(date.fromisoformat(day), date.fromisoformat(until) if until else None)


class Kind(Word):
    """A service that took no role: what stands in its way."""

    UNTIMED = "untimed"
    NOT_EARNED = "not earned"
    WAITS = "waits for an answer"
    TOGETHER = "charted at the same time"


@dataclass(frozen=True, slots=True)
class LooksAt:
    """Which services a rule looks at; an empty set means all.

    Drug classes count before a service has its category and place; roles, categories and techniques afterwards.
    """

    roles: frozenset[Role | Kind] = frozenset()
    categories: frozenset[Category] = frozenset()
    techniques: frozenset[Technique] = frozenset()
    drug_classes: frozenset[DrugClass] = frozenset()

    def covers(self, role: Role | Kind, category: Category, technique: Technique | None) -> bool:
        """Whether a service of that kind is one of them."""
        return (
            (not self.roles or role in self.roles)
            and (not self.categories or category in self.categories)
            and (not self.techniques or technique in self.techniques)
        )


@dataclass(frozen=True, slots=True)
class Rule(Generic[F_co]):
    """A rule of the rulebook; it is asked of visits that have one of the marks in `when` (`marks.py`), or of all."""

    id: str
    title: str
    cites: tuple[str, ...]
    in_force: Days
    run: F_co
    looks_at: LooksAt = LooksAt()
    when: frozenset[Hashable] = frozenset()


def rule(
    id: str,
    *,
    title: str,
    cites: tuple[str, ...],
    in_force: Days,
    looks_at: LooksAt | None = None,
    when: Iterable[Hashable] = (),
) -> Callable[[F], Rule[F]]:
    """Make a function a rule; the order of the rules stands in `plugin.rules`, nowhere else.

    `looks_at` says which services the rule looks at, `when` what a visit must have for it to say anything at all.
    """

    def made(function: F) -> Rule[F]:
        return Rule(id, title, cites, in_force, function, looks_at or LooksAt(), frozenset(when))

    return made


def looking_at(
    *what: Role | Kind | Category | Technique | DrugClass,
) -> LooksAt:
    """`looking_at(Role.INITIAL, Technique.PUSH)`: services of those roles, categories, techniques, drug classes."""
    return LooksAt(
        frozenset(w for w in what if isinstance(w, (Role, Kind))),
        frozenset(w for w in what if isinstance(w, Category)),
        frozenset(w for w in what if isinstance(w, Technique)),
        frozenset(w for w in what if isinstance(w, DrugClass)),
    )
