//! Owns what a `User-Agent` says about a device, in words for people.
//! Must not import anything: it is a look at a text.
//!
//! It is a hint for somebody who looks through his own sessions, so a few names are enough, and
//! nothing is decided by it.

/// The browser and the system that a text speaks of, as far as it is known.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Device {
    /// The browser, or another program.
    pub browser: Option<&'static str>,
    /// The system or the device.
    pub system: Option<&'static str>,
}

/// What is looked for, and its name. The first that is found counts: nearly every browser also
/// claims to be those that came before it.
const BROWSERS: &[(&str, &str)] = &[
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("OPX/", "Opera"),
    ("Vivaldi/", "Vivaldi"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("DuckDuckGo/", "DuckDuckGo"),
    ("Ddg/", "DuckDuckGo"),
    ("YaBrowser/", "Yandex Browser"),
    ("FxiOS/", "Firefox"),
    ("Firefox/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chromium/", "Chromium"),
    ("HeadlessChrome/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Epiphany/", "GNOME Web"),
    ("Safari/", "Safari"),
    ("curl/", "curl"),
    ("Wget/", "Wget"),
];

const SYSTEMS: &[(&str, &str)] = &[
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Macintosh", "macOS"),
    ("Mac OS X", "macOS"),
    ("FreeBSD", "FreeBSD"),
    ("OpenBSD", "OpenBSD"),
    ("Linux", "Linux"),
];

/// The longest text that is looked at.
const LONGEST: usize = 512;

/// Reads a `User-Agent` (RFC 9110 §10.1.5).
pub fn device(user_agent: &str) -> Device {
    let end =
        (0..=LONGEST.min(user_agent.len())).rev().find(|end| user_agent.is_char_boundary(*end));
    let text = user_agent.get(..end.unwrap_or(0)).unwrap_or_default();
    Device { browser: first(BROWSERS, text), system: first(SYSTEMS, text) }
}

fn first(known: &[(&str, &'static str)], text: &str) -> Option<&'static str> {
    known.iter().find(|(mark, _)| text.contains(mark)).map(|(_, name)| *name)
}

#[cfg(test)]
mod tests {
    use super::{Device, device};

    #[test]
    fn the_usual_browsers_are_known() {
        let like = "(KHTML, like Gecko)";
        let chrome = format!("AppleWebKit/537.36 {like} Chrome/142.0.0.0");
        let windows = format!("Mozilla/5.0 (Windows NT 10.0; Win64; x64) {chrome} Safari/537.36");
        let mac = format!("(Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 {like}");
        let phone = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15";
        let phone = format!("{phone} {like}");
        let cases = [
            ("(X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox", "Linux"),
            (&windows, "Chrome", "Windows"),
            (&format!("{windows} Edg/142.0.0.0"), "Edge", "Windows"),
            (&format!("{windows} OPR/120.0.0.0"), "Opera", "Windows"),
            (&format!("{phone} Version/18.1 Mobile/15E148 Safari/604.1"), "Safari", "iPhone"),
            (&format!("{phone} CriOS/142.0 Mobile/15E148 Safari/604.1"), "Chrome", "iPhone"),
            (&format!("{phone} FxiOS/140.0 Mobile/15E148 Safari/605.1.15"), "Firefox", "iPhone"),
            (&format!("{mac} Version/18.1 Safari/605.1.15"), "Safari", "macOS"),
            (
                &format!("(Linux; Android 15) SamsungBrowser/28.0 {chrome}"),
                "Samsung Internet",
                "Android",
            ),
            (&format!("(X11; CrOS x86_64 14541.0.0) {chrome} Safari/537.36"), "Chrome", "ChromeOS"),
        ];
        for (text, browser, system) in cases {
            let expected = Device { browser: Some(browser), system: Some(system) };
            assert_eq!(device(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_not_known_is_not_guessed() {
        assert_eq!(device(""), Device::default());
        assert_eq!(device("<script>alert(1)</script>"), Device::default());
        assert_eq!(device("curl/8.5.0"), Device { browser: Some("curl"), system: None });
        let long = format!("{}Firefox/1", "ü".repeat(100_000));
        assert_eq!(device(&long), Device::default());
    }
}
