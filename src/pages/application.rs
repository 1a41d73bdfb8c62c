//! Owns how an application is named and pictured on a page.
//! Must not import a view.

use super::texts::Texts;
use super::words;
use crate::protocol::picture::PictureHash;

/// An application, as its operator describes it.
#[derive(Clone, Copy, Debug)]
pub struct Application<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its picture, which this server has.
    pub logo: Option<PictureHash>,
}

impl Application<'_> {
    pub(super) fn shown(&self, texts: &Texts) -> String {
        let shown = words::shown(self.name);
        if shown.is_empty() { texts.common.unnamed.to_owned() } else { shown }
    }

    /// What stands for it where it has no picture.
    pub(super) fn initial(&self) -> String {
        words::initial(self.name)
    }
}
