//! Text that people write about things, and that databases keep.
//! Must not import anything of ours.

/// Whether `text` can be stored and shown: no control characters, which one of the databases does
/// not take and which forge lines in logs, and at most `longest` characters.
pub fn is_plain(text: &str, longest: usize) -> bool {
    text.chars().count() <= longest && !text.chars().any(char::is_control)
}

/// The longest name of a client or a resource, in characters.
pub const MAX_NAME: usize = 200;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_and_what_is_too_long_are_not_plain() {
        for text in ["", "A name", "Ünïcödé \u{1F600}", "xxxxxxxxxx"] {
            assert!(is_plain(text, 10), "{text}");
        }
        for text in ["a\0", "a\nb", "\u{1b}[31m", "\u{7f}", "\u{85}", "xxxxxxxxxxx"] {
            assert!(!is_plain(text, 10), "{text:?}");
        }
    }
}
