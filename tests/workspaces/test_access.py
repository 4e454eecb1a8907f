"""The table of who may do what, as promises about it."""

from itertools import pairwise
from uuid import UUID

from trulybot.workspaces.access import KEY_SCOPES, ROLES, VISITOR, allows
from trulybot.workspaces.identity import KeyHolder, Member, Visitor

ID = UUID("01a20386-0000-7000-8000-000000000000")


def member(role: str) -> Member:
    return Member(ID, ID, role, "ana@example.com", ID)


def test_each_role_may_do_all_that_the_next_may_and_more():
    ranks = [ROLES[role] for role in ("owner", "admin", "agent", "viewer")]

    assert all(higher > lower for higher, lower in pairwise(ranks))


def test_a_viewer_changes_nothing_and_sees_no_leads():
    changes = [scope for scope in ROLES["owner"] if scope.endswith(":write")]

    assert not any(allows(member("viewer"), scope) for scope in changes)
    assert not allows(member("viewer"), "leads:read")


def test_an_agent_makes_no_keys_and_opens_the_bot_to_no_website():
    assert not allows(member("agent"), "keys:write")
    assert not allows(member("agent"), "widget:write")


def test_an_unknown_role_may_do_nothing():
    assert not any(allows(member("superuser"), scope) for scope in ROLES["owner"])


def test_a_visitor_may_chat_and_nothing_else():
    assert {scope for scope in ROLES["owner"] if allows(Visitor(ID, ID, "https://shop.example"), scope)} == VISITOR
    assert {"chat"} == VISITOR


def test_a_key_has_the_scopes_it_was_made_with():
    assert [scope for scope in KEY_SCOPES if allows(KeyHolder(ID, ID, ("search",)), scope)] == ["search"]
