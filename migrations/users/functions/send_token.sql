-- Stores a token, which replaces the previous one of its purpose, and queues the message that carries it.
create or replace function send_token(p_user bigint, p_purpose text, p_salt text, p_token_hash text, p_ttl_s bigint) returns void
  language sql as $$
    insert into one_time_tokens (user_id, purpose, salt, token_hash, expires_at)
    values (p_user, p_purpose, p_salt, p_token_hash, now() + make_interval(secs => p_ttl_s))
    on conflict on constraint one_time_tokens_pkey do update
    set salt = excluded.salt, token_hash = excluded.token_hash, expires_at = excluded.expires_at;
    insert into notifications (user_id, kind) values (p_user, p_purpose)
$$;
