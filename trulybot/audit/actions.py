"""
Every act that the audit log knows, with the sentence that tells it.

A sentence stands after whoever acted; `{names}` in it are details of the act. The values never change: exports and
other people's programs know them.
"""

from trulybot.kit.security import SecurityEvent
from trulybot.kit.told import Told


class Action(Told):
    # People, on their own account: told in their home workspace
    SIGN_IN = "sign_in", "signed in by {method}"
    SIGN_OUT = "sign_out", "signed out ({scope})"
    PASSWORD_CHANGED = "password.changed", "changed their password"
    EMAIL_CHANGED = "email.changed", "changed their email address"
    PHONE_CHANGED = "phone.changed", "changed their telephone number"
    IDENTITY_LINKED = "identity.linked", "added another way to sign in"
    IDENTITY_UNLINKED = "identity.unlinked", "took a way to sign in away"
    FACTOR_ADDED = "factor.added", "set up a second factor"
    FACTOR_REMOVED = "factor.removed", "removed a second factor"
    RECOVERY_CODES_MADE = "recovery_codes.made", "made new recovery codes"
    RECOVERY_CODE_USED = "recovery_code.used", "signed in with a recovery code"
    PROFILE_CHANGED = "profile.changed", "changed their profile"

    ACCOUNT_DELETION_PLANNED = "account.deletion_planned", "asked for their account to be deleted"
    ACCOUNT_DELETION_CANCELLED = "account.deletion_cancelled", "kept their account after all"

    # The workspace and its team
    WORKSPACE_FOUNDED = "workspace.founded", "founded the workspace"
    WORKSPACE_RENAMED = "workspace.renamed", "renamed the workspace to “{name}”"
    WORKSPACE_DELETION_PLANNED = "workspace.deletion_planned", "set the workspace to be deleted"
    WORKSPACE_DELETION_CANCELLED = "workspace.deletion_cancelled", "kept the workspace from being deleted"
    MEMBER_INVITED = "member.invited", "invited somebody as {role}"
    INVITATION_WITHDRAWN = "invitation.withdrawn", "withdrew an invitation"
    MEMBER_JOINED = "member.joined", "accepted an invitation and joined as {role}"
    ROLE_CHANGED = "member.role_changed", "changed a member’s role to {role}"
    MEMBER_LEFT = "member.left", "left the workspace"
    MEMBER_REMOVED = "member.removed", "removed a member"
    KEY_MADE = "key.made", "made the API key “{name}”"
    KEY_REMOVED = "key.removed", "removed an API key"

    # What it knows, says and keeps
    SOURCE_ADDED = "source.added", "added web pages as a source ({kind})"
    SOURCE_CHANGED = "source.changed", "changed a source of web pages"
    SOURCE_SYNC_ASKED = "source.sync_asked", "had a source of web pages visited again"
    SOURCE_SYNCED = "source.synced", "visited a source of web pages: {taken_in} pages taken in, {removed} removed"
    SOURCE_FAILED = "source.failed", "could not visit a source of web pages ({code})"
    SOURCE_REMOVED = "source.removed", "removed a source of web pages with its documents: {count}"
    DOCUMENT_ADDED = "document.added", "added documents: {count}"
    DOCUMENT_READ_AGAIN = "document.read_again", "had a document read once more"
    DOCUMENT_REMOVED = "document.removed", "removed a document"
    BOT_CHANGED = "bot.changed", "changed how the bot behaves: {changed}"
    BOT_HELD = "bot.held", "changed how the bot behaves, held back by the publish gate: {changed}"
    ANSWER_ADDED = "answer.added", "added curated answers: {count}"
    ANSWER_CHANGED = "answer.changed", "changed a curated answer: {changed}"
    UNANSWERED_APPROVED = "unanswered.approved", "answered what had no answer, in {count} wordings"
    UNANSWERED_DISMISSED = "unanswered.dismissed", "dismissed unanswered questions"
    ANSWER_HELD = "answer.held", "added, changed or removed a curated answer, held back by the publish gate"
    ANSWER_REMOVED = "answer.removed", "removed a curated answer"
    DELETION_PROVED = "deletion.proved", "wrote a deletion receipt; places where something was left: {left}"
    CONFLICT_DISMISSED = "conflict.dismissed", "dismissed a conflict in the knowledge"
    KNOWLEDGE_RESTORED = "knowledge.restored", "brought the knowledge back to version {version}"
    GOLDEN_SET_MADE = "golden_set.made", "made a golden set"
    GOLDEN_SET_REMOVED = "golden_set.removed", "removed a golden set"
    GOLDEN_SET_ASKED = "golden_set.asked", "had a golden set asked"
    GOLDEN_QUESTIONS_ADDED = "golden_questions.added", "added golden questions: {count}"
    GOLDEN_QUESTION_CHANGED = "golden_question.changed", "changed what the right answer to a golden question is"
    GOLDEN_QUESTION_REMOVED = "golden_question.removed", "removed a golden question"
    GATE_CHANGED = "gate.changed", "put up the publish gate"
    GATE_REMOVED = "gate.removed", "took the publish gate down"
    HELD_PASSED = "held.passed", "published held changes that passed their test, of documents: {count}"
    HELD_PUBLISHED = "held.published", "published held changes, whatever their test said, of documents: {count}"
    HELD_WITHDRAWN = "held.withdrawn", "withdrew held changes, of documents: {count}"
    HELD_ANSWERS_PASSED = "held.answers_passed", "published held curated answers that passed their test: {count}"
    HELD_ANSWERS_PUBLISHED = (
        "held.answers_published",
        "published held curated answers, whatever their test said: {count}",
    )
    HELD_ANSWERS_WITHDRAWN = "held.answers_withdrawn", "withdrew held curated answers: {count}"
    HELD_BOT_PASSED = "held.bot_passed", "published a held change of the bot that passed its test"
    HELD_BOT_PUBLISHED = "held.bot_published", "published a held change of the bot, whatever its test said"
    HELD_BOT_WITHDRAWN = "held.bot_withdrawn", "withdrew a held change of the bot"
    WIDGET_CHANGED = "widget.changed", "changed the widget: {changed}"
    LEADS_EXPORTED = "leads.exported", "exported leads as {format}"
    AUDIT_EXPORTED = "audit.exported", "exported this log as {format}"

    # Attacks and mishaps that concern the workspace; nobody in particular did them
    SIGN_IN_FAILED = SecurityEvent.SIGN_IN_FAILED.value, "noticed a failed sign-in to a member’s account"
    LOCKED_OUT = SecurityEvent.LOCKED_OUT.value, "locked a member’s account for a while, after failed sign-ins"
    CODE_FAILED = SecurityEvent.CODE_FAILED.value, "noticed a wrong code for a member’s account"
    REFRESH_REUSED = SecurityEvent.REFRESH_REUSED.value, "ended a member’s session, because two held its refresh token"
    SIGNATURE_FAILED = SecurityEvent.SIGNATURE_FAILED.value, "refused a message whose signature was wrong"
    LIMIT_HIT = SecurityEvent.LIMIT_HIT.value, "slowed somebody down, by the limit “{limit}”"
    CROSS_TENANT = SecurityEvent.CROSS_TENANT.value, "refused an outsider who asked for something of this workspace"
    INJECTION = SecurityEvent.INJECTION.value, "noticed an attempt to inject code, by the rule “{rule}”"
    BOT_REFUSED = SecurityEvent.BOT_REFUSED.value, "refused a program that gave itself away, by the rule “{rule}”"
    COUNTRY_REFUSED = SecurityEvent.COUNTRY_REFUSED.value, "refused a request from a country that is not let in"
    DELETION_INCOMPLETE = SecurityEvent.DELETION_INCOMPLETE.value, "found something left of what had been deleted"
    ISOLATION_BROKEN = SecurityEvent.ISOLATION_BROKEN.value, "found something of this workspace visible from outside"
