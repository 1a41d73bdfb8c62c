//! Owns reading the shell blocks of a page, and comparing what they print with what they show.
//! Must not import anything: it is pure; the caller runs them.

/// One shell block.
#[derive(Debug)]
pub(super) struct Block<'a> {
    /// Where it begins, counted from 1.
    pub(super) line: usize,
    /// Its name, if the fence says that it is not run.
    pub(super) not_run: Option<&'a str>,
    /// Whether it goes on until it is ended, beside those that follow.
    pub(super) background: bool,
    /// Everything in it.
    pub(super) script: String,
    /// What it says that it prints, line by line.
    pub(super) expected: Vec<&'a str>,
}

/// The shell blocks of a page in Markdown, in order. A fence of another kind is an error unless it
/// names another language: a misspelt one would not be run.
pub(super) fn blocks(page: &str) -> Result<Vec<Block<'_>>, String> {
    let mut found = Vec::new();
    let mut lines = page.lines().zip(1..);
    while let Some((text, line)) = lines.next() {
        let Some(info) = text.trim_start().strip_prefix("```") else {
            continue;
        };
        let inside: Vec<&str> =
            lines.by_ref().map(|(text, _)| text).take_while(|text| *text != "```").collect();
        let not_run = match info {
            "sh" | "sh background" => None,
            "toml" | "json" | "http" => continue,
            _ => Some(
                info.strip_prefix("sh no-run ")
                    .ok_or_else(|| format!("line {line}: no fence of this page: {info}"))?,
            ),
        };
        let expected = inside.iter().filter_map(|line| line.strip_prefix(SHOWN)).collect();
        let background = info == "sh background";
        found.push(Block { line, not_run, background, script: inside.join("\n"), expected });
    }
    Ok(found)
}

/// Whether the lines that were printed are those that were expected, one for one.
pub(super) fn compare(expected: &[&str], printed: &str) -> Result<(), String> {
    let printed: Vec<&str> = printed.lines().collect();
    for (pattern, line) in expected.iter().zip(&printed) {
        if pattern.chars().filter(|c| *c != '…').count() < 2 {
            return Err(format!("a line that shows nothing: {pattern}"));
        }
        if !matches(pattern, line) {
            return Err(format!("printed\n  {line}\nwhere the page shows\n  {pattern}"));
        }
    }
    if printed.len() != expected.len() {
        let printed = printed.join("\n  ");
        return Err(format!("the page shows {} lines, printed were\n  {printed}", expected.len()));
    }
    Ok(())
}

/// Whether `line` is `pattern` with some text for every `…`.
fn matches(pattern: &str, line: &str) -> bool {
    let mut parts = pattern.split('…');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = line.strip_prefix(first) else {
        return false;
    };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else {
        return rest.is_empty();
    };
    for part in parts {
        match rest.split_once(part) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    rest.ends_with(last)
}

const SHOWN: &str = "# → ";

#[cfg(test)]
mod tests {
    use super::{blocks, compare, matches};

    #[test]
    fn a_block_has_its_line_its_script_and_what_it_shows() {
        let page = "# A\n\n```sh\necho a\n# → a\n```\ntext\n```sh no-run b\ncargo b\n```\n";
        let found = blocks(page).unwrap();
        assert_eq!(found.len(), 2);
        assert_eq!((found[0].line, found[0].not_run), (3, None));
        assert_eq!(
            (found[0].script.as_str(), &found[0].expected[..]),
            ("echo a\n# → a", &["a"][..])
        );
        assert_eq!((found[1].line, found[1].not_run), (8, Some("b")));
    }

    #[test]
    fn a_misspelt_fence_is_an_error() {
        for fence in ["shell", "bash", "", "sh no-run", "sh norun x", "SH"] {
            let page = format!("```{fence}\necho a\n```\n");
            assert!(blocks(&page).is_err(), "{fence}");
        }
        assert!(blocks("```toml\na = 1\n```\n").unwrap().is_empty());
    }

    #[test]
    fn every_line_is_compared_and_none_may_be_missing_or_too_many() {
        assert_eq!(compare(&["ab…d", "ef"], "abccd\nef\n"), Ok(()));
        assert!(compare(&["ab…d", "ef"], "abccd\n").is_err());
        assert!(compare(&["ab…d"], "abccd\nef\n").is_err());
        assert!(compare(&["ab"], "abc\n").is_err());
        assert!(compare(&["ab"], "").is_err());
    }

    #[test]
    fn a_line_that_would_match_anything_shows_nothing() {
        assert!(compare(&["…"], "anything").is_err());
        assert!(compare(&["…}"], "anything}").is_err());
    }

    #[test]
    fn an_ellipsis_is_any_text_and_the_rest_is_itself() {
        for (pattern, line, same) in [
            ("a…c", "abc", true),
            ("a…c", "ac", true),
            ("a…c", "abcd", false),
            ("a…c", "xabc", false),
            ("a…b…c", "a1b2c", true),
            ("a…b…c", "a1c2c", false),
            ("a…", "ab", true),
            ("a.c", "abc", false),
            ("ab…b", "ab", false),
        ] {
            assert_eq!(matches(pattern, line), same, "{pattern} {line}");
        }
    }
}
