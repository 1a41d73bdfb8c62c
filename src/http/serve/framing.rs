//! Where each request's head ends in the byte stream, and the one rule on heads that hyper does
//! not keep: lines end in CRLF.
//! Must not import anything of the crate.

/// Follows the stream. Heads are passed on one at a time, so that every one is seen here from its
/// first byte, whatever the peer pipelines.
pub(super) struct Framing {
    state: State,
}

/// How far a request's body reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    Bytes(u64),
    /// The body says itself where it ends.
    Chunked,
}

/// What to do with a piece of the stream.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Pass on so many bytes, at least one, and present the rest again.
    Pass(usize),
    /// Pass on so many bytes; the next one breaks the head.
    Break(usize),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Head(Head),
    /// A whole head was passed on and not yet taken up.
    Passed,
    /// A bare LF was found: nothing more is passed on.
    Broken,
    /// Within a body, with so many bytes to come.
    Body(u64),
    /// Within or after a chunked body: the connection serves no further request.
    Endless,
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Head {
    /// The request line was seen: blank lines before it are skipped (RFC 9112 §2.2).
    named: bool,
    line: Line,
}

/// The current line so far.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Line {
    Empty,
    EmptyCr,
    Text,
    TextCr,
}

enum Step {
    On(Head),
    End,
    Bad,
}

const BETWEEN: State = State::Head(Head { named: false, line: Line::Empty });

impl Framing {
    pub(super) fn new() -> Self {
        Self { state: BETWEEN }
    }

    /// Whether the last head waits to be taken up.
    pub(super) fn is_passed(&self) -> bool {
        self.state == State::Passed
    }

    pub(super) fn is_broken(&self) -> bool {
        self.state == State::Broken
    }

    /// Whether the stream is between two requests, blank lines aside.
    pub(super) fn is_between(&self) -> bool {
        self.state == BETWEEN
    }

    /// The last head was taken up, and its body reaches so far.
    pub(super) fn begin_body(&mut self, body: Extent) {
        self.state = match body {
            Extent::Bytes(0) => BETWEEN,
            Extent::Bytes(length) => State::Body(length),
            Extent::Chunked => State::Endless,
        };
    }

    /// Judges the next bytes of the stream.
    pub(super) fn admit(&mut self, bytes: &[u8]) -> Verdict {
        match self.state {
            State::Head(head) => self.admit_head(head, bytes),
            State::Body(left) => self.admit_body(left, bytes.len()),
            State::Endless | State::Passed => Verdict::Pass(bytes.len()),
            State::Broken => Verdict::Break(0),
        }
    }

    fn admit_head(&mut self, mut head: Head, bytes: &[u8]) -> Verdict {
        for (index, &byte) in bytes.iter().enumerate() {
            match head.step(byte) {
                Step::On(next) => head = next,
                Step::End => {
                    self.state = State::Passed;
                    return Verdict::Pass(index + 1);
                }
                Step::Bad => {
                    self.state = State::Broken;
                    return Verdict::Break(index);
                }
            }
        }
        self.state = State::Head(head);
        Verdict::Pass(bytes.len())
    }

    fn admit_body(&mut self, left: u64, length: usize) -> Verdict {
        let passed = usize::try_from(left).map_or(length, |left| left.min(length));
        self.begin_body(Extent::Bytes(left - passed as u64));
        Verdict::Pass(passed)
    }
}

impl Head {
    fn step(self, byte: u8) -> Step {
        let (named, line) = match (byte, self.line) {
            (b'\n', Line::Empty | Line::Text) => return Step::Bad,
            (b'\n', Line::EmptyCr) if self.named => return Step::End,
            (b'\n', Line::EmptyCr) => (false, Line::Empty),
            (b'\n', Line::TextCr) => (true, Line::Empty),
            (b'\r', Line::Empty) => (self.named, Line::EmptyCr),
            (b'\r', _) => (self.named, Line::TextCr),
            _ => (self.named, Line::Text),
        };
        Step::On(Self { named, line })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "POST / HTTP/1.1\r\nHost: a\r\n\r\n";

    /// Feeds `stream` in pieces of `size` bytes, taking up each head with the next of `bodies`.
    /// Returns each head and what was passed on after it.
    fn cut(stream: &str, size: usize, bodies: &[Extent]) -> Vec<String> {
        let mut framing = Framing::new();
        let mut bodies = bodies.iter();
        let (mut cuts, mut current, mut at) = (Vec::new(), String::new(), 0);
        while at < stream.len() {
            let piece = &stream[at..stream.len().min(at + size)];
            let Verdict::Pass(passed) = framing.admit(piece.as_bytes()) else {
                panic!("broken at {at}");
            };
            assert!(passed > 0, "no progress at {at}");
            current.push_str(&piece[..passed]);
            at += passed;
            if framing.is_passed() {
                framing.begin_body(*bodies.next().unwrap());
                cuts.push(std::mem::take(&mut current));
            }
        }
        cuts.push(current);
        cuts
    }

    #[test]
    fn pipelined_heads_are_passed_on_singly_however_they_are_read() {
        let stream = format!("{HEAD}12345\r\n\r\n{HEAD}{HEAD}a\nb");
        let bodies = [Extent::Bytes(5), Extent::Bytes(0), Extent::Bytes(9)];
        for size in 1..=stream.len() {
            let second = format!("12345\r\n\r\n{HEAD}");
            assert_eq!(cut(&stream, size, &bodies), [HEAD, &second, HEAD, "a\nb"], "{size}");
        }
    }

    #[test]
    fn a_head_right_after_a_body_waits_for_the_next_read() {
        let mut framing = Framing::new();
        assert_eq!(framing.admit(HEAD.as_bytes()), Verdict::Pass(HEAD.len()));
        framing.begin_body(Extent::Bytes(3));
        assert_eq!(framing.admit(b"abcGET"), Verdict::Pass(3));
        assert!(framing.is_between());
    }

    #[test]
    fn nothing_after_a_chunked_head_is_taken_for_a_head() {
        let stream = format!("{HEAD}0\r\n\r\n{HEAD}");
        let cuts = cut(&stream, 1000, &[Extent::Chunked]);
        assert_eq!(cuts, [HEAD, &stream[HEAD.len()..]]);
    }

    #[test]
    fn a_bare_lf_breaks_a_head_wherever_it_stands() {
        for before in [
            "",
            "\r\n",
            "GET / HTTP/1.1",
            "GET / HTTP/1.1\r\n",
            "GET / HTTP/1.1\r\nHost: a",
            "GET / HTTP/1.1\r\nHost: a\r\n",
            "GET / HTTP/1.1\r\nA: b\rc",
        ] {
            let mut framing = Framing::new();
            let head = format!("{before}\n\r\n");
            let verdict = framing.admit(head.as_bytes());
            assert_eq!(verdict, Verdict::Break(before.len()), "{before:?}");
            assert!(framing.is_broken());
            assert_eq!(framing.admit(HEAD.as_bytes()), Verdict::Break(0));
        }
    }

    #[test]
    fn a_cr_in_an_otherwise_empty_line_does_not_end_a_head() {
        let mut framing = Framing::new();
        framing.admit(b"GET / HTTP/1.1\r\n\r\r\n");
        assert!(!framing.is_passed());
        framing.admit(b"\r\n");
        assert!(framing.is_passed());
    }
}
