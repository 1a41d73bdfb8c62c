//! Pictures that are handed in: which ones are shown. Must not decode one.

use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};

/// The picture of a client.
#[derive(Clone)]
pub struct Picture {
    bytes: Vec<u8>,
    kind: PictureType,
}

/// The SHA-256 of a picture, its name in URLs.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct PictureHash([u8; 32]);

/// Why a picture was refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum BadPicture {
    /// It is none that is shown.
    #[error("it is not a PNG, JPEG, WebP or GIF picture")]
    Unknown,
    /// It has more than [`Picture::LARGEST`] bytes.
    #[error("it is larger than 64 KiB")]
    TooLarge,
}

impl Picture {
    /// The most bytes that a picture has.
    pub const LARGEST: usize = 64 * 1024;

    /// The picture of these bytes.
    pub fn parse(bytes: Vec<u8>) -> Result<Self, BadPicture> {
        let kind = PictureType::of(&bytes).ok_or(BadPicture::Unknown)?;
        if bytes.len() > Self::LARGEST {
            Err(BadPicture::TooLarge)
        } else {
            Ok(Self { bytes, kind })
        }
    }

    /// Its bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// What to send, and as which `Content-Type`.
    pub fn into_parts(self) -> (&'static str, Vec<u8>) {
        (self.kind.media_type(), self.bytes)
    }

    /// Its hash.
    pub fn hash(&self) -> PictureHash {
        let mut hash = [0; 32];
        hash.copy_from_slice(digest(&SHA256, &self.bytes).as_ref());
        PictureHash(hash)
    }
}

impl PictureHash {
    /// A stored hash.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The hash of this text; other spellings than that of [`Display`](fmt::Display) are refused.
    pub fn parse(text: &str) -> Option<Self> {
        let lower = |digit: &u8| digit.is_ascii_digit() || (b'a'..=b'f').contains(digit);
        let digits = text.as_bytes();
        if digits.len() != 64 || !digits.iter().all(lower) {
            return None;
        }
        let mut hash = [0; 32];
        for (byte, at) in hash.iter_mut().zip((0..64).step_by(2)) {
            *byte = u8::from_str_radix(&text[at..at + 2], 16).ok()?;
        }
        Some(Self(hash))
    }

    /// The hash's bytes, as stored.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The path below the issuer's own at which the picture is served.
    pub fn path(&self) -> String {
        format!("/assets/clients/{self}")
    }
}

impl fmt::Display for PictureHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// The kinds of pictures that browsers show and that hold no script (C051).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum PictureType {
    /// `image/png`
    Png,
    /// `image/jpeg`
    Jpeg,
    /// `image/webp`
    Webp,
    /// `image/gif`
    Gif,
}

impl PictureType {
    /// The kind of a picture, by its first bytes. None for anything else, SVG too.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some(Self::Png),
            [0xff, 0xd8, 0xff, ..] => Some(Self::Jpeg),
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some(Self::Webp),
            [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some(Self::Gif),
            _ => None,
        }
    }

    /// What to send as `Content-Type`.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::Webp => "image/webp",
            Self::Gif => "image/gif",
        }
    }

    /// The usual extension of its name.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Jpeg => "jpg",
            Self::Webp => "webp",
            Self::Gif => "gif",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// C051: a picture that can hold a script is no picture here.
    #[test]
    fn only_pictures_without_script_are_pictures() {
        let kinds = [
            (&b"\x89PNG\r\n\x1a\n..."[..], PictureType::Png),
            (b"\xff\xd8\xff\xe0", PictureType::Jpeg),
            (b"RIFF\x01\x02\x03\x04WEBPVP8 ", PictureType::Webp),
            (b"GIF89a", PictureType::Gif),
        ];
        for (bytes, kind) in kinds {
            assert_eq!(PictureType::of(bytes), Some(kind));
        }
        for other in [&b"<svg onload=alert(1)>"[..], b"<?xml version='1.0'?>", b"<html>", b""] {
            assert_eq!(PictureType::of(other), None);
        }
    }

    #[test]
    fn a_picture_is_small_and_named_by_its_hash() {
        let mut bytes = b"GIF89a".to_vec();
        bytes.resize(Picture::LARGEST, 0);
        let picture = Picture::parse(bytes.clone()).ok().unwrap();
        let name = picture.hash().to_string();
        assert_eq!(PictureHash::parse(&name), Some(picture.hash()));
        for bad in ["", &name[1..], &name.to_uppercase(), &format!("{}é", &name[2..])] {
            assert_eq!(PictureHash::parse(bad), None, "{bad}");
        }
        bytes.push(0);
        assert_eq!(Picture::parse(bytes).err(), Some(BadPicture::TooLarge));
        assert_eq!(Picture::parse(vec![]).err(), Some(BadPicture::Unknown));
    }
}
