//! Reads server-sent events (HTML Living Standard §9.2.6), as far as the feed needs them: the data of
//! each event and its name. Must not read a socket.

/// One event.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Event {
    /// Its name; empty where it has none.
    pub(super) name: String,
    /// Its data lines, joined by line feeds.
    pub(super) data: String,
}

/// An event exceeds what this reader holds, or is not UTF-8.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("an event that is too long or not text")]
pub(super) struct BadEvent;

/// Takes bytes as they come and gives events as they are complete.
pub(super) struct Events {
    longest: usize,
    line: Vec<u8>,
    event: Event,
    // `\r\n` is one end of line, even where it is cut in two.
    after_cr: bool,
    begun: bool,
}

impl Events {
    /// A reader that holds at most `longest` bytes of one event.
    pub(super) fn new(longest: usize) -> Self {
        Self { longest, line: vec![], event: Event::default(), after_cr: false, begun: false }
    }

    /// Reads on, and gives the events that `bytes` complete.
    pub(super) fn read(&mut self, mut bytes: &[u8]) -> Result<Vec<Event>, BadEvent> {
        let mut events = Vec::new();
        while !bytes.is_empty() {
            if std::mem::take(&mut self.after_cr) && bytes[0] == b'\n' {
                bytes = &bytes[1..];
                continue;
            }
            let end = bytes.iter().position(|byte| matches!(byte, b'\r' | b'\n'));
            let (text, rest) = bytes.split_at(end.unwrap_or(bytes.len()));
            self.hold(text)?;
            if let Some((terminator, rest)) = rest.split_first() {
                self.after_cr = *terminator == b'\r';
                events.extend(self.end_line()?);
                bytes = rest;
            } else {
                bytes = rest;
            }
        }
        Ok(events)
    }

    fn hold(&mut self, text: &[u8]) -> Result<(), BadEvent> {
        let held = self.line.len() + self.event.data.len() + self.event.name.len();
        if held + text.len() > self.longest {
            return Err(BadEvent);
        }
        self.line.extend_from_slice(text);
        Ok(())
    }

    /// Takes the line in; an empty one completes the event.
    fn end_line(&mut self) -> Result<Option<Event>, BadEvent> {
        let line = String::from_utf8(std::mem::take(&mut self.line)).map_err(|_| BadEvent)?;
        let line = if std::mem::replace(&mut self.begun, true) {
            line.as_str()
        } else {
            line.strip_prefix('\u{feff}').unwrap_or(&line)
        };
        if line.is_empty() {
            let event = std::mem::take(&mut self.event);
            return Ok((!event.data.is_empty()).then_some(event));
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "data" if self.event.data.is_empty() => value.clone_into(&mut self.event.data),
            "data" => {
                self.event.data.push('\n');
                self.event.data.push_str(value);
            }
            "event" => value.clone_into(&mut self.event.name),
            // `id` is the `cursor` claim of the document, `retry` is answered by our own waits, and
            // a line without a field is a comment.
            _ => {}
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(name: &str, data: &str) -> Event {
        Event { name: name.into(), data: data.into() }
    }

    #[test]
    fn events_are_read_wherever_the_bytes_are_cut() {
        let text = "\u{feff}: hello\r\nid: 1\nevent: revocations\ndata: ab\ndata:c\n\r\n\
                    event:other\rdata: é\r\rdata\n\ndata: lost";
        let expected = [event("revocations", "ab\nc"), event("other", "é")];
        for size in 1..text.len() {
            let mut events = Events::new(64);
            let read: Vec<Event> =
                text.as_bytes().chunks(size).flat_map(|cut| events.read(cut).unwrap()).collect();
            assert_eq!(read, expected, "in pieces of {size}");
        }
    }

    #[test]
    fn an_event_past_the_limit_is_an_error_however_it_is_spread() {
        let long = format!("data: {}\n\n", "x".repeat(100));
        assert_eq!(Events::new(64).read(long.as_bytes()), Err(BadEvent));
        let many = "data: 1234567\n".repeat(20);
        assert_eq!(Events::new(64).read(many.as_bytes()), Err(BadEvent));
        let endless_line = ": ".to_owned() + &"x".repeat(100);
        assert_eq!(Events::new(64).read(endless_line.as_bytes()), Err(BadEvent));
        assert!(Events::new(64).read("data: 1\n\n".repeat(100).as_bytes()).is_ok());
    }

    #[test]
    fn what_is_not_text_is_an_error() {
        assert_eq!(Events::new(64).read(b"data: \xff\n"), Err(BadEvent));
    }
}
