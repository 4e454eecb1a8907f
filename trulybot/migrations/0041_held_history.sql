-- What is held back never answered, so that it is no earlier state of the knowledge that could come back.
drop trigger keep_version on public.documents;
create trigger keep_version before update of content_hash on public.documents
    for each row when (old.content_hash is distinct from new.content_hash and not old.held)
    execute function private.keep_document_version();
delete from public.document_versions v
 using public.documents d
 where d.workspace_id = v.workspace_id and d.id = v.document and d.held;

-- The history knows it from its publication on, which names what has no version yet.
create function private.forget_held_version() returns trigger
    language plpgsql set search_path = ''
as $$
begin
    new.added_version := null;
    new.content_version := null;
    return new;
end
$$;
revoke all on function private.forget_held_version() from public;
create trigger forget_held_version before update of held on public.documents
    for each row when (old.held and not new.held)
    execute function private.forget_held_version();
