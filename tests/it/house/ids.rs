//! Owns the rule that every requirement id in a comment or string is explained in the requirements.
//! Must not import anything but the lexer: it is pure; the caller reads the files.

use std::collections::BTreeSet;

use super::lexer::{is_word, split};

/// The families of ids that are written `FAMILY-NUMBER`. A `C` and three digits is the other form.
const FAMILIES: &[&str] = &[
    "CORE", "BRR", "O21", "PKCE", "REV", "INT", "META", "AT", "JWT", "JWK", "RES", "PWD", "SES",
    "WEB", "BCP", "RT", "OIC", "LGO", "BCL",
];

/// The ids that the comments and strings of a Rust file cite.
pub(super) fn cited(text: &str) -> BTreeSet<String> {
    ids(&split(text).prose).map(str::to_owned).collect()
}

/// The ids that the requirements explain: those that a list item or a table row begins with, if
/// words follow.
pub(super) fn explained(requirements: &str) -> BTreeSet<String> {
    requirements.lines().filter_map(explained_by).map(str::to_owned).collect()
}

fn explained_by(line: &str) -> Option<&str> {
    let line = line.trim_start();
    let entry = line.strip_prefix("- `").or_else(|| line.strip_prefix('|'))?;
    let entry = entry.trim_start_matches([' ', '`']);
    let id = ids(entry).next().filter(|id| entry.starts_with(id))?;
    entry[id.len()..].contains(char::is_alphabetic).then_some(id)
}

/// Every id in a text, in order. An id stands alone: no letter, digit or `_` touches it.
fn ids(text: &str) -> impl Iterator<Item = &str> {
    let starts = text.char_indices().scan(' ', |before, (at, c)| {
        let starts = !is_word(*before) && is_word(c);
        *before = c;
        Some(starts.then_some(at))
    });
    starts.flatten().filter_map(|at| id_at(&text[at..]))
}

/// The id that a text begins with.
fn id_at(text: &str) -> Option<&str> {
    let (word, _) = text.split_at(text.find(|c| !is_word(c)).unwrap_or(text.len()));
    let is_attack = word.len() == 4 && word.strip_prefix('C').is_some_and(is_number);
    if is_attack {
        return Some(word);
    }
    let number = text[word.len()..].strip_prefix('-').filter(|_| FAMILIES.contains(&word))?;
    let number = &number[..number.find(|c| !is_word(c)).unwrap_or(number.len())];
    is_number(number).then(|| &text[..=word.len() + number.len()])
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::{cited, explained, ids};

    /// This file is held to the rule too, so the ids in it are put together at run time.
    fn with_ids(text: &str) -> String {
        text.replace('@', "7")
    }

    #[test]
    fn ids_are_found_where_they_stand_alone() {
        let text = with_ids("C06@, (CORE-@2) O21-@: `AT-@`–C9@@. PKCE-@; É C12@");
        let expected = ["C06@", "CORE-@2", "O21-@", "AT-@", "C9@@", "PKCE-@", "C12@"].map(with_ids);
        assert_eq!(ids(&text).collect::<Vec<_>>(), expected);
        let none =
            with_ids("xC06@ C06@1 C6@ _CORE-@ CORE-x CORE- CORE-@x RFC-@ SCORE-@ core-@ CORE @");
        assert_eq!(ids(&none).count(), 0);
    }

    #[test]
    fn comments_and_strings_cite_and_code_does_not() {
        let text = with_ids("// C00@\nfn f() { g(\"C01@\", C02@, /* C03@ */) } //! REV-@");
        let expected = ["C00@", "C01@", "C03@", "REV-@"].map(with_ids);
        assert_eq!(cited(&text).into_iter().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn only_an_entry_with_words_explains() {
        let text = with_ids(
            "- `C00@` a\n  - `C01@`: b\n| C02@ | c |\n|`C03@`| d |\n- `C04@`\n| C05@ | |\n\
             Text on C06@.\n- C08@ e\n- see `C09@` f\n",
        );
        let expected = ["C00@", "C01@", "C02@", "C03@"].map(with_ids);
        assert_eq!(explained(&text).into_iter().collect::<Vec<_>>(), expected);
    }
}
