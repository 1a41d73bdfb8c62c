//! Owns every word of the pages, in each language, complete at compile time.
//! Must not import a view or a template.
//!
//! A language is a file beside this one and a line in [`LANGUAGES`]. Where a sentence holds a
//! name or a number, its place is written `{}`; the parts around it are an [`Around`].

mod choose;
mod english;
mod german;

pub(super) use choose::choose;
pub use english::ENGLISH;
pub use german::GERMAN;

/// The languages of the pages. The first is the default.
pub const LANGUAGES: &[&Texts] = &[&ENGLISH, &GERMAN];

/// The words of one language.
#[derive(Debug)]
pub struct Texts {
    /// The language, as in `lang` and `Content-Language` (BCP 47).
    pub tag: &'static str,
    pub(super) direction: &'static str,
    pub(super) common: Common,
    pub(super) sign_in: SignInTexts,
    pub(super) consent: ConsentTexts,
    pub(super) scopes: &'static [(&'static str, &'static str)],
    pub(super) account: AccountTexts,
    pub(super) password: PasswordTexts,
    pub(super) notices: NoticeTexts,
    pub(super) claims: &'static [(&'static str, &'static str)],
    pub(super) errors: ErrorTexts,
    pub(super) sign_out: SignOutTexts,
    pub(super) go_on: GoOnTexts,
    pub(super) when: WhenTexts,
}

/// A sentence around something that is put in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Around {
    pub(super) before: &'static str,
    pub(super) after: &'static str,
}

#[derive(Debug)]
pub(super) struct Common {
    pub(super) error: &'static str,
    pub(super) help: &'static str,
    pub(super) new_tab: &'static str,
    pub(super) unnamed: &'static str,
}

#[derive(Debug)]
pub(super) struct SignInTexts {
    pub(super) title: &'static str,
    pub(super) again_title: &'static str,
    pub(super) to: Around,
    pub(super) again_to: Around,
    pub(super) to_account: &'static str,
    pub(super) username: &'static str,
    pub(super) password: &'static str,
    pub(super) submit: &'static str,
    pub(super) wrong: &'static str,
    pub(super) missing: &'static str,
    pub(super) wait: &'static str,
    pub(super) expired: &'static str,
    pub(super) unavailable: &'static str,
}

#[derive(Debug)]
pub(super) struct ConsentTexts {
    pub(super) title: &'static str,
    pub(super) asks: Around,
    pub(super) signed_in_as: &'static str,
    pub(super) switch: &'static str,
    pub(super) will: &'static str,
    pub(super) nothing: &'static str,
    pub(super) at: Around,
    pub(super) uses: Around,
    pub(super) back_to_host: Around,
    pub(super) back_to_app: Around,
    pub(super) back_to_device: &'static str,
    pub(super) website: &'static str,
    pub(super) policy: &'static str,
    pub(super) terms: &'static str,
    pub(super) about: Around,
    pub(super) withdraw: Around,
    pub(super) account: &'static str,
    pub(super) allow: &'static str,
    pub(super) deny: &'static str,
}

#[derive(Debug)]
pub(super) struct AccountTexts {
    pub(super) title: &'static str,
    pub(super) signed_in_as: Around,
    pub(super) sign_out: &'static str,
    pub(super) profile: &'static str,
    pub(super) profile_about: &'static str,
    pub(super) verified: &'static str,
    pub(super) browsers: &'static str,
    pub(super) browsers_about: &'static str,
    pub(super) then_password: &'static str,
    pub(super) device: Around,
    pub(super) unknown_device: &'static str,
    pub(super) current: &'static str,
    pub(super) address: Around,
    pub(super) first_seen: Around,
    pub(super) last_seen: Around,
    pub(super) end_others: &'static str,
    pub(super) applications: &'static str,
    pub(super) applications_about: &'static str,
    pub(super) no_applications: &'static str,
    pub(super) offline: &'static str,
    pub(super) consents: &'static str,
    pub(super) consents_about: &'static str,
    pub(super) no_consents: &'static str,
    pub(super) more: Around,
    pub(super) since: Around,
    pub(super) withdraw: &'static str,
}

#[derive(Debug)]
pub(super) struct PasswordTexts {
    pub(super) title: &'static str,
    pub(super) about: &'static str,
    pub(super) current: &'static str,
    pub(super) new: &'static str,
    pub(super) hint: Around,
    pub(super) repeat: &'static str,
    pub(super) submit: &'static str,
    pub(super) wrong: &'static str,
    pub(super) differ: &'static str,
    pub(super) short: Around,
    pub(super) long: &'static str,
    pub(super) characters: &'static str,
    pub(super) common: &'static str,
    pub(super) same: &'static str,
    pub(super) managed: &'static str,
}

#[derive(Debug)]
pub(super) struct NoticeTexts {
    pub(super) password: &'static str,
    pub(super) session: &'static str,
    pub(super) others: &'static str,
    pub(super) application: &'static str,
    pub(super) consent: &'static str,
    pub(super) gone: &'static str,
    pub(super) expired: &'static str,
    pub(super) unavailable: &'static str,
}

/// One kind of error: its title, and what to do.
#[derive(Debug)]
pub(super) struct ErrorText {
    pub(super) title: &'static str,
    pub(super) about: &'static str,
}

#[derive(Debug)]
pub(super) struct ErrorTexts {
    pub(super) request: ErrorText,
    pub(super) application: ErrorText,
    pub(super) redirect: ErrorText,
    pub(super) expired: ErrorText,
    pub(super) forgery: ErrorText,
    pub(super) unavailable: ErrorText,
    pub(super) busy: ErrorText,
    pub(super) not_found: ErrorText,
    pub(super) retry: &'static str,
    pub(super) code: &'static str,
    pub(super) detail: &'static str,
    pub(super) from: &'static str,
    pub(super) reference: &'static str,
}

#[derive(Debug)]
pub(super) struct SignOutTexts {
    pub(super) title: &'static str,
    pub(super) asks: Around,
    pub(super) about: Around,
    pub(super) about_nobody: &'static str,
    pub(super) submit: &'static str,
    pub(super) stay: &'static str,
    pub(super) done_title: &'static str,
    pub(super) done_about: &'static str,
    pub(super) back: Around,
    pub(super) sign_in: &'static str,
}

#[derive(Debug)]
pub(super) struct GoOnTexts {
    pub(super) title: &'static str,
    pub(super) about: Around,
    pub(super) submit: &'static str,
    pub(super) broken: &'static str,
}

#[derive(Debug)]
pub(super) struct WhenTexts {
    pub(super) months: [&'static str; 12],
    /// `{d}`, `{m}` and `{y}` are the day, the month's name and the year.
    pub(super) date: &'static str,
    pub(super) now: &'static str,
    pub(super) minutes: Around,
    pub(super) hours: Around,
    pub(super) yesterday: &'static str,
    pub(super) days: Around,
}

impl Texts {
    /// What a scope of everybody's means, in plain words.
    pub(super) fn scope(&self, name: &str) -> Option<&'static str> {
        known(self.scopes, name)
    }

    /// The label of a standard claim.
    pub(super) fn claim(&self, name: &str) -> Option<&'static str> {
        known(self.claims, name)
    }
}

impl Around {
    pub(super) fn fill(self, middle: &str) -> String {
        [self.before, middle, self.after].concat()
    }
}

fn known(list: &[(&str, &'static str)], name: &str) -> Option<&'static str> {
    list.iter().find(|(one, _)| *one == name).map(|(_, text)| *text)
}

/// Splits a sentence at its `{}`. One without stops the compilation.
const fn around(sentence: &'static str) -> Around {
    let bytes = sentence.as_bytes();
    let mut at = 0;
    while at + 1 < bytes.len() {
        if bytes[at] == b'{' && bytes[at + 1] == b'}' {
            let (before, rest) = sentence.split_at(at);
            return Around { before, after: rest.split_at(2).1 };
        }
        at += 1;
    }
    panic!("a sentence without a place for what is put in")
}

#[cfg(test)]
mod tests {
    use super::{LANGUAGES, around};

    #[test]
    fn a_sentence_is_split_at_its_place() {
        for (sentence, filled) in
            [("to {}", "to X"), ("für {} da", "für X da"), ("{}…", "X…"), ("{}", "X")]
        {
            assert_eq!(around(sentence).fill("X"), filled);
        }
    }

    /// A text that is empty, or that still has a place for something, was forgotten.
    #[test]
    fn nothing_is_empty_and_no_place_is_left() {
        for texts in LANGUAGES {
            let shown = format!("{texts:#?}");
            assert!(!shown.contains("{}"), "{}", texts.tag);
            // The half of a sentence may be empty.
            let empty = shown.lines().map(str::trim).filter(|line| line.contains("\"\""));
            let forgotten: Vec<_> = empty
                .filter(|line| !line.starts_with("before:") && !line.starts_with("after:"))
                .collect();
            assert!(forgotten.is_empty(), "{}: {forgotten:?}", texts.tag);
        }
    }

    #[test]
    fn every_language_knows_the_same_scopes_and_claims() {
        let names = |list: &[(&'static str, _)]| list.iter().map(|one| one.0).collect::<Vec<_>>();
        for texts in LANGUAGES {
            assert_eq!(names(texts.scopes), names(LANGUAGES[0].scopes), "{}", texts.tag);
            assert_eq!(names(texts.claims), names(LANGUAGES[0].claims), "{}", texts.tag);
        }
        for scope in ["openid", "profile", "email", "address", "phone", "offline_access"] {
            assert!(LANGUAGES[0].scope(scope).is_some(), "{scope}");
        }
    }

    #[test]
    fn the_tags_are_distinct() {
        for texts in LANGUAGES {
            assert_eq!(LANGUAGES.iter().filter(|one| one.tag == texts.tag).count(), 1);
        }
    }
}
