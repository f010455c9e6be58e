-- Writes an entry of the audit log.
create or replace function audit(p_actor bigint, p_action text, p_subject bigint, p_changes jsonb) returns void
  language sql as $$
  insert into catalogue_audit_log (actor, action, subject_id, changes)
  values (p_actor, p_action, p_subject, p_changes)
$$;
