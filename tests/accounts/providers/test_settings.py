import pytest

from trulybot.parts import providers_of, supabase_of
from trulybot.settings import Settings, SettingsError

LEAST = {"DATABASE_URL": "postgresql://o:p@h/db", "SECRET_KEY": "s" * 32, "SITE_URL": "https://bot.example.com"}
GOOGLE = {
    "GOTRUE_EXTERNAL_GOOGLE_ENABLED": "true",
    "GOTRUE_EXTERNAL_GOOGLE_CLIENT_ID": "web, android",
    "GOTRUE_EXTERNAL_GOOGLE_SECRET": "hidden",
}
ACME = {
    "GOTRUE_EXTERNAL_ACME_ENABLED": "true",
    "GOTRUE_EXTERNAL_ACME_CLIENT_ID": "us",
    "GOTRUE_EXTERNAL_ACME_URL": "https://id.acme.example/realms/staff/",
    "GOTRUE_EXTERNAL_ACME_REDIRECT_URI": "https://other.example.com/back",
}


def test_a_gotrue_configuration_moves_over():
    providers = providers_of(Settings.read(LEAST | GOOGLE | ACME))

    google, acme = providers["google"], providers["acme"]
    assert (google.issuer, google.label) == ("https://accounts.google.com", "Google")
    assert list(google.client_ids) == ["web", "android"]
    assert google.redirect_uri == "https://bot.example.com/auth/v1/callback"
    assert (acme.issuer, acme.label) == ("https://id.acme.example/realms/staff", "Acme")
    assert acme.redirect_uri == "https://other.example.com/back"


def test_a_tenant_of_microsofts_has_an_issuer_below_its_address():
    azure = {"GOTRUE_EXTERNAL_AZURE_ENABLED": "true", "GOTRUE_EXTERNAL_AZURE_CLIENT_ID": "us"}
    tenant = azure | {"GOTRUE_EXTERNAL_AZURE_URL": "https://login.microsoftonline.com/acme"}

    issuers = [providers_of(Settings.read(LEAST | given))["azure"].issuer for given in (azure, tenant)]

    assert issuers == [f"https://login.microsoftonline.com/{name}/v2.0" for name in ("common", "acme")]


def test_what_is_off_or_has_no_openid_connect_is_no_provider():
    off = GOOGLE | {"GOTRUE_EXTERNAL_GOOGLE_ENABLED": "false"}
    github = {"GOTRUE_EXTERNAL_GITHUB_ENABLED": "true", "GOTRUE_EXTERNAL_GITHUB_CLIENT_ID": "us"}
    others = {"GOTRUE_EXTERNAL_PHONE_ENABLED": "true", "GOTRUE_EXTERNAL_EMAIL_ENABLED": "true"}

    assert providers_of(Settings.read(LEAST | off | github | others)) == {}


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"GOTRUE_EXTERNAL_ACME_URL": ""}, "GOTRUE_EXTERNAL_ACME_URL is not set"),
        (
            {"GOTRUE_EXTERNAL_ACME_URL": "id.acme.example"},
            "GOTRUE_EXTERNAL_ACME_… is not an http:// or https:// address",
        ),
        ({"GOTRUE_EXTERNAL_ACME_CLIENT_ID": " , "}, "GOTRUE_EXTERNAL_ACME_CLIENT_ID is not set"),
        ({"GOTRUE_EXTERNAL_ACME_ENABLED": "yes"}, "GOTRUE_EXTERNAL_ACME_… is neither true nor false"),
        ({"SUPABASE_URL": "https://ref.supabase.co"}, "SUPABASE_ANON_KEY is not set, but SUPABASE_URL is"),
        ({"SUPABASE_JWT_SECRET": "short"}, "SUPABASE_JWT_SECRET is shorter than 32 characters"),
    ],
)
def test_what_cannot_work_stops_the_start(given: dict[str, str], problem: str):
    with pytest.raises(SettingsError) as stopped:
        Settings.read(LEAST | ACME | given)

    assert stopped.value.problems == [problem]


def test_no_secret_of_a_provider_shows():
    settings = Settings.read(LEAST | GOOGLE | {"SUPABASE_URL": "https://x.supabase.co", "SUPABASE_ANON_KEY": "hidden"})

    for one in (settings, supabase_of(settings), *providers_of(settings).values()):
        assert "hidden" not in repr(one)
