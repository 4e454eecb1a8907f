import re
from pathlib import Path

import trulybot.documents
from trulybot.documents.reading.kinds import SUFFIXES
from trulybot.documents.reading.models import Limits

DROP_ZONE = (Path(trulybot.documents.__file__).parent / "templates" / "documents.html").read_text()


def test_the_drop_zone_names_the_size_that_is_really_allowed():
    assert f"Up to {Limits().file_bytes // 1024**2} MB each" in DROP_ZONE
    assert f"larger than {Limits().file_bytes // 1024**2} MB" in DROP_ZONE
    assert f'data-largest-bytes="{Limits().file_bytes}"' in DROP_ZONE


def test_the_drop_zone_offers_only_files_that_can_be_read():
    offered = re.search(r'accept="([^"]+)"', DROP_ZONE)

    assert offered
    assert set(offered.group(1).split(",")) <= set(SUFFIXES)
