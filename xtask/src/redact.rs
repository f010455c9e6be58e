//! Removes secrets from messages.

use std::process::Command;

/// What replaces a secret.
const MASK: &str = "***";
/// The words before a secret value.
const MARKERS: [&str; 5] = ["password=", "secret=", "token=", "key=", "bearer "];
/// The words in the names of environment variables with secrets.
const SECRET_NAMES: [&str; 5] = ["PASSWORD", "TOKEN", "SECRET", "KEY", "DATABASE_URL"];
/// The minimum length of a value that is replaced: shorter ones would match parts of other words.
const MIN_SECRET: usize = 6;

/// Replaces passwords of connection strings and URLs, and the values of tokens and keys.
pub(crate) fn redact(text: &str) -> String {
    let masked = MARKERS.iter().fold(text.to_owned(), |text, marker| mask_after(&text, marker));
    mask_urls(&masked)
}

/// Replaces secrets, including the secret environment variables of the command that printed the text.
pub(crate) fn redact_output(text: &str, command: &Command) -> String {
    let mut text = text.to_owned();
    for (name, value) in command.get_envs() {
        let name = name.to_string_lossy().to_uppercase();
        let value = value.unwrap_or_default().to_string_lossy();
        if SECRET_NAMES.iter().any(|secret| name.contains(secret)) && value.len() >= MIN_SECRET {
            text = text.replace(value.as_ref(), MASK);
        }
    }
    redact(&text)
}

/// Replaces each value behind `marker`, which ends at a space or a quote.
fn mask_after(text: &str, marker: &str) -> String {
    let lower = text.to_ascii_lowercase();
    let mut masked = String::new();
    let mut position = 0;
    while let Some(start) = lower.get(position..).and_then(|rest| rest.find(marker)) {
        let start = position + start + marker.len();
        masked.push_str(text.get(position..start).unwrap_or_default());
        let rest = text.get(start..).unwrap_or_default();
        let length = value_length(rest);
        if length > 0 {
            masked.push_str(MASK);
        }
        position = start + length;
    }
    masked.push_str(text.get(position..).unwrap_or_default());
    masked
}

/// Measures a value: up to the closing quote if it is quoted, else up to a space or a delimiter.
fn value_length(rest: &str) -> usize {
    if let Some(quoted) = rest.strip_prefix('\'') {
        return quoted.find('\'').map_or(rest.len(), |end| end + 2);
    }
    rest.find(|c: char| c.is_whitespace() || "\"'`&,;".contains(c)).unwrap_or(rest.len())
}

/// Replaces the password in each `scheme://user:password@host`.
fn mask_urls(text: &str) -> String {
    let mut parts = text.split("://");
    let mut masked = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(|c: char| c.is_whitespace() || "\"'`".contains(c)).unwrap_or(part.len());
        let (address, rest) = part.split_at(end);
        masked.push_str("://");
        match address.rsplit_once('@').and_then(|(user, host)| Some((user.split_once(':')?.0, host))) {
            Some((user, host)) => masked.push_str(&format!("{user}:{MASK}@{host}")),
            None => masked.push_str(address),
        }
        masked.push_str(rest);
    }
    masked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_and_tokens_are_replaced() {
        for (text, expected) in [
            ("host=h user=u password=abc/d dbname=x", "host=h user=u password=*** dbname=x"),
            ("password='a b' dbname=x", "password=*** dbname=x"),
            ("PASSWORD=abc", "PASSWORD=***"),
            (
                "\"postgres://admin:p@ss:word@host:5432/db\" failed",
                "\"postgres://admin:***@host:5432/db\" failed",
            ),
            ("postgres://host:5432/db", "postgres://host:5432/db"),
            ("Authorization: Bearer abc.def", "Authorization: Bearer ***"),
            ("https://h/p?token=abc&x=1", "https://h/p?token=***&x=1"),
            ("nothing secret, not even ähnlich", "nothing secret, not even ähnlich"),
        ] {
            assert_eq!(redact(text), expected);
        }
    }

    #[test]
    fn secret_environment_variables_of_a_command_are_replaced() {
        let mut command = Command::new("true");
        command.env("ROLE_PASSWORD", "correct horse").env("LANG", "correct");
        assert_eq!(redact_output("it is: correct horse, correct", &command), "it is: ***, correct");
    }
}
