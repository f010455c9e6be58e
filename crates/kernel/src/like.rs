/// Escapes a text for use in a LIKE pattern, so that each of its characters matches itself only.
#[must_use]
pub fn like_literal(text: &str) -> String {
    let mut literal = String::with_capacity(text.len());
    for character in text.chars() {
        if matches!(character, '%' | '_' | '\\') {
            literal.push('\\');
        }
        literal.push(character);
    }
    literal
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_are_escaped() {
        assert_eq!(like_literal(r"100%_\é"), r"100\%\_\\é");
    }
}
