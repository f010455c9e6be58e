-- Messages to people: what proves an e-mail address, and what resets a password.

alter table users add column email_verified_at timestamptz;

-- Tokens that are good once. What is sent is derived from the salt and a key that is not in the database (users service,
-- one_time_token.rs), so a copy of this table redeems nothing.
create table one_time_tokens (
  user_id    bigint not null,
  purpose    text not null,
  salt       text not null,
  token_hash text not null,
  expires_at timestamptz not null,
  -- One of each purpose: a new one takes the place of the old one.
  constraint one_time_tokens_pkey primary key (user_id, purpose),
  constraint one_time_tokens_token_hash_key unique (token_hash),
  constraint one_time_tokens_user_fkey foreign key (user_id) references users (id) on delete cascade,
  constraint one_time_tokens_purpose_known check (purpose in ('email-verification', 'password-reset'))
);

-- The outbox: written by the statement that has the reason for it, emptied by the delivery. No address and no secret is
-- in it; both are looked up when the message goes out.
create table notifications (
  id              bigint generated always as identity,
  -- What a receiver recognises a repeated delivery by.
  event_id        text not null default gen_random_uuid()::text,
  user_id         bigint not null,
  kind            text not null,
  created_at      timestamptz not null default now(),
  attempts        bigint not null default 0,
  -- Also the lease: whoever takes a message puts this into the future first.
  next_attempt_at timestamptz not null default now(),
  delivered_at    timestamptz,
  -- Given up: too many attempts, or there is nothing to say any more.
  abandoned_at    timestamptz,
  last_error      text,
  constraint notifications_pkey primary key (id),
  constraint notifications_event_id_key unique (event_id),
  constraint notifications_user_fkey foreign key (user_id) references users (id) on delete cascade,
  constraint notifications_kind_known check (kind in ('email-verification', 'password-reset', 'password-changed'))
);
create index notifications_due on notifications (next_attempt_at)
  where delivered_at is null and abandoned_at is null;
create index notifications_by_user on notifications (user_id, id);
create index notifications_by_age on notifications (created_at);

-- Makes a token and the message that carries it.
create function send_token(p_user bigint, p_purpose text, p_salt text, p_token_hash text, p_ttl_s bigint) returns void
  language sql
  begin atomic
    insert into one_time_tokens (user_id, purpose, salt, token_hash, expires_at)
    values (p_user, p_purpose, p_salt, p_token_hash, now() + make_interval(secs => p_ttl_s))
    on conflict on constraint one_time_tokens_pkey do update
    set salt = excluded.salt, token_hash = excluded.token_hash, expires_at = excluded.expires_at;
    insert into notifications (user_id, kind) values (p_user, p_purpose);
  end;

-- A token for whoever has this address, if there is anybody, and not more than the limit allows: the caller is told
-- nothing either way.
create function request_token(
  p_email text, p_purpose text, p_salt text, p_token_hash text, p_ttl_s bigint, p_limit bigint, p_window_s bigint
) returns text
language plpgsql as $$
declare
  admission json := admit(p_purpose || '-account', p_email, p_limit, p_window_s);
  subject bigint;
begin
  if (admission->>'isAdmitted')::boolean then
    select id into subject
    from users
    where email = p_email
      and disabled_at is null
      and (p_purpose <> 'email-verification' or email_verified_at is null);
    if found then
      perform send_token(subject, p_purpose, p_salt, p_token_hash, p_ttl_s);
      insert into user_audit_log (user_id, action) values (subject, p_purpose || '-requested');
    end if;
  end if;
  return 'done';
end
$$;

-- Ends the sessions of an account, all but one; returns how many.
create function end_sessions(p_user bigint, p_except bigint) returns bigint
  language sql
  begin atomic
    with ended as (
      update user_sessions
      set revoked_at = now()
      where user_id = p_user and revoked_at is null and id is distinct from p_except
      returning 1
    )
    select count(*) from ended;
  end;

-- Puts a new password in the place of the one that was shown. The account is locked first: a login that is under way with
-- the old password has either its session by then, which is ended, or gets none. False if the password is not that one
-- any more.
create function change_password(p_user bigint, p_session bigint, p_password_version bigint, p_password_hash text)
returns boolean
language plpgsql as $$
declare
  address text;
begin
  update users
  set password_hash = p_password_hash, password_version = password_version + 1, updated_at = now()
  where id = p_user and password_version = p_password_version and disabled_at is null
  returning email into address;
  if not found then
    return false;
  end if;
  perform end_sessions(p_user, p_session);
  perform forget_attempts(address);
  delete from one_time_tokens where user_id = p_user and purpose = 'password-reset';
  insert into notifications (user_id, kind) values (p_user, 'password-changed');
  insert into user_audit_log (user_id, action, metadata)
  values (p_user, 'password-changed', jsonb_build_object('sessionId', p_session));
  return true;
end
$$;

-- Redeems a reset token: once, in time, and with it every session ends. Whoever has the message has the address, so that
-- is proven too. False if the token is not good.
create function reset_password(p_token_hash text, p_password_hash text) returns boolean
language plpgsql as $$
declare
  subject bigint;
  address text;
begin
  -- Removing the token is what makes it good once: of two at a time, the second finds nothing.
  delete from one_time_tokens
  where token_hash = p_token_hash and purpose = 'password-reset' and expires_at > now()
  returning user_id into subject;
  if not found then
    return false;
  end if;
  update users
  set password_hash = p_password_hash,
      password_version = password_version + 1,
      email_verified_at = coalesce(email_verified_at, now()),
      updated_at = now()
  where id = subject and disabled_at is null
  returning email into address;
  if not found then
    return false;
  end if;
  perform end_sessions(subject, null);
  perform forget_attempts(address);
  insert into notifications (user_id, kind) values (subject, 'password-changed');
  insert into user_audit_log (user_id, action) values (subject, 'password-reset');
  return true;
end
$$;

grant select, insert, update, delete on one_time_tokens to users_service;
grant select, insert, update, delete on notifications to users_service;
