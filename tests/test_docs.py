"""What the documents say, held to the code, the catalogue and the command line."""

import argparse
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from docs.generate import access_page, database_page, errors_page, limits_page, metrics_page, settings_page
from trulybot.app import build
from trulybot.cli import parser
from trulybot.documents.reading.models import REASONS
from trulybot.settings import Settings, described
from trulybot.sources.fetching.models import REASONS as PAGE_REASONS

ROOT = Path(__file__).parents[1]
PAGES = sorted(page for page in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("0*.md"))
SECTIONS = ["Context", "Decision", "Consequences", "Alternatives", "Where the code holds it"]

# Names in code that look like settings and are none of ours.
OTHERS_NAMES = {"BYPASSRLS", "SSL_CERT_FILE", "NOTIFY", "SIGTERM", "SIGKILL", "PGPASSWORD", "BEGIN"}
OF_A_PROVIDER = re.compile(r"GOTRUE_EXTERNAL_[A-Z]+_(ENABLED|CLIENT_ID|SECRET|REDIRECT_URI|URL)")
WIDGET_CALLS = {"close", "toggle", "reset"}
GENERATED = {"settings.md", "metrics.md", "access.md", "limits.md", "database.md", "errors.md"}
# Where pages may lead outside.
OUTSIDE = ("https://semver.org/",)

# What other programs rely on: these tables, with at least these columns, and these defaults.
PROMISED = {
    "workspaces": {"id": None, "name": None, "slug": None, "created_at": None},
    "profiles": {
        "id": None,
        "workspace_id": None,
        "email": None,
        "role": "'owner'::text",
        "subscription_tier": "'ultra'::text",
        "subscription_status": "'trial'::text",
    },
    "leads": {
        "id": None,
        "workspace_id": None,
        "email": None,
        "name": None,
        "status": "'new'::text",
        "created_at": None,
    },
    "usage_counters": {
        "id": None,
        "workspace_id": None,
        "user_id": None,
        "month": None,
        "monthly_conversations": None,
        "monthly_uploads": None,
    },
    "documents": {"id": None, "workspace_id": None, "content": None},
    "subscriptions": {
        "id": None,
        "user_id": None,
        "plan_id": None,
        "status": "'active'::text",
        "billing_period": "'monthly'::text",
        "amount_paid": None,
        "razorpay_payment_id": None,
        "created_at": None,
    },
}
PROMISED_INDEXES = {
    ("profiles", "(workspace_id)"),
    ("profiles", "(subscription_status, subscription_tier)"),
    ("leads", "(workspace_id, created_at)"),
    ("leads", "(email) WHERE (email IS NOT NULL)"),
    ("usage_counters", "(workspace_id, month)"),
    ("workspaces", "(slug)"),
}


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


every_page = pytest.mark.parametrize("page", PAGES, ids=name_of)


def text_of(page: Path) -> str:
    return page.read_text("utf-8")


def code_of(page: Path) -> Iterator[str]:
    """What stands in backticks within a line."""
    prose = re.sub(r"^```.*?^```", "", text_of(page), flags=re.MULTILINE | re.DOTALL)
    return (match[1] for match in re.finditer(r"`([^`\n]+)`", prose))


@pytest.fixture(scope="module")
def endpoints() -> dict[str, Any]:
    env = {"DATABASE_URL": "postgresql:///nowhere", "SECRET_KEY": "s" * 32}
    return build(Settings.read(env)).openapi()["paths"]


@pytest.fixture(scope="module")
def named_in_code() -> set[str]:
    """The functions, methods and classes of the product and of the tests' world."""
    sources = [file for kind in ("py", "sql") for file in (ROOT / "trulybot").rglob(f"*.{kind}")]
    text = "\n".join(file.read_text("utf-8") for file in [*sources, ROOT / "tests" / "world.py"])
    return set(re.findall(r"\b(?:def|class|create function)\s+(?:private\.)?(\w+)", text))


@pytest.mark.parametrize(
    ("page", "written"),
    [
        ("settings.md", settings_page),
        ("metrics.md", metrics_page),
        ("access.md", access_page),
        ("limits.md", limits_page),
        ("errors.md", errors_page),
    ],
)
def test_a_page_that_follows_from_the_code_is_what_bin_docs_writes(page, written):
    assert text_of(ROOT / "docs" / page) == written(), "run bin/docs"


def test_the_page_about_the_database_is_what_the_catalogue_says(owner_url: str):
    assert text_of(ROOT / "docs" / "database.md") == database_page(owner_url), "run bin/docs"


def test_the_promised_tables_have_their_columns_and_defaults(owner_url: str):
    with psycopg.connect(owner_url) as connection:
        rows = connection.execute(
            """
            select table_name, column_name, column_default
              from information_schema.columns
             where table_schema = 'public'
            """
        ).fetchall()
    there = {(table, column): default for table, column, default in rows}

    for table, columns in PROMISED.items():
        for column, default in columns.items():
            assert (table, column) in there
            assert default is None or there[table, column] == default


def test_the_promised_indexes_are_there(owner_url: str):
    with psycopg.connect(owner_url) as connection:
        rows = connection.execute(
            "select tablename, regexp_replace(indexdef, '^.* USING btree ', '') from pg_indexes "
            "where schemaname = 'public'"
        ).fetchall()

    assert set(rows) >= PROMISED_INDEXES


@every_page
def test_links_lead_somewhere(page: Path):
    links = re.findall(r"\]\(([^)\s]+)\)", text_of(page))

    broken = [
        link
        for link in links
        if not link.startswith(OUTSIDE) and not (page.parent / link.partition("#")[0]).resolve().exists()
    ]

    assert broken == []


@every_page
def test_a_page_says_nothing_of_one_machine_and_praises_nothing(page: Path):
    text = text_of(page)

    assert not re.search(r"(?<![\w.])/(root|work|home|tmp|mnt)/", text)
    assert not re.search(r"https?://(?!127\.0\.0\.1|[\w.-]*example\.com|semver\.org)", text)
    assert not re.search(r"\b(TODO|FIXME|TBD|lorem ipsum)\b", text)
    assert not re.search(
        r"\b(seamless(ly)?|powerful|blazing|cutting-edge|effortless(ly)?|revolutionary|world-class|leverage[sd]?|"
        r"state-of-the-art|supercharge[sd]?)\b",
        text,
        re.IGNORECASE,
    )


@every_page
def test_files_that_are_named_exist(page: Path):
    named = {code for code in code_of(page) if re.match(r"(trulybot|tests|bin|requirements)/[\w./-]*$|\.ci/run$", code)}

    assert {path for path in named if not (ROOT / path).exists()} == set()


@every_page
def test_settings_that_are_named_exist(page: Path):
    known = {one.name for one in described()} | OTHERS_NAMES
    named = {
        name
        for code in code_of(page)
        for name in re.findall(r"(?<![\w.])([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)(?![\w])(?==|$)", code)
    }

    assert {name for name in named - known if not OF_A_PROVIDER.fullmatch(name)} == set()


@every_page
def test_endpoints_that_are_named_exist(page: Path, endpoints: dict[str, Any]):
    unlisted = {("GET", "/metrics")}
    named = {
        (match[1], match[2])
        for code in code_of(page)
        if (match := re.fullmatch(r"(GET|POST|PUT|PATCH|DELETE) (/\S+)", code)) and "/notes" not in code
    }

    assert {(verb, path) for verb, path in named - unlisted if verb.lower() not in endpoints.get(path, {})} == set()


@pytest.mark.parametrize("page", [page for page in PAGES if page.name not in GENERATED], ids=name_of)
def test_functions_that_are_named_exist(page: Path, named_in_code: set[str]):
    """`name()`, `private.name` and `Class.name`; calls that a page may make have a test of their own."""
    named: set[str] = set()
    for code in code_of(page):
        called = re.fullmatch(r"(\w+)\(\)|private\.(\w+)(?:\(\))?|([A-Z]\w+)\.([a-z_]+)", code)
        named |= set(filter(None, called.groups())) if called else set()

    assert named - named_in_code - WIDGET_CALLS == set()


def test_commands_that_are_named_exist():
    (commands,) = [
        action.choices
        for action in parser()._subparsers._group_actions  # type: ignore[union-attr]
        if isinstance(action, argparse._SubParsersAction)
    ]
    named = {
        word for page in PAGES for word in re.findall(r"(?:`|^|/)trulybot (\w+)", text_of(page), flags=re.MULTILINE)
    }

    assert named <= set(commands)
    assert {"serve", "web", "worker", "migrate"} <= named


def test_the_owners_guide_has_every_reason_why_a_file_is_not_read():
    guide = text_of(ROOT / "docs" / "guides" / "owner.md")

    assert [code for code, said in REASONS.items() if f"| `{code}` | {said} |" not in guide] == []


def test_the_owners_guide_has_every_reason_why_a_page_is_not_taken_in():
    guide = text_of(ROOT / "docs" / "guides" / "owner.md")

    assert [code for code, said in PAGE_REASONS.items() if f"| `{code}` | {said} |" not in guide] == []


@pytest.mark.parametrize("page", DECISIONS, ids=name_of)
def test_a_decision_has_its_sections_and_fits_on_a_page(page: Path):
    text = text_of(page)

    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == SECTIONS
    assert re.match(rf"# {page.name[:4]} \S", text)
    assert len(text.splitlines()) <= 70


def test_every_decision_is_listed_by_its_title():
    index = text_of(ROOT / "docs" / "decisions" / "README.md")

    for page in DECISIONS:
        title = text_of(page).partition("\n")[0].removeprefix("# ")
        assert f"- [{title}]({page.name})" in index


def test_no_widget_call_is_promised_that_the_widget_does_not_take():
    guide = text_of(ROOT / "docs" / "guides" / "owner.md")
    script = text_of(ROOT / "trulybot" / "widget" / "static" / "widget.js")
    promised = set(re.findall(r"`(?:TrulyBot\.)?(\w+)\(", guide.partition("A page may also call it")[2]))

    assert promised
    assert {name for name in promised if not re.search(rf'\b{name}\(|"{name}"', script)} == set()


def test_every_code_means_one_thing():
    # GoTrue's codes are apart: its clients tell some of them from each other by their status or sentence.
    ours, _, _theirs = errors_page().partition("## Accounts")
    codes = re.findall(r"^\| (\d{3}) \| `(\w+)` \|", ours, re.MULTILINE)

    assert len(codes) == len({code for _, code in codes})
