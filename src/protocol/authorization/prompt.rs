//! `prompt` (OIDC Core §3.1.2.1): what the user is to be asked, whatever is known already.

use super::denial::Denial;

/// What a request says about asking the user.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Prompt {
    /// Nothing may be asked.
    pub none: bool,
    /// He signs in, even if he is signed in: `login`, and `select_account`, since that is how one
    /// chooses here.
    pub login: bool,
    /// He agrees, even if he has agreed before.
    pub consent: bool,
}

impl Prompt {
    /// Parses the list. `none` stands alone (OIC-02).
    pub fn parse(text: Option<&str>) -> Result<Self, Denial> {
        let mut prompt = Self::default();
        for word in text.unwrap_or_default().split(' ').filter(|word| !word.is_empty()) {
            match word {
                "none" => prompt.none = true,
                "login" | "select_account" => prompt.login = true,
                "consent" => prompt.consent = true,
                _ => return Err(Denial::invalid_request("prompt has a value that is not known")),
            }
        }
        if prompt.none && (prompt.login || prompt.consent) {
            return Err(Denial::invalid_request("prompt=none stands alone"));
        }
        Ok(prompt)
    }
}
