"""No workspace sees another: read from the database's catalogue, and tried as the app's own logins."""

import pytest

from tests.isolation.catalogue import TENANTS
from tests.isolation.probes import PROBES, Probe
from tests.isolation.site import OWNER, Site
from tests.isolation.tenants import ACME, OTHER


@pytest.mark.parametrize("probe", PROBES, ids=lambda probe: probe.__name__)
def test_there_are_no(site: Site, probe: Probe):
    try:
        found = list(probe(site))
    finally:
        site.superuser.rollback()

    assert found == []


def test_there_is_something_to_find_in_every_table(site: Site):
    """Or the tests above would prove nothing of it."""
    empty = []
    for table in site.workspace_tables:
        for tenant in (ACME, OTHER):
            query = f"select count(*) from {table.name} where {table.workspace} = %s"  # noqa: S608  (the catalogue's names)
            (count,) = site.superuser.execute(query, (tenant.workspace_id,)).fetchone() or (0,)  # type: ignore[arg-type]
            if not count:
                empty.append((table.name, tenant.who))
    site.superuser.rollback()

    assert empty == []
    assert len(site.workspace_tables) > 15


def test_every_role_of_a_tenant_is_one_that_the_app_uses():
    from trulybot.workspaces.identity import JobOwner, KeyHolder, Member, Visitor

    used = {kind.database_role for kind in (Member, KeyHolder, Visitor, JobOwner)}

    assert used | {"authenticated"} == set(TENANTS)
    assert OWNER.role == Member.database_role
