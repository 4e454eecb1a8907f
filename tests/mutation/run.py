"""Breaks one thing at a time in a copy of the database, and looks whether the isolation tests say so."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import psycopg

from tests.isolation.database import copied
from tests.isolation.site import Site
from tests.mutation.mutants import Mutant

HANDS = 2  # databases at once


@dataclass(frozen=True)
class Outcome:
    """seen_by: the probe that noticed, and what it said; None when none did. invalid: why it could not be broken so."""

    mutant: Mutant
    seen_by: tuple[str, str] | None
    invalid: str | None = None


def run(superuser_url: str, secret_key: str, mutants: Sequence[Mutant]) -> Iterator[Outcome]:
    """Each mutant's outcome, in their order."""

    def judge(numbered: tuple[int, Mutant]) -> Outcome:
        number, mutant = numbered
        with copied(superuser_url, secret_key, f"mutant_{number}") as site:
            return outcome(site, mutant)

    with ThreadPoolExecutor(HANDS) as hands:
        yield from hands.map(judge, enumerate(mutants))


def outcome(site: Site, mutant: Mutant) -> Outcome:
    try:
        with psycopg.connect(site.superuser_url) as connection:
            for statement in mutant.statements:
                connection.execute(statement)
    except psycopg.Error as error:
        return Outcome(mutant, None, " ".join(str(error).split()))

    narrowed = site.narrowed(*mutant.only)
    for probe in mutant.probes:
        try:
            found = next(probe(narrowed), None)
        except psycopg.Error as error:  # a test that ends in an error is red as well
            found = type(error).__name__
        finally:
            narrowed.superuser.rollback()
        if found is not None:
            return Outcome(mutant, (probe.__name__, found))
    return Outcome(mutant, None)
