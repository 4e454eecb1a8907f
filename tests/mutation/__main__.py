"""
bin/mutate                what the isolation tests see of all that can be broken
bin/mutate --only KIND    of one kind: "row security", policy, key, grant, function, condition, view
"""

import argparse
import sys
import time
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.isolation.database import copied, make_template
from tests.isolation.probes import PROBES
from tests.mutation.mutants import mutants
from tests.mutation.run import Outcome, run
from tests.servers import start_postgres

SECRET_KEY = "a secret that only the mutants know, 32+"


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="bin/mutate", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--only", metavar="KIND", help="one kind of mutant")
    options = parser.parse_args()
    began = time.monotonic()
    with TemporaryDirectory(prefix="trulybot-mutants-") as place:
        folder = Path(place)
        folder.chmod(0o711)  # PostgreSQL runs as another user when we are root
        url = start_postgres(folder)
        make_template(url, SECRET_KEY)
        with copied(url, SECRET_KEY, "unbroken") as site:
            for probe in PROBES:  # what is red already could not tell
                for found in probe(site):
                    sys.exit(f"The isolation tests are red before anything is broken: {probe.__name__}: {found}")
                site.superuser.rollback()
            wanted = [one for one in mutants(site) if options.only in (None, one.kind)]
        outcomes = []
        for done in run(url, SECRET_KEY, wanted):
            outcomes.append(done)
            if sys.stderr.isatty():
                sys.stderr.write(f"\r{len(outcomes)} of {len(wanted)}")
    sys.exit(report(outcomes, time.monotonic() - began))


def report(outcomes: list[Outcome], seconds: float) -> int:
    """Print the score and who survived; 0 when nobody did."""
    tried = [one for one in outcomes if one.invalid is None]
    survivors = [one for one in tried if one.seen_by is None]
    print("\nSeen by")
    for probe, number in Counter(one.seen_by[0] for one in tried if one.seen_by).most_common():
        print(f"  {number:5}  {probe}")
    print("By kind")
    for kind, number in Counter(one.mutant.kind for one in tried).items():
        missed = sum(one.mutant.kind == kind for one in survivors)
        print(f"  {number:5}  {kind}" + (f", {missed} not seen" if missed else ""))
    for one in outcomes:
        if one.invalid is not None:
            print(f"could not be broken so: {one.mutant.kind}: {one.mutant.name}: {one.invalid}")
    for one in survivors:
        print(f"SURVIVED: {one.mutant.kind}: {one.mutant.name}")
    share = (len(tried) - len(survivors)) / len(tried) if tried else 0
    print(f"{len(tried) - len(survivors)} of {len(tried)} seen, {share:.1%}, in {seconds:.0f} s")
    return 1 if survivors or not tried else 0


if __name__ == "__main__":
    main()
