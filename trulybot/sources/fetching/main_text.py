"""Take away from a page what frames its text: bars, boxes, lists of links, offers to share and to subscribe."""

import re

from selectolax.lexbor import LexborHTMLParser, LexborNode

# What frames and what is framed are told apart by what authors call them, the words of which have been the same for
# twenty years.
FRAME = re.compile(
    r"(^|[\s_-])(nav|navbar|navigation|menu|submenu|megamenu|breadcrumbs?|sidebar|side|aside|related|recommend(ed|ations?)?"
    r"|more(news|stories|articles)?|popular|trending|latest|share|sharing|social|socials|follow|cookies?|consent|gdpr|newsletter"
    r"|subscribe|subscription|signup|login|advert(s|isement)?|ads?|adsbygoogle|sponsor(ed)?|promos?|banner|popup|modal"
    r"|overlay|comments?|disqus|footer|masthead|toolbar|tags|tagcloud|pagination|pager|skip|search(box|form|bar)?|print"
    r"|widgets?|copyright|languages?|rating|byline|credit)([\s_-]|$)",
    re.IGNORECASE,
)
CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
BOXES = "div, section, ul, ol, dl, table, form, p, header, span"
ALWAYS = "aside, dialog, [role=complementary], [role=dialog], [role=alert], [role=menu], [role=menubar]"
KEPT_INSIDE = "h1, main, article"

# A box that holds most of the page is the page, whatever it is called.
MOST_SHARE = 0.5
LINKED_SHARE = 0.7  # of the letters of a box that is a list of links
LINKS = 3


def hide_frame(tree: LexborHTMLParser) -> None:
    """
    Mark what frames the text as hidden, so that nobody reads it.

    A page that says where its text is, by one `main` element, is believed for the rest.
    """
    mains = tree.css("main, [role=main]")
    root = mains[0] if len(mains) == 1 else tree.body
    whole = _length(root) if root is not None else 0
    if root is None or not whole:
        return
    # Nothing is taken out of the tree: what was below it would still be in the lists that we walk.
    for node in root.css(ALWAYS):
        if _length(node) < whole * MOST_SHARE:
            node.attrs["hidden"] = ""
    for node in root.css(BOXES):
        if _is_frame(node, whole):
            node.attrs["hidden"] = ""


def _is_frame(node: LexborNode, whole: int) -> bool:
    length = _length(node)
    if not length or length >= whole * MOST_SHARE:
        return False
    attributes = node.attributes
    name = CAMEL.sub("-", f"{attributes.get('class') or ''} {attributes.get('id') or ''}")
    if FRAME.search(name) and node.css_first(KEPT_INSIDE) is None:
        return True
    if node.tag in ("p", "span", "header"):
        return False
    links = node.css("a[href]")
    return len(links) >= LINKS and sum(map(_length, links)) > length * LINKED_SHARE


def _length(node: LexborNode) -> int:
    return len("".join((node.text() or "").split()))
