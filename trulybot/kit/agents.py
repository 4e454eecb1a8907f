"""
Programs that have no business among a website's visitors, by the name they give themselves.

Who means harm gives another name: this keeps out what is run against everybody, and keeps its noise out of the counts.
Names as their makers document them; OWASP's Core Rule Set and the ai.robots.txt project collect more of each.
"""

import re
from typing import Final

# They look for holes.
SCANNERS: Final = (
    "acunetix", "arachni", "brakeman", "burpcollaborator", "commix", "dirbuster", "dirsearch", "feroxbuster", "fimap",
    "gobuster", "havij", "hydra", "jaeles", "jorgee", "masscan", "metis", "morfeus", "nessus", "netsparker", "nikto",
    "nmap", "nuclei", "openvas", "sqlmap", "sqlninja", "w3af", "wapiti", "wfuzz", "whatweb", "wpscan", "zgrab", "zmeu",
)  # fmt: skip
# They collect text to train models on, or sell what they find.
SCRAPERS: Final = (
    "ahrefsbot", "amazonbot", "anthropic-ai", "applebot-extended", "bytespider", "ccbot", "claudebot", "cohere-ai",
    "dataforseobot", "diffbot", "dotbot", "gptbot", "imagesiftbot", "meta-externalagent", "mj12bot", "omgili",
    "perplexitybot", "petalbot", "scrapy", "semrushbot", "timpibot", "velenpublicwebcrawler",
)  # fmt: skip

_NAMES = {
    kind: re.compile("|".join(rf"(?<![a-z]){re.escape(name)}" for name in names), re.IGNORECASE)
    for kind, names in (("scanner", SCANNERS), ("scraper", SCRAPERS))
}


def kind_of(agent: str) -> str | None:
    """What a User-Agent says that it is, when that is nothing we serve."""
    return next((kind for kind, names in _NAMES.items() if names.search(agent[:500])), None)
