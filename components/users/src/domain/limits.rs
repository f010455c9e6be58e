//! The limits of the service, all in one place. What an operator may change is a variable instead (`config.rs`).

use std::time::Duration;

use crate::domain::throttle::AttemptLimit;

pub const MAX_FULL_NAME_CHARACTERS: usize = 200;

/// Longer headers `User-Agent` are cut.
pub const MAX_USER_AGENT_CHARACTERS: usize = 300;

/// The longest text that an admin may search accounts for.
pub const MAX_SEARCH_CHARACTERS: usize = 254;

pub const MAX_ADDRESSES_PER_ACCOUNT: i64 = 100;
pub const MAX_STREET_CHARACTERS: usize = 200;
pub const MAX_CITY_CHARACTERS: usize = 100;
pub const MAX_REGION_CHARACTERS: usize = 100;
pub const MAX_POSTAL_CODE_CHARACTERS: usize = 20;

/// Password attempts for one account, from all clients together. The window ends by itself, so that no attacker can lock
/// out an owner permanently.
pub const PASSWORD_ATTEMPTS_PER_ACCOUNT: AttemptLimit = AttemptLimit { attempts: 10, window_s: 600 };

/// Messages of one purpose to one account.
pub const MESSAGES_PER_ACCOUNT: AttemptLimit = AttemptLimit { attempts: 5, window_s: 3600 };

/// How long after a rotation the replaced refresh token still returns the same successor, in seconds. A client that lost
/// the response repeats its request within that time; an attacker has no more than that.
pub const REFRESH_RETRY_GRACE_S: i64 = 10;

/// How long a request waits for the hash permit of its instance.
pub const HASH_PERMIT_WAIT: Duration = Duration::from_secs(10);

/// The interval at which a waiting request tries to take the hash permit: half the time of a hash. With an interval of
/// 5 ms, two hundred waiting requests would use half a core.
pub const HASH_PERMIT_POLL: Duration = Duration::from_millis(20);

/// How often the delivery of a message is attempted: with the pauses in between, for about two hours.
pub const MAX_DELIVERY_ATTEMPTS: i64 = 8;

/// How long one call of the delivery route claims further messages, in seconds.
pub const DELIVERY_CALL_S: i64 = 15;
