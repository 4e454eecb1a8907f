"""The beginning of a deletion receipt: what will have to be gone, noted while it is still there."""

from collections.abc import Sequence
from uuid import UUID

from trulybot.kit.db import Tx
from trulybot.kit.ids import uuid7


async def begin(tx: Tx, documents: Sequence[UUID]) -> UUID:
    """
    Note the ids of documents, of their passages and files, and forget the texts that answers read of them.

    Call it before they are deleted, and queue `history.prove_deletion` with the id that this answers with.
    """
    id = uuid7()
    await tx.run(
        """
        with read as (
            delete from passages_read
             where workspace_id = %(workspace_id)s
               and document = any (%(documents)s)
            returning id
        )
        insert into deletion_receipts (id, documents, passages, file_keys)
        values (%(id)s, %(documents)s,
                array(select id
                        from passages
                       where workspace_id = %(workspace_id)s
                         and document_id = any (%(documents)s)
                      union
                      select id from read),
                array(select file_key
                        from documents
                       where workspace_id = %(workspace_id)s
                         and id = any (%(documents)s)
                         and file_key is not null
                      union
                      select file_key
                        from document_versions
                       where workspace_id = %(workspace_id)s
                         and document = any (%(documents)s)
                         and file_key is not null))
        """,
        workspace_id=tx.workspace_id,
        id=id,
        documents=list(documents),
    )
    return id
