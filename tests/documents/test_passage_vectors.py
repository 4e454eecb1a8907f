"""Vectors in a table of their own: what was kept before moves there."""

import psycopg
import pytest

from tests.conftest import OWNER
from tests.servers import SECRET_KEY
from trulybot.kit import migrations
from trulybot.operations.embedded import DATABASE
from trulybot.settings import login_password, with_login

BEFORE = "0020"
ACME = "01a20427-0000-7000-8000-00000000000a"


@pytest.fixture
def owner_of_an_older_one(superuser_url: str, owner_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The owner's URL of a database as it was before. owner_url: makes the roles, with their passwords."""
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        connection.execute("create database older")
    database = superuser_url.replace(f"/{DATABASE}?", "/older?")
    migrations.bootstrap(database, passwords={}, owner=OWNER)
    url = with_login(database, OWNER, login_password(SECRET_KEY, OWNER))
    all_of_them = migrations._ours()
    with monkeypatch.context() as older:
        older.setattr(migrations, "_ours", lambda: [one for one in all_of_them if one[0] < BEFORE])
        migrations.migrate(url)
    return url


def test_vectors_from_before_move_over_and_those_of_another_model_wait_again(
    superuser_url: str, owner_of_an_older_one: str
):
    database = superuser_url.replace(f"/{DATABASE}?", "/older?")
    with psycopg.connect(database, autocommit=True, options="-c search_path=public,extensions") as connection:
        connection.execute("insert into workspaces (id, name, slug, bot_key) values (%s, 'Acme', 'acme', 'k')", (ACME,))
        connection.execute("insert into knowledge (workspace_id, passages) values (%s, 4)", (ACME,))
        connection.execute(
            """
            insert into documents (workspace_id, id, title, source, content_hash, media_type, bytes, status, passages,
                                   unembedded)
            values (%s, gen_random_uuid(), 'Page', 'text', '', 'text/plain', 1, 'ready', 4, 1)
            """,
            (ACME,),
        )
        connection.execute(
            """
            insert into passages (workspace_id, id, document_id, ordinal, length, text, embedding_model, embedding,
                                  sentences)
            select d.workspace_id, gen_random_uuid(), d.id, place, 1, 'text', model,
                   case when model is not null then '[1,2]'::halfvec end, sentences::halfvec[]
              from documents d,
                   unnest(array['now', 'now', 'once', null], array['{"[3,4]"}', null, null, null])
                          with ordinality as n (model, sentences, place)
            """
        )

        migrations.migrate(owner_of_an_older_one)

        kept = connection.execute("select model, embedding::text, sentences::text from passage_vectors order by 1, 3")
        assert kept.fetchall() == [("now", "[1,2]", '{"[3,4]"}'), ("now", "[1,2]", "{}"), ("once", "[1,2]", "{}")]
        assert connection.execute("select embedding_model from knowledge").fetchall() == [("now",)]
        assert connection.execute("select unembedded from documents").fetchall() == [(2,)]
