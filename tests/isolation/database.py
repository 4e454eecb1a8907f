"""A database of its own for these tests: migrated, and with two workspaces in every table."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import sql

from tests.isolation.site import Site
from tests.isolation.tenants import plant
from trulybot.kit import migrations
from trulybot.operations.embedded import DATABASE
from trulybot.settings import APP_LOGIN, OWNER_LOGIN, WORKER_LOGIN, login_password, with_login

TEMPLATE = "isolation_template"


def make_template(superuser_url: str, secret_key: str) -> None:
    """Nobody may be connected to it while it is copied, so it is only ever copied."""
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        connection.execute(sql.SQL("create database {}").format(sql.Identifier(TEMPLATE)))
    url = database_url(superuser_url, TEMPLATE)
    passwords = {login: login_password(secret_key, login) for login in (OWNER_LOGIN, APP_LOGIN, WORKER_LOGIN)}
    migrations.bootstrap(url, passwords=passwords, owner=OWNER_LOGIN)
    migrations.migrate(with_login(url, OWNER_LOGIN, passwords[OWNER_LOGIN]))
    with psycopg.connect(url) as connection:
        plant(connection)


@contextmanager
def copied(superuser_url: str, secret_key: str, name: str) -> Iterator[Site]:
    """A copy of the template, for as long as this lasts."""
    database = sql.Identifier(name)
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        connection.execute(sql.SQL("create database {} template {}").format(database, sql.Identifier(TEMPLATE)))
        # Grants on a database are not copied with it.
        connection.execute(sql.SQL("revoke temporary on database {} from public").format(database))
        url = database_url(superuser_url, name)
        site = Site(
            url,
            with_login(url, APP_LOGIN, login_password(secret_key, APP_LOGIN)),
            with_login(url, WORKER_LOGIN, login_password(secret_key, WORKER_LOGIN)),
        )
        try:
            yield site
        finally:
            site.close()
            connection.execute(sql.SQL("drop database {} with (force)").format(database))


def database_url(superuser_url: str, name: str) -> str:
    return superuser_url.replace(f"/{DATABASE}?", f"/{name}?")
