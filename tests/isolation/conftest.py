from collections.abc import Iterator

import pytest

from tests.conftest import SECRET_KEY
from tests.isolation.database import copied, make_template
from tests.isolation.site import Site


@pytest.fixture(scope="session")
def template(superuser_url: str) -> str:
    """The superuser's URL of a server that has the template."""
    make_template(superuser_url, SECRET_KEY)
    return superuser_url


@pytest.fixture(scope="session")
def site(template: str) -> Iterator[Site]:
    with copied(template, SECRET_KEY, "isolation") as site:
        yield site
