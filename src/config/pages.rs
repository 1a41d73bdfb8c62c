//! `[pages]`: what people see. Must not import other sections.

use std::path::PathBuf;

use crate::pages::{BadLogo, Brand, BrandSettings, Colour, LANGUAGES, Texts};
use crate::protocol::sign_in::PageUri;
use crate::protocol::uri::Issuer;

use super::kind::{Parsed, Refused};
use super::section::section;
use super::wrapped::Optional;

section! {
    /// `[pages]`: what people see.
    #[derive(Clone, Debug)]
    pub struct Pages, from input {
        /// The name of the service that people sign in to.
        name: String = BrandSettings::default().name, takes NAME;
        /// A picture of it, which stands on every page.
        logo: Option<PathBuf> = None, takes Optional(PICTURE);
        /// The colour of buttons and links. Text on it is made black or white, and links as much
        /// darker as they must be to be read.
        accent: Colour = BrandSettings::default().accent, takes COLOUR;
        /// The same where people have chosen dark windows. Without one it is made from `accent`.
        accent_dark: Option<Colour> = None, takes Optional(COLOUR);
        /// Where people find help, such as a new password: a link on every page.
        help_uri: Option<PageUri> = None, takes Optional(PAGE);
        /// The language for whoever asks for none that the pages have.
        default_language: &'static Texts = BrandSettings::default().language, takes LANGUAGE;
    }
}

impl Pages {
    /// The brand of these pages, with the bytes of its picture.
    ///
    /// # Errors
    /// [`BadLogo`] where they are no picture.
    pub fn brand(&self, logo: Option<Vec<u8>>, issuer: &Issuer) -> Result<Brand, BadLogo> {
        Brand::new(&BrandSettings {
            name: self.name.clone(),
            logo,
            accent: self.accent,
            accent_dark: self.accent_dark,
            help: self.help_uri.as_ref().map(|uri| uri.as_str().to_owned()),
            language: self.default_language,
            base: issuer.path(),
        })
    }
}

const NAME: Parsed<String> = Parsed {
    takes: "1 to 60 characters without line breaks and other control characters",
    parse: |text| {
        let fits = !text.trim().is_empty()
            && text.chars().count() <= 60
            && !text.chars().any(char::is_control);
        if fits { Ok(text.to_owned()) } else { Err(Refused::FORM) }
    },
    show: String::clone,
};

const PICTURE: Parsed<PathBuf> = Parsed {
    takes: "the path of a PNG, JPEG, WebP or GIF picture of at most 256 KiB",
    parse: |text| if text.is_empty() { Err(Refused::FORM) } else { Ok(text.into()) },
    show: |path| path.display().to_string(),
};

const COLOUR: Parsed<Colour> = Parsed {
    takes: "a colour such as `#2a4fa8`",
    parse: |text| text.parse().map_err(|_| Refused::FORM),
    show: Colour::to_string,
};

/// A page for people.
pub(super) const PAGE: Parsed<PageUri> = Parsed {
    takes: "an https URL",
    parse: |text| PageUri::parse(text).map_err(Refused::because),
    show: |uri| uri.as_str().to_owned(),
};

const LANGUAGE: Parsed<&'static Texts> = Parsed {
    takes: "`en` or `de`",
    parse: |text| {
        let found = LANGUAGES.iter().find(|texts| texts.tag == text);
        found.copied().ok_or(Refused::FORM)
    },
    show: |texts| texts.tag.to_owned(),
};

#[cfg(test)]
mod tests {
    use super::{LANGUAGE, LANGUAGES};

    #[test]
    fn every_language_is_named() {
        let tags: Vec<_> = LANGUAGES.iter().map(|texts| format!("`{}`", texts.tag)).collect();
        assert_eq!(LANGUAGE.takes, tags.join(" or "));
    }
}
