//! Owns colours: reading `#rrggbb`, contrast, and what can be read on what.
//! Must not import anything: it is arithmetic.

use std::fmt;
use std::str::FromStr;

/// The contrast that text needs (WCAG 2.2 §1.4.3).
pub(super) const TEXT: f64 = 4.5;

/// The contrast that the edge of a control needs (WCAG 2.2 §1.4.11).
pub(super) const EDGE: f64 = 3.0;

/// A colour in sRGB, written `#rrggbb`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Colour([u8; 3]);

/// The text is no colour.
#[derive(Debug, Eq, PartialEq, thiserror::Error)]
#[error("a colour is written #rrggbb, with six hexadecimal digits")]
pub struct BadColour;

impl Colour {
    pub(super) const BLACK: Self = Self([0; 3]);
    pub(super) const WHITE: Self = Self([255; 3]);

    pub(super) const fn new(red: u8, green: u8, blue: u8) -> Self {
        Self([red, green, blue])
    }

    /// The ratio of WCAG 2.2, from 1 to 21.
    pub(super) fn contrast(self, other: Self) -> f64 {
        let (one, two) = (self.luminance(), other.luminance());
        (one.max(two) + 0.05) / (one.min(two) + 0.05)
    }

    /// The nearest colour of this hue that has the contrast `wanted` on `ground`: itself, or
    /// itself with as much black or white as it takes.
    pub(super) fn readable_on(self, ground: Self, wanted: f64) -> Self {
        let end = Self::WHITE.or_black_on(ground);
        let steps = (0..=100u16).map(|percent| self.mixed(end, percent));
        steps.into_iter().find(|one| one.contrast(ground) >= wanted).unwrap_or(end)
    }

    /// As [`readable_on`](Self::readable_on) a dark ground, and as full a colour as can be:
    /// brighter first, and with white in it only where that is not enough.
    pub(super) fn lifted_on(self, ground: Self, wanted: f64) -> Self {
        let vivid = self.vivid();
        let brighter = (0..=100u16).map(|percent| self.mixed(vivid, percent));
        let found = brighter.into_iter().find(|one| one.contrast(ground) >= wanted);
        found.unwrap_or_else(|| vivid.readable_on(ground, wanted))
    }

    /// This hue at its brightest, as it is before there is white in it.
    fn vivid(self) -> Self {
        let brightest = u16::from(self.0.into_iter().max().unwrap_or(0).max(1));
        let lift = |one: u8| u8::try_from(u16::from(one) * 255 / brightest).unwrap_or(u8::MAX);
        Self(self.0.map(lift))
    }

    /// This colour or black, whichever can be read better on `ground`.
    pub(super) fn or_black_on(self, ground: Self) -> Self {
        if self.contrast(ground) >= Self::BLACK.contrast(ground) { self } else { Self::BLACK }
    }

    /// This colour with so many hundredths of another in it.
    pub(super) fn mixed(self, other: Self, percent: u16) -> Self {
        let percent = percent.min(100);
        let mix = |one: u8, two: u8| {
            let sum = u16::from(one) * (100 - percent) + u16::from(two) * percent;
            u8::try_from(sum / 100).unwrap_or(u8::MAX)
        };
        Self(std::array::from_fn(|channel| mix(self.0[channel], other.0[channel])))
    }

    /// The relative luminance of WCAG 2.2, from 0 to 1.
    fn luminance(self) -> f64 {
        let [red, green, blue] = self.0.map(|channel| {
            let value = f64::from(channel) / 255.0;
            if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        });
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }
}

impl FromStr for Colour {
    type Err = BadColour;

    fn from_str(text: &str) -> Result<Self, BadColour> {
        let digits = text.strip_prefix('#').ok_or(BadColour)?;
        if digits.len() != 6 || !digits.bytes().all(|one| one.is_ascii_hexdigit()) {
            return Err(BadColour);
        }
        let value = u32::from_str_radix(digits, 16).map_err(|_| BadColour)?;
        let [_, red, green, blue] = value.to_be_bytes();
        Ok(Self([red, green, blue]))
    }
}

impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [red, green, blue] = self.0;
        write!(f, "#{red:02x}{green:02x}{blue:02x}")
    }
}

#[cfg(test)]
mod tests {
    use super::{BadColour, Colour, EDGE, TEXT};

    #[test]
    fn only_six_hexadecimal_digits_are_a_colour() {
        assert_eq!("#0aF1b2".parse::<Colour>().unwrap().to_string(), "#0af1b2");
        for bad in
            ["", "#", "0af1b2", "#0af1b", "#0af1b22", "#0af1bg", "#+af1b2", "#0af;}", "red", "#ää"]
        {
            assert_eq!(bad.parse::<Colour>(), Err(BadColour), "{bad}");
        }
    }

    #[test]
    fn the_contrast_is_that_of_wcag() {
        assert!((Colour::WHITE.contrast(Colour::BLACK) - 21.0).abs() < 1e-9);
        // A pair that is known to just pass.
        let grey: Colour = "#767676".parse().unwrap();
        assert!((Colour::WHITE.contrast(grey) - 4.54).abs() < 0.01);
    }

    #[test]
    fn every_colour_can_be_made_readable_on_every_ground() {
        let steps = [0, 51, 102, 119, 153, 204, 255];
        let all: Vec<Colour> = steps
            .iter()
            .flat_map(|red| steps.iter().map(move |green| (*red, *green)))
            .flat_map(|(red, green)| steps.iter().map(move |blue| Colour([red, green, *blue])))
            .collect();
        for ground in &all {
            for colour in all.iter().step_by(7) {
                for wanted in [TEXT, EDGE] {
                    let found = colour.readable_on(*ground, wanted);
                    assert!(found.contrast(*ground) >= wanted, "{colour} on {ground}: {found}");
                }
            }
        }
    }

    #[test]
    fn a_colour_is_lifted_no_further_than_it_must_be() {
        let ground: Colour = "#1b1e26".parse().unwrap();
        let lifted = |text: &str| text.parse::<Colour>().unwrap().lifted_on(ground, 6.5);
        for text in ["#2a4fa8", "#0f766e", "#8b0000", "#000000", "#777777"] {
            let contrast = lifted(text).contrast(ground);
            assert!((6.5..6.9).contains(&contrast), "{text}: {contrast}");
        }
        assert_eq!(lifted("#ffd400").to_string(), "#ffd400");
    }

    #[test]
    fn a_readable_colour_stays_as_it_is() {
        let blue: Colour = "#2456b3".parse().unwrap();
        assert_eq!(blue.readable_on(Colour::WHITE, TEXT), blue);
    }
}
