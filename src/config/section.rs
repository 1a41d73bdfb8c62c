//! The one declaration of keys. [`section!`] makes of it the struct, its documentation, the reading
//! and the showing, so that none of them can say something else than another.

use serde_json::Value;

/// What can show its values, for `config show`.
pub(super) trait Section {
    /// Adds every key, behind the name of the `section`, with its value in force.
    fn show(&self, section: &str, out: &mut Vec<Shown>);
}

/// A key with its value in force.
pub(super) struct Shown {
    pub(super) key: String,
    /// As the key takes it.
    pub(super) text: String,
    /// For programs.
    pub(super) value: Value,
}

/// Declares a struct of keys:
///
/// ```text
/// pub struct Tokens, from input {
///     /// The meaning, for the documentation.
///     field: Type = default, takes kind;
///     /// A default that follows from keys above it is described in words.
///     other: Type = expression, shown "words", takes kind;
/// } with {
///     /// What the struct holds beside keys, made by an expression that may use all of them.
///     part: Type = expression;
/// }
/// ```
///
/// The key has the name of the field. `kind` is a [`Kind`](super::kind::Kind) of the field's type.
/// `input` is the [`Input`](super::input::Input) that is being read.
macro_rules! section {
    (
        $(#[$attribute:meta])*
        $vis:vis struct $name:ident, from $input:ident {
            $(
                $(#[doc = $meaning:literal])+
                $field:ident: $type:ty = $default:expr,
                    $(shown $shown:literal,)? takes $kind:expr;
            )*
        }
        $(with {
            $(
                $(#[doc = $about:literal])+
                $part:ident: $part_type:ty = $made:expr;
            )*
        })?
    ) => {
        $(#[$attribute])*
        $vis struct $name {
            $(
                $(#[doc = $meaning])+
                $vis $field: $type,
            )*
            $($(
                $(#[doc = $about])+
                $vis $part: $part_type,
            )*)?
        }

        impl $name {
            pub(in crate::config) fn read($input: &mut $crate::config::input::Input<'_>) -> Self {
                $(
                    let key = $crate::config::input::Key {
                        name: stringify!($field),
                        meaning: concat!($($meaning),+),
                        kind: $kind,
                        shown: <[&'static str]>::first(&[$($shown)?]).copied(),
                    };
                    let $field: $type = $input.read(&key, $default);
                )*
                $($(
                    let $part: $part_type = $made;
                )*)?
                Self { $($field,)* $($($part,)*)? }
            }
        }

        impl $crate::config::section::Section for $name {
            fn show(&self, section: &str, out: &mut Vec<$crate::config::section::Shown>) {
                $(
                    out.push($crate::config::section::Shown {
                        key: format!("{section}{}", stringify!($field)),
                        text: $crate::config::kind::Kind::show(&$kind, &self.$field),
                        value: $crate::config::kind::Kind::value(&$kind, &self.$field),
                    });
                )*
                $($(
                    self.$part.show(concat!(stringify!($part), "."), out);
                )*)?
            }
        }
    };
}

pub(super) use section;
