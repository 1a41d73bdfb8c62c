//! Pictures that strangers hand in: which ones are shown. Must not decode one.

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
    use super::PictureType;

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
}
