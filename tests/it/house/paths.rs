//! Owns reading the paths of a Rust file as far as they name top-level modules of the crate.
//! Must not import anything but the lexer: it is pure and knows no rule.

use super::lexer::{is_word, split, tokens};

/// What a path that reaches the crate root without naming a module is reported as.
pub(super) const ROOT: &str = "the crate root";

/// What the paths of a file name directly under the crate root. `level` counts the modules from the
/// root down to the file, so that many `super` reach the root. (A file that `#[path]` mounts is
/// taken to be as deep as its folder says.)
pub(super) fn targets(text: &str, level: usize) -> Vec<String> {
    let source = split(text);
    let tokens = tokens(&source.code);
    let mut reader = Reader { tokens: &tokens, at: 0, found: Vec::new() };
    // The levels of the modules written inside braces, and the brace depth at which each ends.
    let (mut depth, mut inline) = (0_usize, Vec::new());
    while let Some(token) = reader.peek(0) {
        match token {
            "{" => depth += 1,
            "}" => {
                depth = depth.saturating_sub(1);
                inline.pop_if(|opened| *opened == depth);
            }
            "mod" if reader.peek(2) == Some("{") => inline.push(depth),
            "crate" | "self" | "super" | "chancery" if reader.begins_path() => {
                reader.path(level + inline.len());
                continue;
            }
            _ => {}
        }
        reader.at += 1;
    }
    reader.found
}

/// Reads paths from a position in the tokens, and collects what they name under the root.
struct Reader<'a> {
    tokens: &'a [&'a str],
    at: usize,
    found: Vec<String>,
}

impl<'a> Reader<'a> {
    fn peek(&self, ahead: usize) -> Option<&'a str> {
        self.tokens.get(self.at + ahead).copied()
    }

    /// Whether this word starts a path (`self.x` and `pub(crate)` are none). `as` renames it.
    fn begins_path(&self) -> bool {
        let continues = self.at.checked_sub(1).is_some_and(|before| self.tokens[before] == "::");
        !continues && matches!(self.peek(1), Some("::" | "as"))
    }

    /// Reads one path, with the groups in it, from a module `level` levels below the root.
    fn path(&mut self, mut level: usize) {
        loop {
            match self.peek(0) {
                Some("crate" | "chancery") => level = 0,
                Some("super") => level = level.saturating_sub(1),
                Some("self") => {}
                Some("{") => return self.group(level),
                Some(name) if level == 0 => {
                    let is_name = name.starts_with(is_word);
                    self.found.push(if is_name { name } else { ROOT }.to_owned());
                    return self.rest();
                }
                _ => return self.rest(),
            }
            self.at += 1;
            if self.peek(0) != Some("::") {
                // The path ends at a module. The root could be renamed here, which hides edges.
                if level == 0 {
                    self.found.push(ROOT.to_owned());
                }
                return;
            }
            self.at += 1;
        }
    }

    /// Reads each path of `{a, b as c}`.
    fn group(&mut self, level: usize) {
        self.at += 1;
        while !matches!(self.peek(0), None | Some("}")) {
            self.path(level);
            while !matches!(self.peek(0), None | Some("," | "}")) {
                self.at += 1;
            }
            if self.peek(0) == Some(",") {
                self.at += 1;
            }
        }
        self.at += 1;
    }

    /// Passes the rest of a path whose target is known. What `<` opens is left to be read.
    fn rest(&mut self) {
        self.at += 1;
        while self.peek(0) == Some("::") {
            match self.peek(1) {
                Some("<") | None => return self.at += 1,
                Some("{") => {
                    self.at += 1;
                    return self.pass_group();
                }
                Some(_) => self.at += 2,
            }
        }
    }

    fn pass_group(&mut self) {
        let mut depth = 0_usize;
        while let Some(token) = self.peek(0) {
            self.at += 1;
            match token {
                "{" => depth += 1,
                "}" if depth == 1 => return,
                "}" => depth -= 1,
                _ => {}
            }
        }
    }
}
