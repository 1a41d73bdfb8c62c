//! Owns the files that the pages need: their bytes, media types and names.
//! Must not import a template or a view.

use std::borrow::Cow;
use std::sync::LazyLock;

use super::Brand;

/// A file for the pages. Its name changes with its bytes, so that it may be cached for ever.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Asset {
    /// The path below the issuer's own, such as `/assets/pages-0123456789abcdef.css`.
    pub path: String,
    /// What to send as `Content-Type`.
    pub media_type: &'static str,
    /// The bytes.
    pub bytes: Cow<'static, [u8]>,
}

/// Every file that pages of this brand ask for.
pub fn assets(brand: &Brand) -> Vec<Asset> {
    let mut all = vec![STYLE.clone(), SCRIPT.clone(), brand.style.clone(), brand.icon.clone()];
    all.extend(brand.logo.clone());
    all
}

const SHEETS: &str = concat!(
    include_str!("../../templates/assets/pages/palette.css"),
    include_str!("../../templates/assets/pages/page.css"),
    include_str!("../../templates/assets/pages/parts.css"),
    include_str!("../../templates/assets/pages/forms.css"),
    include_str!("../../templates/assets/pages/lists.css"),
    include_str!("../../templates/assets/pages/windows.css"),
);

/// The style of every page.
pub(super) static STYLE: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("pages", "css", CSS, Cow::Borrowed(SHEETS.as_bytes())));

/// Sends the form of the response mode `form_post`. No other page has a script.
pub(super) static SCRIPT: LazyLock<Asset> = LazyLock::new(|| {
    let bytes = include_bytes!("../../templates/assets/form-post.js");
    Asset::new("form-post", "js", "text/javascript; charset=utf-8", Cow::Borrowed(bytes))
});

/// The media type of a style sheet.
pub(super) const CSS: &str = "text/css; charset=utf-8";

impl Asset {
    pub(super) fn new(
        name: &str,
        extension: &str,
        media_type: &'static str,
        bytes: Cow<'static, [u8]>,
    ) -> Self {
        let hash = fingerprint(&bytes);
        Self { path: format!("/assets/{name}-{hash:016x}.{extension}"), media_type, bytes }
    }
}

/// FNV-1a, which tells versions of our own files apart; it guards nothing.
fn fingerprint(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::{assets, fingerprint};
    use crate::pages::Brand;

    #[test]
    fn the_names_are_distinct_and_carry_the_hash_of_the_bytes() {
        let all = assets(&Brand::default());
        assert_eq!(all.len(), 4);
        for asset in &all {
            assert!(!asset.bytes.is_empty(), "{}", asset.path);
            let hash = format!("-{:016x}.", fingerprint(&asset.bytes));
            assert!(asset.path.starts_with("/assets/") && asset.path.contains(&hash));
            assert!(all.iter().filter(|other| other.path == asset.path).count() == 1);
        }
    }

    #[test]
    fn the_fingerprint_is_fnv_1a() {
        assert_eq!(fingerprint(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fingerprint(b"foobar"), 0x8594_4171_f739_67e8);
    }

    /// C050, C051: nothing is fetched from elsewhere, not even by the style.
    #[test]
    fn no_asset_names_another_place() {
        for asset in assets(&Brand::default()) {
            let text = String::from_utf8(asset.bytes.into_owned()).unwrap();
            let text = text.replace("xmlns=\"http://www.w3.org/2000/svg\"", "");
            for foreign in ["http:", "https:", "url(", "@import", "//"] {
                assert!(!text.contains(foreign), "{}: {foreign}", asset.path);
            }
        }
    }
}
