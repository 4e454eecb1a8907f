"""Writes the pages of the documentation that follow from the code. Run by `bin/docs`; a test compares them."""

import re
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, get_args

import psycopg
from prometheus_client.metrics import MetricWrapperBase

from tests.servers import start_postgres
from trulybot.accounts.limits import AccountLimits
from trulybot.app import UNCOUNTED, limits_of
from trulybot.documents.errors import FileRefused
from trulybot.documents.reading.models import REASONS
from trulybot.kit import metrics as measured
from trulybot.kit import migrations
from trulybot.kit.errors import AppError
from trulybot.kit.limit_words import markdown
from trulybot.kit.openapi import sentence
from trulybot.settings import APP_LOGIN, OWNER_LOGIN, WORKER_LOGIN, described, with_login
from trulybot.workspaces.access import KEY_SCOPES, ROLES, VISITOR, Scope

ROOT = Path(__file__).parents[1]
NOTE = "<!-- Written by bin/docs. Change the code it follows from, and run bin/docs. -->"
SCHEMAS = ("public", "trulybot_auth")

# The one expression that most policies consist of, as PostgreSQL writes it back, and how the page says it.
MINE = {
    "(workspace_id = ANY (ARRAY( SELECT private.my_workspace_ids() AS my_workspace_ids)))": "mine",
    "(id = ANY (ARRAY( SELECT private.my_workspace_ids() AS my_workspace_ids)))": "mine",
    "( SELECT auth.uid() AS uid)": "auth.uid()",
}
VERBS = {"r": "select", "a": "insert", "w": "update", "d": "delete", "*": "all"}


def settings_page() -> str:
    rows = [(f"`{one.name}`", one.type, _code(one.default), one.doc) for one in described()]
    return _page(
        "Settings",
        "Settings come from environment variables; an empty one counts as unset. `trulybot` refuses to start when one "
        "of them cannot be used, and names everything that is wrong at once. Other variables are ignored.",
        "`trulybot serve` fills in `DATABASE_URL`, `SECRET_KEY` and `TRULYBOT_EMBEDDER_SOCKET` by itself as long as "
        "`DATABASE_URL` is unset; its parts (`trulybot web`, `worker`, `migrate`) want what is marked as required.",
        _table(("Setting", "Type", "Default", "What it does"), rows),
    )


def metrics_page() -> str:
    found = [one for one in vars(measured).values() if isinstance(one, MetricWrapperBase)]
    rows = []
    for one in found:
        (metric,) = one.describe()
        name = metric.name + ("_total" if metric.type == "counter" else "")
        labels = ", ".join(f"`{label}`" for label in one._labelnames)  # noqa: SLF001  (published nowhere else)
        rows.append((f"`{name}`", metric.type, labels, metric.documentation))
    return _page(
        "Metrics",
        "`GET /metrics` answers in Prometheus' text format: with `METRICS_TOKEN` set to whoever sends it as a bearer "
        "token, without it to this machine alone. Labels name routes and states, never a workspace, a person or a "
        "text. The Prometheus client adds its own `process_*` and `python_*`.",
        _table(("Metric", "Kind", "Labels", "What it measures"), rows),
        "`trulybot_events_total` counts, by its label `event`: " + ", ".join(f"`{name}`" for name in _events()) + ".",
        "Every web process counts for itself: with `trulybot serve --workers 2` an answer comes from whichever process "
        "took the request. The worker serves no HTTP; what waits for it is asked of the database, and how long a job "
        "took stands in its log, as `job.done`.",
    )


def access_page() -> str:
    columns: Mapping[str, frozenset[str]] = {**ROLES, "API key": frozenset(KEY_SCOPES), "visitor": VISITOR}
    rows = [
        (f"`{scope}`", *("yes" if scope in scopes else "" for scopes in columns.values())) for scope in get_args(Scope)
    ]
    return _page(
        "Who may do what",
        "Every endpoint asks for one scope. A member has the scopes of their role; an API key the ones it was made "
        "with, at most those below; a visitor of a website may chat. Which *rows* there are is decided by the "
        "database, see [database](database.md).",
        _table(("Scope", *columns), rows),
        "Today every member is an owner: invitations, which give the other roles, are not built.",
    )


def limits_page() -> str:
    return _page(
        "Limits",
        "What may be done how often. Whoever exceeds a limit is answered 429 with `Retry-After`; every answer tells in "
        "`RateLimit` and `RateLimit-Policy` what is left. `/auth/v1` stands for `/api/auth` too, whatever the case and "
        "the slashes of a path, and `HEAD` for `GET`. [Decision 0017](decisions/0017-rate-limits.md) says how they are "
        "kept.",
        "With `REDIS_URL` all processes count together. While Redis is away, or without it, each process keeps every "
        "limit by itself: nothing is let through uncounted, sign-in least of all.",
        markdown(limits_of(AccountLimits())),
        "Not counted by address, since each costs less than counting it: "
        + ", ".join(f"`{path}`" for path in UNCOUNTED)
        + ".",
    )


def errors_page() -> str:
    import trulybot.app  # noqa: F401  (an error is known once the part that raises it is)

    accounts, rest = [], []
    for kind in sorted(_kinds(AppError), key=lambda kind: (kind.status, kind.code, sentence(kind))):
        ours = not kind.__module__.startswith("trulybot.accounts.")
        (rest if ours else accounts).append((str(kind.status), f"`{kind.code}`", _said(kind)))
    reasons = [(f"`{code}`", message) for code, message in REASONS.items()]
    return _page(
        "Errors",
        'A refusal is `{"error": {"code", "message", "request_id", "details"?}}`. Match `code`: it never '
        "changes, while the sentence may. `details` names each field that is wrong. An ellipsis stands for what is "
        "only known when it happens.",
        _table(("Status", "Code", "What people read"), list(dict.fromkeys(rest))),
        "## Files that cannot be read",
        "The `error` of a document, and the answer to an upload of that file alone: status 415 for "
        "`unsupported_type` and `not_text`, 413 for `too_large`, otherwise 400.",
        _table(("Code", "What people read"), reasons),
        "## Accounts",
        'Below `/auth/v1` and `/api/auth`, in GoTrue\'s shape: `{"code", "message"}` for clients that name an API '
        'version, `{"code": status, "error_code", "msg"}` for others.',
        _table(("Status", "Code", "What people read"), list(dict.fromkeys(accounts))),
    )


def _said(kind: type[AppError]) -> str:
    return sentence(kind) if sentence(kind) != "…" else "*What is wrong, in a sentence.*"


def _kinds(kind: type[AppError]) -> Iterator[type[AppError]]:
    for below in kind.__subclasses__():
        if below.__module__.startswith("trulybot.") and below is not FileRefused:  # it answers with a reading's code
            yield below
        yield from _kinds(below)


def database_page(owner_url: str) -> str:
    with psycopg.connect(owner_url) as connection:
        tables = connection.execute(
            """
            select n.nspname, c.relname, c.oid::bigint, c.relrowsecurity and c.relforcerowsecurity
              from pg_class c join pg_namespace n on n.oid = c.relnamespace
             where n.nspname = any (%s) and c.relkind in ('r', 'p')
             order by array_position(%s, n.nspname::text), c.relname
            """,
            (list(SCHEMAS), list(SCHEMAS)),
        ).fetchall()
        parts = [_table_part(connection, *table) for table in tables]
        functions = _functions(connection)
    return _page(
        "Database",
        "Read from the catalogue of a freshly migrated database. All tables are behind row security that is *forced*: "
        "it holds for their owner too. [Decision 0003](decisions/0003-row-security-decides.md) says why, "
        "`tests/isolation/` tries to get around it.",
        "Who is who: `authenticated` is a member of a workspace or a program with an API key, `visitor` someone on a "
        "website with the widget, `worker` a running job, `trulybot_system` the acts that have no workspace yet "
        "(sign-in, a visitor's arrival), `trulybot_definer` the functions at the end of this page. The web signs in "
        "as `trulybot_app`, the worker as `trulybot_worker`; neither owns anything.",
        "In the policies *mine* stands for `workspace_id = any (array(select private.my_workspace_ids()))`: the "
        "workspaces that whoever acts may enter. A role that is not named under a table can do nothing with it. The "
        "queue's tables, in the schema `queue`, are procrastinate's.",
        *parts,
        "## Functions that may more than their caller",
        "Each is `security definer` with a fixed `search_path`, and closed to everybody who is not named.",
        functions,
    )


def pages(owner_url: str) -> dict[str, str]:
    """By file name below docs/."""
    return {
        "settings.md": settings_page(),
        "metrics.md": metrics_page(),
        "access.md": access_page(),
        "limits.md": limits_page(),
        "errors.md": errors_page(),
        "database.md": database_page(owner_url),
    }


def _table_part(connection: psycopg.Connection[Any], schema: str, name: str, oid: int, forced: bool) -> str:
    about, comments = _comments().get(f"{schema}.{name}", ("", {}))
    columns = connection.execute(
        """
        select a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, pg_get_expr(d.adbin, d.adrelid)
          from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
         where a.attrelid = %s and a.attnum > 0 and not a.attisdropped
         order by a.attnum
        """,
        (oid,),
    ).fetchall()
    rows = [
        (f"`{column}`", type_, "" if required else "yes", _code(default or ""), comments.get(column, ""))
        for column, type_, required, default in columns
    ]
    keys = connection.execute(
        """
        select pg_get_constraintdef(oid) from pg_constraint
         where conrelid = %s and contype in ('p', 'f', 'u', 'c') order by position(contype::text in 'pufc'), conname
        """,
        (oid,),
    ).fetchall()
    indexes = connection.execute(
        """
        select regexp_replace(pg_get_indexdef(indexrelid), '^CREATE (UNIQUE )?INDEX .* USING ', '\\1')
          from pg_index where indrelid = %s
           and not exists (select from pg_constraint where conindid = indexrelid) order by 1
        """,
        (oid,),
    ).fetchall()
    parts = [f"## `{schema}.{name}`", *([about] if about else [])]
    if not forced:
        parts.append("**Not behind forced row security.**")
    parts.append(_table(("Column", "Type", "Null", "Default", ""), rows))
    parts.append("\n".join(f"- `{definition}`" for (definition,) in [*keys, *_index_lines(indexes)]))
    parts.append(_table(("Who", "May", "Which rows"), _rights(connection, oid)))
    return "\n\n".join(parts)


def _index_lines(indexes: Sequence[tuple[str]]) -> Iterator[tuple[str]]:
    for (definition,) in indexes:
        unique, rest = definition.startswith("UNIQUE "), definition.removeprefix("UNIQUE ")
        yield (f"{'UNIQUE ' if unique else ''}INDEX {rest.removeprefix('btree ')}",)


def _rights(connection: psycopg.Connection[Any], oid: int) -> list[tuple[str, str, str]]:
    """What each role was granted, where a policy lets it; a right without a policy touches no row."""
    grants: dict[tuple[str, str], list[str]] = defaultdict(list)
    for role, verb, column in connection.execute(
        """
        select r.rolname, lower(g.privilege_type), null
          from pg_class c, aclexplode(c.relacl) g join pg_roles r on r.oid = g.grantee
         where c.oid = %(oid)s and g.grantee <> c.relowner
         union all
        select r.rolname, lower(g.privilege_type), a.attname
          from pg_attribute a join pg_class c on c.oid = a.attrelid, aclexplode(a.attacl) g
          join pg_roles r on r.oid = g.grantee
         where a.attrelid = %(oid)s and g.grantee <> c.relowner
         order by 1, 2, 3
        """,
        {"oid": oid},
    ).fetchall():
        grants[role, verb] += [column] if column else []
    policies = connection.execute(
        """
        select array(select rolname::text from pg_roles where oid = any (polroles)), polcmd::text,
               coalesce(pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid))
          from pg_policy where polrelid = %s order by polname
        """,
        (oid,),
    ).fetchall()
    verbs: dict[tuple[str, str], list[str]] = defaultdict(list)
    for (role, verb), columns in grants.items():
        which = [rule for roles, kind, rule in policies if role in roles and VERBS[kind] in (verb, "all")]
        only = f" ({', '.join(columns)})" if columns else ""
        verbs[role, " or ".join(map(_spoken, which)) or "none"].append(verb + only)
    return [(f"`{role}`", ", ".join(sorted(may)), which) for (role, which), may in sorted(verbs.items())]


def _spoken(rule: str) -> str:
    for written, said in MINE.items():
        rule = rule.replace(written, said)
    rule = " ".join(rule.split())
    return {"true": "all", "mine": "*mine*"}.get(rule, f"`{rule}`")


def _functions(connection: psycopg.Connection[Any]) -> str:
    rows = connection.execute(
        """
        select p.oid::regprocedure::text,
               coalesce((select string_agg('`' || r.rolname || '`', ', ' order by r.rolname)
                           from aclexplode(p.proacl) g join pg_roles r on r.oid = g.grantee
                          where g.grantee <> p.proowner), '')
          from pg_proc p
         where p.pronamespace = 'private'::regnamespace and p.prosecdef
         order by 1
        """
    ).fetchall()
    about = _function_comments()
    return _table(
        ("Function", "Who may call it", ""),
        [(f"`{name}`", who or "only each other", about.get(name.partition("(")[0], "")) for name, who in rows],
    )


def _sql() -> str:
    files = sorted((ROOT / "trulybot" / "migrations").glob("0*.sql"))
    return "\n".join(file.read_text("utf-8") for file in files)


def _comments() -> dict[str, tuple[str, dict[str, str]]]:
    """What the migrations say above each table and column."""
    found = {}
    for match in re.finditer(r"((?:^--[^\n]*\n)*)^create table (\S+) \(\n(.*?)^\);", _sql(), re.MULTILINE | re.DOTALL):
        columns, said = {}, []
        for line in map(str.strip, match[3].splitlines()):
            if line.startswith("--"):
                said.append(line.removeprefix("--").strip())
            else:
                columns[line.partition(" ")[0]] = " ".join(said)
                said = []
        found[match[2]] = (_joined(match[1]), columns)
    return found


def _function_comments() -> dict[str, str]:
    matches = re.finditer(r"((?:^--.*\n)+)^create function (\S+?)\(", _sql(), re.MULTILINE)
    return {match[2]: _joined(match[1]) for match in matches}


def _joined(comment: str) -> str:
    return " ".join(line.removeprefix("--").strip() for line in comment.splitlines())


def _events() -> list[str]:
    texts = [file.read_text("utf-8") for file in (ROOT / "trulybot").rglob("*.py")]
    return sorted({name for text in texts for name in re.findall(r"(?:EVENTS\.labels|\b_note)\(\"([\w.]+)\"", text)})


def _code(text: str) -> str:
    return f"`{text}`" if text else ""


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def _page(title: str, *parts: str) -> str:
    return "\n\n".join([NOTE, f"# {title}", *parts]) + "\n"


def main() -> None:
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o711)
        superuser_url = start_postgres(Path(folder))
        logins = dict.fromkeys((OWNER_LOGIN, APP_LOGIN, WORKER_LOGIN), "only for this page")
        migrations.bootstrap(superuser_url, passwords=logins, owner=OWNER_LOGIN)
        owner_url = with_login(superuser_url, OWNER_LOGIN, logins[OWNER_LOGIN])
        migrations.migrate(owner_url)
        for name, text in pages(owner_url).items():
            (ROOT / "docs" / name).write_text(text, "utf-8")
            sys.stdout.write(f"docs/{name}\n")


if __name__ == "__main__":
    main()
