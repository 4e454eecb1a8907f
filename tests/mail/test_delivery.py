"""A mail from the act that causes it to the server that takes it."""

from datetime import timedelta
from uuid import uuid4

import pytest
from psycopg import errors

from tests.mail.conftest import CODE, LINK, Post
from tests.mail.servers import mail_server
from trulybot.mail import queries, service
from trulybot.mail.delivery import GIVE_UP_CODES, Delivery
from trulybot.mail.kinds import Kind
from trulybot.mail.service import MailRefused
from trulybot.operations.security_log import SecurityLog
from trulybot.operations.worker import chores, database_of
from trulybot.workspaces.identity import JobOwner, KeyHolder, Member, Visitor


async def test_a_mail_arrives_with_its_link_and_its_code_in_both_parts(post: Post):
    await post.recovery()

    await post.world.work()

    (mail,) = post.server.mails
    text, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert text is not None
    assert html is not None
    assert LINK in text.get_content()
    assert CODE in text.get_content()
    assert LINK.replace("&", "&amp;") in html.get_content()
    assert CODE in html.get_content()


async def test_its_headers_say_who_sends_it_and_that_a_machine_does(post: Post):
    await post.recovery()

    await post.world.work()

    (mail,), (envelope,), row = post.server.mails, post.server.taken, await post.row()
    assert str(mail["From"]) == "The shop <bot@shop.example>"
    assert str(mail["To"]) == "ana@example.com"
    assert mail["Message-ID"] == f"<{row['id']}@shop.example>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Content-Language"] == "en"
    assert abs(mail["Date"].datetime - row["created_at"]) < timedelta(seconds=1)
    assert (envelope.mail_from, envelope.rcpt_tos) == ("bot@shop.example", ["ana@example.com"])


async def test_what_lets_somebody_in_is_gone_from_the_table_once_it_is_sent(post: Post):
    await post.recovery()
    waiting = await post.row()

    await post.world.work()

    sent = await post.row()
    assert (waiting["state"], sent["state"], sent["tries"]) == ("queued", "sent", 1)
    assert CODE.encode() not in waiting["sealed"]
    assert LINK.encode() not in waiting["sealed"]
    assert sent["sealed"] is None
    assert sent["sent_at"] is not None
    assert await post.jobs() == []


async def test_no_mail_goes_out_when_the_act_is_not_kept(post: Post):
    async def act() -> None:
        async with post.world.app.state.db.system("an act that fails") as tx:
            await service.send(tx, Kind.PASSWORD_CHANGED, "ana@example.com")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await act()

    await post.world.work()

    assert post.server.taken == []
    assert await post.rows() == []


async def test_a_member_sends_mail_from_their_workspace(post: Post):
    alice = await post.world.alice()
    member = Member(alice.user_id, alice.workspace_id, "owner", alice.email, uuid4())

    async with post.world.app.state.db.workspace(member) as tx:
        values = {"workspace": "Acme", "inviter": "Ana", "link": LINK}
        await service.send(tx, Kind.MEMBER_INVITATION, "bob@example.com", locale="es-MX", **values)
    await post.world.work()

    (mail,) = [one for one in post.server.mails if one["To"] == "bob@example.com"]
    assert mail["Subject"] == "Ana te invita a Acme"


async def test_a_job_of_a_workspace_sends_mail_while_it_runs(post: Post):
    alice = await post.world.alice()
    async with post.table() as owner:
        (job,) = await (
            await owner.execute(
                "insert into queue.procrastinate_jobs (queue_name, task_name, status, args) values "
                "('default', 'a test', 'doing', jsonb_build_object('workspace_id', %s::text)) returning id",
                (str(alice.workspace_id),),
            )
        ).fetchall()

    worker = database_of(post.world.settings, size=2)
    await worker.open()
    async with worker.workspace(JobOwner(job["id"], alice.workspace_id)) as tx:
        await service.send(tx, Kind.ALERT, "ops@example.com", subject="Look", text="One.\nTwo.")
    with pytest.raises(errors.InsufficientPrivilege):
        async with worker.workspace(JobOwner(job["id"] + 1, alice.workspace_id)) as tx:
            await service.send(tx, Kind.ALERT, "ops@example.com", subject="Look", text="One.")
    await worker.close()

    assert [row["recipient"] for row in await post.rows()] == ["ops@example.com"]


async def test_a_stranger_and_a_visitor_send_none(post: Post):
    alice, charlie = await post.world.alice(), await post.world.charlie()
    visitor = await alice.visitor()
    nobodies = [
        Member(charlie.user_id, alice.workspace_id, "owner", charlie.email, uuid4()),
        KeyHolder(uuid4(), alice.workspace_id, ()),
        Visitor(visitor.user_id, alice.workspace_id, "https://shop.example"),
    ]

    for nobody in nobodies:
        with pytest.raises(errors.InsufficientPrivilege):
            async with post.world.app.state.db.workspace(nobody) as tx:
                await service.send(tx, Kind.ALERT, "victim@example.com", subject="Hello", text="Click here.")


@pytest.mark.parametrize("role", ["authenticated", "visitor", "worker"])
async def test_nobody_but_the_mailbox_reads_the_table(post: Post, role: str):
    await post.recovery()
    login = database_of(post.world.settings, size=1) if role == "worker" else post.world.app.state.db
    if role == "worker":
        await login.open()

    with pytest.raises(errors.InsufficientPrivilege):
        async with login._transaction(role, {}) as connection:
            await connection.execute("select recipient from trulybot_auth.mails")

    if role == "worker":
        await login.close()


async def test_the_worker_sees_the_mail_of_a_running_job_alone(post: Post):
    await post.recovery()
    (job,) = await post.jobs()
    worker = database_of(post.world.settings, size=1)
    await worker.open()

    async with worker.workspace(Delivery(job["id"])) as tx:
        before = await queries.to_send(tx)
        await queries.note(tx, "sent", None)
    async with post.table() as owner:
        await owner.execute("update queue.procrastinate_jobs set status = 'doing' where id = %s", (job["id"],))
    async with worker.workspace(Delivery(job["id"])) as tx:
        during = await queries.to_send(tx)
    await worker.close()

    assert before is None
    assert (await post.row())["state"] == "queued"
    assert during is not None
    assert during.recipient == "ana@example.com"


async def test_a_workspace_cannot_queue_a_job_that_opens_the_mail_of_another(post: Post):
    await post.recovery()
    (job,) = await post.jobs()
    async with post.table() as owner:
        await owner.execute(
            """
            update queue.procrastinate_jobs
               set status = 'doing', args = args || '{"workspace_id": "x"}'
             where id = %s
            """,
            (job["id"],),
        )
    worker = database_of(post.world.settings, size=1)
    await worker.open()

    async with worker.workspace(Delivery(job["id"])) as tx:
        assert await queries.to_send(tx) is None

    await worker.close()


async def test_no_job_of_the_system_names_a_workspace(post: Post):
    with pytest.raises(errors.InsufficientPrivilege):
        async with post.world.app.state.db.system("a test") as tx:
            await tx.enqueue("documents.ingest", workspace_id=uuid4())


async def test_a_mail_that_was_made_to_go_elsewhere_does_not_go_out(post: Post):
    await post.recovery()
    await post.alter("recipient = 'eve@evil.example'")

    await post.world.work()

    row = await post.row()
    assert post.server.taken == []
    assert (row["state"], row["reason"], row["sealed"]) == ("failed", "unreadable", None)


async def test_a_mail_that_nobody_sealed_does_not_go_out(post: Post):
    async with post.world.app.state.db.system("smuggled in") as tx:
        await queries.keep(
            tx, id=uuid4(), kind="recovery", recipient="ana@example.com", locale=None, sealed=b"\x01" + bytes(60)
        )

    await post.world.work()

    row = await post.row()
    assert post.server.taken == []
    assert (row["state"], row["reason"]) == ("failed", "unreadable")


async def test_a_mail_waits_while_the_server_is_away_and_goes_when_it_is_back(post: Post, unused_port: int):
    away = post.with_settings(gotrue_smtp_port=unused_port)
    await away.recovery()

    await away.world.work()
    waiting, jobs = await away.row(), await away.jobs()
    async with mail_server(unused_port) as back:
        await away.work_again()

    assert (waiting["state"], waiting["tries"], waiting["reason"]) == ("queued", 1, "unreachable")
    assert [(job["status"], job["scheduled_at"] is not None) for job in jobs] == [("todo", True)]
    assert [str(mail["To"]) for mail in back.mails] == ["ana@example.com"]
    assert ((await away.row())["state"], (await away.row())["tries"]) == ("sent", 2)


async def test_a_mail_that_was_noted_too_late_goes_again_under_the_same_id(post: Post, monkeypatch):
    """As if the worker had been killed after the server's yes, and before it could write that down."""
    await post.recovery()

    async def killed(*_: object) -> None:
        raise ConnectionError

    with monkeypatch.context() as patched:
        patched.setattr("trulybot.mail.delivery.queries.note", killed)
        await post.world.work()
    await post.work_again()

    first, second = post.server.mails
    assert first["Message-ID"] == second["Message-ID"]
    assert first["Date"] == second["Date"]
    assert (await post.row())["state"] == "sent"


async def test_a_job_that_comes_again_sends_nothing_twice(post: Post):
    await post.recovery()
    mail_id = (await post.row())["id"]
    await post.world.work()

    async with post.world.app.state.db.system("the job again") as tx:
        await tx.enqueue("mail.deliver", queue="deliver", mail_id=mail_id)
    await post.world.work()

    assert len(post.server.taken) == 1


async def test_a_recipient_that_the_server_refuses_is_not_tried_again(post: Post):
    post.server.refusals["RCPT"] = "550 5.1.1 <ana@example.com> unknown; see https://evil.example"
    await post.recovery()

    await post.world.work()

    row = await post.row()
    assert (row["state"], row["reason"], row["sealed"]) == ("failed", "recipient_refused 550 5.1.1", None)
    assert await post.jobs() == []


async def test_a_code_is_not_sent_when_nobody_can_use_it_any_more(post: Post):
    post.server.refusals["RCPT"] = "450 4.2.1 Try later"
    await post.recovery()
    await post.alter(f"created_at = now() - interval '{GIVE_UP_CODES.total_seconds() + 60} seconds'")

    await post.world.work()

    row = await post.row()
    assert (row["state"], row["reason"], row["sealed"]) == ("failed", "recipient_refused 450 4.2.1", None)
    assert await post.jobs() == []


async def test_a_link_to_another_site_is_not_sent(post: Post):
    here = post.with_settings(site_url="https://trulybot.test")
    await here.recovery(link="https://trulybot.test.evil.example/verify?token=a")

    await here.world.work()

    assert post.server.taken == []
    assert (await post.row())["reason"] == "foreign_link"


async def test_the_metrics_say_what_became_of_mails(post: Post):
    post.server.refusals["RCPT"] = "550 No"
    await post.recovery()
    await post.world.work()
    await post.recovery()

    text = (await post.world.http.get("/metrics")).text

    assert 'trulybot_mails{kind="recovery",state="failed"} 1.0' in text
    assert 'trulybot_mails{kind="recovery",state="queued"} 1.0' in text


async def test_mails_are_swept_after_a_week_unless_they_still_wait(post: Post):
    await post.recovery()
    await post.world.work()
    await post.recovery("bob@example.com")
    await post.alter("created_at = now() - interval '8 days'")
    worker = database_of(post.world.settings, size=1)
    await worker.open()

    await chores(worker, post.world.app.state.files, SecurityLog(worker))["mail.sweep"].do()

    await worker.close()
    assert [row["recipient"] for row in await post.rows()] == ["bob@example.com"]


@pytest.mark.parametrize(
    ("to", "values"),
    [
        ("ana@example.com", {"link": LINK}),
        ("ana@example.com", {"link": LINK, "code": CODE, "more": "x"}),
        ("ana@example.com\r\nRCPT TO:<eve@evil.example>", {"link": LINK, "code": CODE}),
        ("ana@example.com", {"link": "javascript:alert(1)", "code": CODE}),
        ("ana@example.com", {"link": f"{LINK}\r\nBcc: eve@evil.example", "code": CODE}),
        ("ana@example.com", {"link": LINK, "code": "1" * 10_001}),
    ],
    ids=["too little", "too much", "two addresses", "no page", "a header in a link", "too long"],
)
async def test_what_could_not_be_written_later_is_refused_at_once(post: Post, to: str, values: dict[str, str]):
    async with post.world.app.state.db.system("a test") as tx:
        with pytest.raises(MailRefused):
            await service.send(tx, Kind.RECOVERY, to, **values)

    assert await post.rows() == []
