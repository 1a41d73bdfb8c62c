//! Owns the brand: the operator's name, logo and colours, and the style that comes of them.
//! Must not import a view.

use std::borrow::Cow;

use super::assets::{Asset, CSS};
use super::colour::{Colour, EDGE, TEXT};
use super::texts::{LANGUAGES, Texts, choose};
use super::words;
use crate::protocol::picture::PictureType;

/// The grounds of `templates/assets/pages.css` that text of the brand's colour may stand on: of the
/// two in each scheme, the one on which it is harder to read.
const LIGHT: Colour = Colour::new(0xf4, 0xf5, 0xf8);
const DARK: Colour = Colour::new(0x1b, 0x1e, 0x26);

/// The colour where the operator has chosen none.
const ACCENT: Colour = Colour::new(0x2a, 0x4f, 0xa8);

/// The contrast of the accent that is made for the night: clear, and short of glaring.
const BY_NIGHT: f64 = 6.5;

/// What an operator decides about the look of the pages.
#[derive(Clone, Debug)]
pub struct BrandSettings {
    /// The name of the service that people sign in to.
    pub name: String,
    /// A picture of it: PNG, JPEG, WebP or GIF.
    pub logo: Option<Vec<u8>>,
    /// The colour of buttons and links, by day.
    pub accent: Colour,
    /// The same by night. Without one it is made from `accent`.
    pub accent_dark: Option<Colour>,
    /// Where people find help; linked if it is `https`.
    pub help: Option<String>,
    /// The language for whoever asks for none that there is.
    pub language: &'static Texts,
    /// The path of the issuer, empty at the root: it stands before every path in a page.
    pub base: String,
}

/// The brand, ready for the pages.
#[derive(Clone, Debug)]
pub struct Brand {
    pub(super) name: String,
    pub(super) base: String,
    pub(super) style: Asset,
    /// What stands for the brand in a tab, where there is no logo.
    pub(super) icon: Asset,
    pub(super) logo: Option<Asset>,
    pub(super) help: Option<String>,
    language: &'static Texts,
}

/// The logo is no picture that browsers show.
#[derive(Debug, Eq, PartialEq, thiserror::Error)]
#[error("the logo is not a PNG, JPEG, WebP or GIF picture")]
pub struct BadLogo;

impl Default for BrandSettings {
    fn default() -> Self {
        Self {
            name: "Chancery".to_owned(),
            logo: None,
            accent: ACCENT,
            accent_dark: None,
            help: None,
            language: LANGUAGES[0],
            base: String::new(),
        }
    }
}

impl Brand {
    /// Makes the style of the colours. Whatever they are, the pages can be read: text on the
    /// accent is black or white, and links are as much darker or lighter as they must be.
    ///
    /// # Errors
    /// [`BadLogo`] where the logo is of another kind.
    pub fn new(settings: &BrandSettings) -> Result<Self, BadLogo> {
        let logo = settings.logo.as_deref().map(logo).transpose()?;
        Ok(Self { logo, ..Self::without_logo(settings) })
    }

    fn without_logo(settings: &BrandSettings) -> Self {
        let style = stylesheet(settings.accent, settings.accent_dark);
        let name = words::shown(&settings.name);
        let icon = icon(&words::initial(&name), settings.accent);
        Self {
            name,
            base: settings.base.trim_end_matches('/').to_owned(),
            style: Asset::new("brand", "css", CSS, Cow::Owned(style.into_bytes())),
            icon: Asset::new("icon", "svg", "image/svg+xml", Cow::Owned(icon.into_bytes())),
            logo: None,
            help: words::link(settings.help.as_deref()).map(str::to_owned),
            language: settings.language,
        }
    }

    /// The language that a person prefers: first by the parameter `ui_locales` (OpenID Connect Core
    /// §3.1.2.1), then by `Accept-Language` (RFC 9110 §12.5.4), else that of the brand.
    pub fn texts(&self, ui_locales: Option<&str>, accept_language: Option<&str>) -> &'static Texts {
        choose(ui_locales, accept_language).unwrap_or(self.language)
    }

    /// The letter that stands for a brand without a logo.
    pub(super) fn initial(&self) -> String {
        words::initial(&self.name)
    }
}

impl Default for Brand {
    fn default() -> Self {
        Self::without_logo(&BrandSettings::default())
    }
}

fn logo(bytes: &[u8]) -> Result<Asset, BadLogo> {
    let kind = PictureType::of(bytes).ok_or(BadLogo)?;
    let (extension, media_type) = (kind.extension(), kind.media_type());
    Ok(Asset::new("logo", extension, media_type, Cow::Owned(bytes.to_vec())))
}

/// A letter on the accent. An initial is letters and digits, so nothing needs escaping.
fn icon(initial: &str, accent: Colour) -> String {
    let letter = Colour::WHITE.or_black_on(accent);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 32 32\">\
         <rect width=\"32\" height=\"32\" rx=\"8\" fill=\"{accent}\"/>\
         <text x=\"16\" y=\"22.5\" fill=\"{letter}\" font-family=\"system-ui, sans-serif\" \
         font-size=\"18\" font-weight=\"700\" text-anchor=\"middle\">{initial}</text></svg>\n"
    )
}

fn stylesheet(accent: Colour, accent_dark: Option<Colour>) -> String {
    // What is dark enough for a white page is too dark for a dark one.
    let dark = accent_dark.unwrap_or_else(|| accent.lifted_on(DARK, BY_NIGHT));
    format!(
        ":root {{\n{}}}\n@media (prefers-color-scheme: dark) {{\n:root {{\n{}}}\n}}\n",
        properties(accent, LIGHT),
        properties(dark, DARK)
    )
}

fn properties(accent: Colour, ground: Colour) -> String {
    let on_accent = Colour::WHITE.or_black_on(accent);
    // Away from the text, so that the contrast only grows.
    let other = if on_accent == Colour::WHITE { Colour::BLACK } else { Colour::WHITE };
    let hover = accent.mixed(other, 14);
    let link = accent.readable_on(ground, TEXT);
    let edge = accent.readable_on(ground, EDGE);
    format!(
        "--accent: {accent};\n--accent-hover: {hover};\n--on-accent: {on_accent};\n\
         --link: {link};\n--edge: {edge};\n"
    )
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{BadLogo, Brand, BrandSettings, DARK, LIGHT};
    use crate::pages::GERMAN;
    use crate::pages::assets::STYLE;
    use crate::pages::colour::{Colour, EDGE, TEXT};

    /// The custom properties that are colours, by day and by night.
    fn palettes(style: &str) -> [BTreeMap<String, Colour>; 2] {
        let (day, night) = style.split_once("prefers-color-scheme: dark").unwrap();
        // The palette is the first block of either part.
        [day, night].map(|part| {
            let block = part.split_once(":root {").unwrap().1.split_once('}').unwrap().0;
            block
                .split(';')
                .filter_map(|line| line.trim().strip_prefix("--")?.split_once(": "))
                .filter_map(|(name, value)| Some((name.to_owned(), value.parse().ok()?)))
                .collect()
        })
    }

    fn style(accent: &str, accent_dark: Option<&str>) -> String {
        let settings = BrandSettings {
            accent: accent.parse().unwrap(),
            accent_dark: accent_dark.map(|one| one.parse().unwrap()),
            ..BrandSettings::default()
        };
        String::from_utf8(Brand::new(&settings).unwrap().style.bytes.into_owned()).unwrap()
    }

    #[test]
    fn the_neutral_colours_can_be_read_in_both_schemes() {
        let style = String::from_utf8(STYLE.bytes.to_vec()).unwrap();
        for (palette, hardest) in palettes(&style).iter().zip([LIGHT, DARK]) {
            for ground in ["ground", "card"] {
                for text in ["ink", "soft", "bad", "good"] {
                    assert!(palette[text].contrast(palette[ground]) >= TEXT, "{text} on {ground}");
                }
                assert!(palette["field"].contrast(palette[ground]) >= EDGE, "field on {ground}");
                let [harder, this] =
                    [hardest, palette[ground]].map(|one| palette["ink"].contrast(one));
                assert!(harder <= this + 1e-9, "the brand reckons with an easier ground");
            }
            for (text, ground) in [("bad", "bad-ground"), ("good", "good-ground")] {
                assert!(palette[text].contrast(palette[ground]) >= TEXT, "{text} on {ground}");
                assert!(palette["ink"].contrast(palette[ground]) >= TEXT, "ink on {ground}");
            }
        }
    }

    #[test]
    fn whoever_asks_for_no_language_that_there_is_gets_that_of_the_brand() {
        let settings = BrandSettings { language: &GERMAN, ..BrandSettings::default() };
        let brand = Brand::new(&settings).unwrap();
        for (ui_locales, header, tag) in [
            (None, None, "de"),
            (None, Some("fr"), "de"),
            (None, Some("en-GB"), "en"),
            (Some("en"), Some("de"), "en"),
        ] {
            assert_eq!(brand.texts(ui_locales, header).tag, tag, "{ui_locales:?} {header:?}");
        }
        assert_eq!(Brand::default().texts(None, None).tag, "en");
    }

    #[test]
    fn any_colour_of_a_brand_can_be_read() {
        let all = ["#2a4fa8", "#ffff00", "#000000", "#ffffff", "#777777", "#ff0000", "#00ff7f"];
        for accent in all {
            for dark in [None, Some("#101010"), Some("#ffe000"), Some("#757575")] {
                let palettes = palettes(&style(accent, dark));
                for (palette, ground) in palettes.iter().zip([LIGHT, DARK]) {
                    let shown = format!("{accent} {dark:?} {palette:?}");
                    for button in ["accent", "accent-hover"] {
                        assert!(palette["on-accent"].contrast(palette[button]) >= TEXT, "{shown}");
                    }
                    assert!(palette["link"].contrast(ground) >= TEXT, "{shown}");
                    assert!(palette["edge"].contrast(ground) >= EDGE, "{shown}");
                }
            }
        }
    }

    #[test]
    fn brands_of_other_colours_have_styles_of_other_names() {
        let [one, two] = ["#102030", "#102031"].map(|accent| {
            let accent = accent.parse().unwrap();
            Brand::new(&BrandSettings { accent, ..BrandSettings::default() }).unwrap()
        });
        assert_ne!(one.style.path, two.style.path);
    }

    /// C051: a logo that is a document could hold a script.
    #[test]
    fn a_logo_is_a_picture() {
        let brand = |logo: &[u8]| {
            let logo = Some(logo.to_vec());
            Brand::new(&BrandSettings { logo, ..BrandSettings::default() })
        };
        assert_eq!(brand(b"<svg onload=alert(1)>").err(), Some(BadLogo));
        let logo = brand(b"\x89PNG\r\n\x1a\n").unwrap().logo.unwrap();
        assert!(logo.path.starts_with("/assets/logo-"));
        assert_eq!(logo.media_type, "image/png");
    }

    /// C051.
    #[test]
    fn a_name_cannot_write_into_the_icon() {
        for (name, shown) in
            [("<script>", ">S</text>"), ("&<>\"'", "></text>"), ("ß", ">SS</text>")]
        {
            let settings = BrandSettings { name: name.to_owned(), ..BrandSettings::default() };
            let icon = Brand::new(&settings).unwrap().icon;
            let text = String::from_utf8(icon.bytes.into_owned()).unwrap();
            assert!(text.contains(shown) && text.matches('<').count() == 5, "{text}");
        }
    }
}
