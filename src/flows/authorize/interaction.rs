//! An authorization request on its way through our pages. It travels with the browser and is stored
//! nowhere: whoever asks often fills nothing, and whoever only looks uses nothing up (C056, C059).

use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

use crate::keys::master::MasterKey;
use crate::keys::tags::Tags;
use crate::protocol::authorization_code::Code;
use crate::protocol::ids::{BrowserSessionId, InteractionId};
use crate::protocol::secret::Secret;
use crate::protocol::time::Timestamp;
use crate::protocol::uri::Issuer;

/// One request, from its arrival to its answer.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Interaction {
    /// Its id: one request is answered with one code at most (C057).
    pub id: InteractionId,
    /// When it arrived.
    pub begun_at: Timestamp,
    /// The browser session that a sign-in within it has begun: only that proves what it asks for.
    pub signed_in: Option<BrowserSessionId>,
    /// What its user was shown before he was asked: a yes is to that, and nothing else.
    pub shown: Option<[u8; 16]>,
    /// Its parameters, as the client sent them: they are read again at every step, so that a client
    /// that was changed meanwhile is judged by what holds now.
    pub query: String,
}

/// What writes interactions and forms, and tells genuine ones.
pub struct Interactions {
    requests: Tags,
    forms: Tags,
    codes: Tags,
}

impl Interactions {
    /// Those of `issuer`.
    pub fn new(master: &MasterKey, issuer: &Issuer) -> Self {
        Self {
            requests: Tags::new(master, "interactions", issuer.clone()),
            forms: Tags::new(master, "forms of pages", issuer.clone()),
            codes: Tags::new(master, "authorization codes", issuer.clone()),
        }
    }

    /// The text of `interaction`.
    pub fn write(&self, interaction: &Interaction) -> String {
        let Interaction { id, begun_at, signed_in, shown, query } = interaction;
        let signed_in = signed_in.map_or([0; 16], |id| *id.as_bytes());
        let times = begun_at.millis().to_be_bytes();
        let fixed = [id.as_bytes().as_slice(), &times, &signed_in, &shown.unwrap_or_default()];
        let bytes = [fixed.concat().as_slice(), query.as_bytes()].concat();
        let mut text = BASE64_URL_SAFE_NO_PAD.encode(bytes);
        let tag = self.requests.tag(&[text.as_bytes()]);
        text.push('.');
        text.push_str(&tag);
        text
    }

    /// The interaction that `text` is, if a node of this issuer wrote it within the last hour.
    pub fn read(&self, text: &str, now: Timestamp) -> Option<Interaction> {
        let (text, tag) = text.rsplit_once('.')?;
        if !self.requests.is_of(tag, &[text.as_bytes()]) {
            return None;
        }
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).ok()?;
        let (id, rest) = bytes.split_first_chunk::<16>()?;
        let (begun_at, rest) = rest.split_first_chunk::<8>()?;
        let (signed_in, rest) = rest.split_first_chunk::<16>()?;
        let (shown, query) = rest.split_first_chunk::<16>()?;
        let interaction = Interaction {
            id: InteractionId::from_bytes(*id),
            begun_at: Timestamp::from_millis(i64::from_be_bytes(*begun_at)),
            signed_in: unless_zero(*signed_in).map(BrowserSessionId::from_bytes),
            shown: unless_zero(*shown),
            query: String::from_utf8(query.to_vec()).ok()?,
        };
        (now.since(interaction.begun_at) < LIFE).then_some(interaction)
    }

    /// The code that an interaction of a browser session ends in. It is the same one each time: who
    /// presses a button twice gets one code, and gets it (C057).
    pub fn code(&self, interaction: InteractionId, browser: BrowserSessionId) -> Option<Code> {
        let parts = [interaction.as_bytes().as_slice(), browser.as_bytes().as_slice()];
        self.codes.secret(&parts).map(|secret| Code::from_bytes(*secret.as_bytes()))
    }

    /// What a form carries that this browser was given: only pages of ours, shown to it, have it
    /// (CORE-15; C043, C044). `about` is the interaction, or what else the form is about.
    pub fn form_tag(&self, browser: &Secret, form: Form, about: &[u8]) -> String {
        self.forms.tag(&[form.as_str().as_bytes(), browser.as_bytes().as_slice(), about])
    }

    /// Whether `tag` is that of such a form.
    pub fn is_form_tag(&self, tag: &str, browser: &Secret, form: Form, about: &[u8]) -> bool {
        self.forms.is_of(tag, &[form.as_str().as_bytes(), browser.as_bytes().as_slice(), about])
    }
}

/// Neither a random id nor a hash is ever zero.
fn unless_zero(bytes: [u8; 16]) -> Option<[u8; 16]> {
    (bytes != [0; 16]).then_some(bytes)
}

/// The forms of our pages.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Form {
    /// Name and password.
    SignIn,
    /// The user's yes or no to a client.
    Consent,
    /// What a user changes about himself.
    Account,
    /// The user's yes to being signed out.
    SignOut,
}

impl Form {
    fn as_str(self) -> &'static str {
        match self {
            Self::SignIn => "sign in",
            Self::Consent => "consent",
            Self::Account => "account",
            Self::SignOut => "sign out",
        }
    }
}

/// For how long a page may lie open.
const LIFE: Duration = Duration::from_hours(1);

#[cfg(test)]
mod tests {
    use base64::prelude::BASE64_STANDARD;

    use super::*;

    fn interactions(byte: u8, issuer: &str) -> Interactions {
        let master = MasterKey::parse(&BASE64_STANDARD.encode([byte; 32]), None).unwrap();
        Interactions::new(&master, &Issuer::parse(issuer).unwrap())
    }

    const HERE: &str = "https://as.example";

    #[test]
    fn an_interaction_is_read_by_every_node_of_its_issuer_for_an_hour() {
        // C046
        let here = interactions(1, HERE);
        let begun_at = Timestamp::from_seconds(1_700_000_000);
        let query = "client_id=app&state=%00\u{e9}".to_owned();
        let id = InteractionId::from_bytes([7; 16]);
        let new = Interaction { id, begun_at, signed_in: None, shown: None, query };
        let signed_in = Some(BrowserSessionId::from_bytes([8; 16]));
        let interaction = Interaction { signed_in, shown: Some([9; 16]), ..new.clone() };
        assert_eq!(here.read(&here.write(&new), begun_at), Some(new));
        let text = here.write(&interaction);
        let read = |by: &Interactions, text: &str, after| {
            by.read(text, begun_at + Duration::from_secs(after))
        };
        assert_eq!(read(&interactions(1, HERE), &text, 3_599), Some(interaction));
        assert_eq!(read(&here, &text, 3_600), None);
        assert_eq!(read(&interactions(2, HERE), &text, 1), None);
        assert_eq!(read(&interactions(1, "https://other.example"), &text, 1), None);
        for changed in ["", ".", "A", &text[1..], &format!("A{text}"), &text.replace('.', "A.")] {
            assert_eq!(read(&here, changed, 1), None, "{changed}");
        }
    }

    #[test]
    fn the_tag_of_a_form_is_of_one_browser_one_form_and_one_interaction() {
        // C043
        let here = interactions(1, HERE);
        let browser = |byte| Secret::from_bytes([byte; 32]);
        let tag = here.form_tag(&browser(1), Form::Consent, b"one");
        assert!(here.is_form_tag(&tag, &browser(1), Form::Consent, b"one"));
        for (by, form, about) in [
            (browser(2), Form::Consent, b"one"),
            (browser(1), Form::SignIn, b"one"),
            (browser(1), Form::Consent, b"two"),
        ] {
            assert!(!here.is_form_tag(&tag, &by, form, about), "{form:?}");
        }
        assert!(!here.is_form_tag("", &browser(1), Form::Consent, b"one"));
    }
}
