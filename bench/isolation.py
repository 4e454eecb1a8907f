"""What the policies cost: the same query with and without them, on a table of 200,000 rows of a hundred workspaces."""

import json
from typing import LiteralString
from uuid import uuid4

import psycopg

from bench.product import SECRET_KEY, Product
from bench.timing import in_turn
from trulybot.operations.embedded import SUPERUSER
from trulybot.settings import APP_LOGIN, login_password

ROWS, WORKSPACES = 200_000, 100
ROUNDS = 60
# All of a workspace's rows; and a page of the newest, which takes a fraction of a millisecond and shows the fixed part.
ALL: LiteralString = "select id, email, status, created_at from public.leads where workspace_id = %s"
NEWEST: LiteralString = (
    "select id, email, status, created_at from public.leads where workspace_id = %s order by created_at desc limit 50"
)


def policies(product: Product, query: LiteralString) -> tuple[float, float]:
    """Milliseconds of a query under the policies, as the web sends it; and without any, as one who is above them."""
    with _connect(product, SUPERUSER) as above, _connect(product, APP_LOGIN) as web:
        user, workspace = _fill(above)
        claims = json.dumps({"sub": str(user), "workspace_id": str(workspace)})

        def under(_round: int) -> list[tuple[object, ...]]:
            return web.execute(query, (workspace,)).fetchall()

        def without(_round: int) -> list[tuple[object, ...]]:
            return above.execute(query, (workspace,)).fetchall()

        # Both inside one transaction, so that only the query is timed.
        web.execute("select set_config('role', 'member', true), set_config('request.jwt.claims', %s, true)", (claims,))
        assert set(under(0)) == set(without(0))
        ours, bare = in_turn(ROUNDS, under, without)
        web.rollback()
        above.execute("delete from public.workspaces where slug like 'bench-policies-%'")
        above.commit()
    return ours.median, bare.median


def _fill(above: psycopg.Connection[tuple[object, ...]]) -> tuple[object, object]:
    """A member, and a workspace of theirs with its share of the rows."""
    above.execute(
        """
        insert into public.workspaces (name, slug, bot_key)
        select 'bench', 'bench-policies-' || n, 'bench-policies-' || n from generate_series(1, %s) n
        """,
        (WORKSPACES,),
    )
    above.execute(
        """
        insert into public.leads (workspace_id, email, created_at)
        select w.id, n || '@example.com', now() - n * interval '1 second'
          from public.workspaces w cross join generate_series(1, %s) n
         where w.slug like 'bench-policies-%%'
        """,
        (ROWS // WORKSPACES,),
    )
    row = above.execute("select id from public.workspaces where slug = 'bench-policies-1'").fetchone()
    assert row is not None
    user = uuid4()
    above.execute(
        "insert into public.memberships (workspace_id, user_id, role) values (%s, %s, 'owner')", (row[0], user)
    )
    above.commit()
    above.autocommit = True
    above.execute("vacuum analyze public.leads")
    above.autocommit = False
    return user, row[0]


def _connect(product: Product, login: str) -> psycopg.Connection[tuple[object, ...]]:
    password = login_password(SECRET_KEY, login)
    return psycopg.connect(f"postgresql://{login}:{password}@/trulybot?host={product.data / 'postgres'}")
