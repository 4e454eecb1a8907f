import pytest
from psycopg.conninfo import conninfo_to_dict

from trulybot.settings import APP_LOGIN, WORKER_LOGIN, Settings, SettingsError, described, login_password

SECRET = "s" * 32
LEAST = {"DATABASE_URL": "postgresql://owner:opensesame@db.example/trulybot", "SECRET_KEY": SECRET}


def problems_of(env: dict[str, str]) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        Settings.read(env)
    return caught.value.problems


def test_a_database_and_a_secret_are_enough() -> None:
    settings = Settings.read(LEAST | {"HOME": "/home/ana"})

    assert settings.openai_model == "gpt-4o-mini"
    assert settings.gotrue_password_min_length == 8
    assert str(settings.files_directory) == "/home/ana/.local/share/trulybot/files"


def test_everything_wrong_is_named_at_once() -> None:
    problems = problems_of(
        {
            "SECRET_KEY": "short",
            "GOTRUE_JWT_EXP": "an hour",
            "GOTRUE_DISABLE_SIGNUP": "yes",
            "SITE_URL": "example.com",
            "TRUSTED_PROXIES": "10.0.0.0/8, 10.0.0.300",
            "GOTRUE_JWT_KEYS": '{"kty": "EC"}',
            "EMBEDDINGS_BASE_URL": "http://embeddings.example/v1",
        }
    )

    assert [problem.split()[0] for problem in problems] == [
        "DATABASE_URL",
        "SECRET_KEY",
        "SITE_URL",
        "TRUSTED_PROXIES",
        "GOTRUE_DISABLE_SIGNUP",
        "GOTRUE_JWT_EXP",
        "GOTRUE_JWT_KEYS",
        "EMBEDDINGS_MODEL",
        "EMBEDDINGS_DIMENSIONS",
    ]
    assert "GOTRUE_JWT_EXP is not a whole number from 30 to 604800: 'an hour'" in problems


@pytest.mark.parametrize("value", ["10.5", "-1", "+1", "1e3", "٣٠٠٠", "999999999999999999999", "0x10"])
def test_a_number_is_digits_within_its_bounds(value: str) -> None:
    assert len(problems_of(LEAST | {"GOTRUE_JWT_EXP": value})) == 1


def test_an_empty_variable_counts_as_unset() -> None:
    settings = Settings.read(LEAST | {"OPENAI_API_KEY": "", "GOTRUE_JWT_EXP": " "})

    assert settings.openai_api_key is None
    assert settings.gotrue_jwt_exp == 3600


def test_no_secret_is_shown() -> None:
    secrets = {
        "OPENAI_API_KEY": "sk-hidden",
        "METRICS_TOKEN": "hidden-metrics",
        "EMBEDDINGS_API_KEY": "hidden-embeddings",
        "GOTRUE_JWT_KEYS": '[{"kty": "oct", "k": "hidden"}]',
    }

    shown = repr(Settings.read(LEAST | secrets))
    refused = problems_of({"DATABASE_URL": "mysql://u:hidden@h/db", "SECRET_KEY": "hidden", "GOTRUE_JWT_KEYS": "hid"})

    assert "hidden" not in shown
    assert "opensesame" not in shown
    assert SECRET not in shown
    assert len(refused) == 3
    assert "hidden" not in str(refused)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("postgresql://owner:pw@db.example/trulybot", {"host": "db.example", "dbname": "trulybot"}),
        ("postgres://owner@db.example:6432/t?sslmode=require", {"port": "6432", "sslmode": "require"}),
        ("postgresql:///db?host=/run/a%20dir&user=owner&password=pw", {"host": "/run/a dir", "dbname": "db"}),
        ("postgresql://%2Frun%2Fpg/db?application_name=a+b", {"host": "/run/pg", "application_name": "a+b"}),
        ("postgresql://owner:p%40#s?s@[::1]:5433/db", {"host": "::1", "port": "5433", "dbname": "db"}),
        ("postgresql://a.example:1,b.example:2/db?target_session_attrs=primary", {"host": "a.example,b.example"}),
        ("postgresql://", {}),
    ],
)
def test_a_login_finds_the_same_database(given: str, kept: dict[str, str]) -> None:
    settings = Settings.read(LEAST | {"DATABASE_URL": given})

    url = conninfo_to_dict(settings.database_url(APP_LOGIN))

    password = login_password(SECRET, APP_LOGIN)
    assert url == {**conninfo_to_dict(given), "user": APP_LOGIN, "password": password}
    assert kept.items() <= url.items()


@pytest.mark.parametrize("given", ["postgresql://trulybot_app:own@h/db", "postgresql:///db?user=trulybot_app"])
def test_a_url_that_names_its_login_is_used_as_it_is(given: str) -> None:
    settings = Settings.read(LEAST | {"DATABASE_URL": given})

    assert settings.database_url(APP_LOGIN) == given
    assert settings.database_url(WORKER_LOGIN) != given


def test_each_login_has_a_password_of_its_own() -> None:
    assert login_password(SECRET, APP_LOGIN) != login_password(SECRET, WORKER_LOGIN)
    assert login_password(SECRET, APP_LOGIN) != login_password("t" * 32, APP_LOGIN)


def test_each_setting_says_what_it_is_for() -> None:
    told = {one.name: one for one in described()}

    assert told["GOTRUE_JWT_EXP"][1:3] == ("whole number", "3600")
    assert told["DATABASE_URL"].type == "text, required"
    assert told["GOTRUE_DISABLE_SIGNUP"].default == "false"
    assert all(one.doc.endswith(".") for one in told.values())
