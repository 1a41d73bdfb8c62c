//! Answers of HTTP/1.1 with a length, as far as a load generator has to read them.

use std::ops::Range;

use httparse::{EMPTY_HEADER, Response, Status};

use crate::figures::Failure;

/// An answer that is there as a whole.
#[derive(Clone, Copy, Debug)]
pub(super) struct Answer<'a> {
    /// Its status.
    pub(super) status: u16,
    /// Its body.
    pub(super) body: &'a [u8],
}

/// Where an answer lies in what was read.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct Extent {
    /// Its status.
    pub(super) status: u16,
    /// Where its body is.
    pub(super) body: Range<usize>,
    /// Whether the connection ends with it (RFC 9112 §9.6).
    pub(super) closes: bool,
}

/// Finds the one answer that `bytes` begin with, unless its end has not come yet.
pub(super) fn find(bytes: &[u8]) -> Result<Option<Extent>, Failure> {
    let mut headers = [EMPTY_HEADER; HEADERS];
    let mut response = Response::new(&mut headers);
    let Status::Complete(head) = response.parse(bytes)? else { return Ok(None) };
    let (mut length, mut closes) = (None, false);
    for header in response.headers.iter() {
        if header.name.eq_ignore_ascii_case("content-length") {
            length = Some(std::str::from_utf8(header.value)?.trim().parse::<usize>()?);
        } else if header.name.eq_ignore_ascii_case("connection") {
            closes = header.value.eq_ignore_ascii_case(b"close");
        }
    }
    let status = response.code.ok_or("an answer has no status")?;
    let body = head..head + length.ok_or("an answer does not say how long it is")?;
    Ok((body.end <= bytes.len()).then_some(Extent { status, body, closes }))
}

const HEADERS: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &[u8] =
        b"HTTP/1.1 400 Bad Request\r\nContent-Length: 5\r\nConnection: close\r\n\r\nwrong";

    #[test]
    fn an_answer_is_found_only_when_it_is_whole() {
        for end in 0..WHOLE.len() {
            assert_eq!(find(&WHOLE[..end]).unwrap(), None, "{end}");
        }
        let found = find(WHOLE).unwrap().unwrap();
        assert_eq!((found.status, &WHOLE[found.body], found.closes), (400, &b"wrong"[..], true));
    }

    #[test]
    fn an_answer_without_a_body_ends_with_its_head() {
        let found = find(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").unwrap().unwrap();
        assert_eq!((found.body.len(), found.closes), (0, false));
    }

    #[test]
    fn what_has_no_length_is_no_answer() {
        assert!(find(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n").is_err());
        assert!(find(b"SMTP\r\n\r\n").is_err());
    }
}
