//! What must happen to a presented refresh token, from the rules alone. Times are milliseconds.

/// The server's windows, as the tests configure it.
const ECHO: i64 = 30_000;
const SUSPICIOUS_ECHO: i64 = 5_000;
const WINDOW: i64 = 600_000;
const LEAVES: usize = 4;

/// A session as the rules see it.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) generation: u32,
    pub(super) leaves: Vec<String>,
    pub(super) parent: Option<String>,
    pub(super) rotated_at: i64,
    pub(super) reissued_at: i64,
    pub(super) ended: bool,
    /// The user has moved on since the session began, whatever its row says.
    pub(super) outlived: bool,
}

/// What must happen.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Expected {
    /// A token of the next generation.
    Rotation,
    /// A token of this generation: the newest leaf again, or one more.
    Retry,
    /// Refused, since the session is over; nothing is written.
    Dead,
    /// Refused, and the session ends.
    Reuse,
    /// Refused, and the session ends as torn by lost writes.
    Regressed,
}

impl Row {
    pub(super) fn begin(token: &str, now: i64) -> Self {
        Self {
            generation: 0,
            leaves: vec![token.to_owned()],
            parent: None,
            rotated_at: now,
            reissued_at: now,
            ended: false,
            outlived: false,
        }
    }

    pub(super) fn expected(&self, token: &str, now: i64) -> Expected {
        if self.ended || self.outlived {
            Expected::Dead
        } else if generation(token) > self.generation {
            Expected::Regressed
        } else if self.leaves.iter().any(|leaf| leaf == token) {
            Expected::Rotation
        } else if self.parent.as_deref() == Some(token) && now - self.rotated_at <= WINDOW {
            Expected::Retry
        } else if self.parent.as_deref() == Some(token) && now - self.reissued_at <= ECHO {
            // A sibling made at the end of the window is echoed like any other.
            Expected::Retry
        } else {
            Expected::Reuse
        }
    }

    /// Takes in an answer to `presented`, or says which rule it breaks.
    pub(super) fn accept(
        &mut self,
        presented: &str,
        received: &str,
        now: i64,
    ) -> Result<(), &'static str> {
        match self.expected(presented, now) {
            Expected::Rotation => self.rotate(presented, received, now),
            Expected::Retry => self.retry(received, now),
            _ => Err("it should have been refused"),
        }
    }

    fn rotate(&mut self, presented: &str, received: &str, now: i64) -> Result<(), &'static str> {
        if generation(received) != self.generation + 1 {
            return Err("a leaf gives a token of the next generation");
        }
        *self = Self {
            generation: self.generation + 1,
            leaves: vec![received.to_owned()],
            parent: Some(presented.to_owned()),
            rotated_at: now,
            reissued_at: now,
            ended: false,
            outlived: false,
        };
        Ok(())
    }

    fn retry(&mut self, received: &str, now: i64) -> Result<(), &'static str> {
        if generation(received) != self.generation {
            return Err("a retry gives a token of the present generation");
        }
        let age = now - self.reissued_at;
        if self.leaves.iter().any(|leaf| leaf == received) {
            if self.leaves.last().map(String::as_str) != Some(received) {
                return Err("an echo is the newest leaf");
            }
            let full = self.leaves.len() == LEAVES;
            return if age <= ECHO || full { Ok(()) } else { Err("the echo window is over") };
        }
        if age <= SUSPICIOUS_ECHO {
            return Err("within the echo window no new leaf is made");
        }
        self.leaves.push(received.to_owned());
        self.reissued_at = now;
        if self.leaves.len() > LEAVES { Err("a generation has four leaves") } else { Ok(()) }
    }
}

/// The generation that a refresh token names.
pub(super) fn generation(token: &str) -> u32 {
    let bytes = super::run::bytes(token);
    u32::from_be_bytes(bytes[17..21].try_into().unwrap())
}
