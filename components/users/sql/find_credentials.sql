select json_build_object('userId', id, 'passwordHash', password_hash, 'isDisabled', disabled_at is not null)::text
from users
where email = $1::text
