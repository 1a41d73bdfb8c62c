//! What a command reads from standard input: secrets, which must not stand in an argument, where
//! other users of the machine see them. Must not know any command.

use std::io::{self, BufRead, IsTerminal, Read};

use zeroize::Zeroizing;

use super::Failure;

/// Reads one line, without its end. Somebody at a terminal is told that it is waited for.
pub(super) fn line(what: &str) -> Result<Zeroizing<String>, Failure> {
    let input = io::stdin();
    if input.is_terminal() {
        eprintln!("{what} is read from standard input, and shown while you type: one line");
    }
    first_line(&mut input.lock(), what)
}

fn first_line(input: &mut impl BufRead, what: &str) -> Result<Zeroizing<String>, Failure> {
    // Room for the whole at once: growing would leave copies of a secret behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_LINE + 1));
    input.take(MAX_LINE as u64 + 1).read_until(b'\n', &mut bytes)?;
    if bytes.last() == Some(&b'\n') {
        bytes.pop();
    }
    if bytes.last() == Some(&b'\r') {
        bytes.pop();
    }
    let text = std::str::from_utf8(&bytes).ok().filter(|_| bytes.len() < MAX_LINE);
    match text {
        Some("") => Err(Failure::new(format!("{what} is missing on standard input"))),
        Some(text) => Ok(Zeroizing::new(text.to_owned())),
        None => Err(Failure::new(format!("{what} on standard input is no line of text"))),
    }
}

/// No password, hash or secret is longer.
const MAX_LINE: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Option<String> {
        first_line(&mut &bytes[..], "it").ok().map(|line| line.to_string())
    }

    #[test]
    fn one_line_is_read_and_its_end_is_not_part_of_it() {
        assert_eq!(read(b"a b \nnext").as_deref(), Some("a b "));
        assert_eq!(read(b"a\r\n").as_deref(), Some("a"));
        assert_eq!(read(b"a").as_deref(), Some("a"));
    }

    #[test]
    fn nothing_no_text_and_no_line_are_refused() {
        for bytes in [&b""[..], b"\n", b"\xFF\n", &[b'x'; MAX_LINE], &[b'x'; MAX_LINE + 9]] {
            assert_eq!(read(bytes), None);
        }
    }
}
