"""`bin/mutate` itself: what it breaks is broken, and what it says is so. All of it takes minutes; this is a sample."""

from tests.conftest import SECRET_KEY
from tests.isolation.database import copied
from tests.isolation.site import Site
from tests.mutation.__main__ import report
from tests.mutation.mutants import Mutant, conditions, mutants
from tests.mutation.run import Outcome, run

SAMPLE = (
    "no force public.documents",
    "disable public.leads",
    "read on public.documents: using (true)",
    "change_own on public.turns: with check (the workspace alone)",
    "add on public.leads: with check (true)",
    "read on public.memberships: dropped",
    "passages_workspace_id_document_id_fkey dropped",
    "update on public.memberships to authenticated",
    "private.memberships_of(uuid) for a member",
)


def test_there_is_a_mutant_of_everything_that_keeps_tenants_apart(site: Site):
    found = mutants(site)
    site.superuser.rollback()

    assert len(found) > 500
    assert {one.kind for one in found} == {"row security", "policy", "key", "grant", "function", "condition", "view"}
    assert found == mutants(site)
    site.superuser.rollback()


def test_a_sample_of_mutants_is_seen(template: str, site: Site):
    by_name = {one.name: one for one in mutants(site)}
    site.superuser.rollback()

    outcomes = list(run(template, SECRET_KEY, [by_name[name] for name in SAMPLE]))

    assert [(one.mutant.name, one.invalid) for one in outcomes if one.seen_by is None] == []
    assert report(outcomes, 1.0) == 0


def test_what_is_not_broken_is_not_seen_and_counts_against_the_score(template: str, capsys):
    harmless = Mutant("policy", "nothing at all", ())

    outcomes = list(run(template, SECRET_KEY, [harmless]))

    assert outcomes == [Outcome(harmless, None)]
    assert report(outcomes, 1.0) == 1
    assert "SURVIVED: policy: nothing at all" in capsys.readouterr().out


def test_a_condition_is_taken_out_and_the_rest_stays():
    text = "select 1 from t where a = 1 and (b = 2 or c = (select 3 where d)) order by 1;"

    found = dict(conditions(text))

    assert list(found)[:3] == ["a = 1", "b = 2", "c = (select 3 where d)"]
    assert found["b = 2"] == "select 1 from t where a = 1 and ( true or c = (select 3 where d)) order by 1;"


def test_a_copy_is_gone_when_it_has_served(template: str):
    with copied(template, SECRET_KEY, "fleeting") as site:
        names = site.superuser.execute("select datname from pg_database where datname = 'fleeting'").fetchall()
        site.superuser.rollback()
        assert names == [("fleeting",)]
