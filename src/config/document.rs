//! The configuration file: from its text to values by key. Must not know any key but the names of
//! the lists of declared objects.

use std::collections::BTreeMap;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::given::{Given, Place, Raw};
use super::problem::Problem;

/// What a configuration file holds. Nothing of its text is copied but into values that wipe
/// themselves, so the file's text may be wiped too.
#[derive(Default)]
pub(super) struct Document {
    /// Values by key; the members of a table follow its name and a dot.
    pub(super) values: BTreeMap<String, Given>,
    /// The objects of `[[users]]` and its like, by the name of the list.
    pub(super) objects: BTreeMap<String, Vec<Object>>,
}

/// One declared object.
#[derive(Default)]
pub(super) struct Object {
    /// Where it begins in the file.
    pub(super) line: usize,
    /// Its members, as in [`Document::values`].
    pub(super) members: BTreeMap<String, Given>,
}

impl Document {
    /// Reads the text of a file whose lists of declared objects have the names in `lists`.
    pub(super) fn parse(text: &str, lists: &[&str]) -> Result<Self, Vec<Problem>> {
        let (root, errors) = DeTable::parse_recoverable(text);
        if !errors.is_empty() {
            return Err(errors.iter().map(|error| syntax(text, error)).collect());
        }
        let lines = Lines::of(text);
        let mut document = Self::default();
        for (name, value) in root.into_inner() {
            let name = quoted(name.get_ref());
            match objects(&lines, &value) {
                Some(objects) if lists.contains(&name.as_str()) => {
                    document.objects.insert(name, objects);
                }
                _ => flatten(&lines, name, &value, &mut document.values),
            }
        }
        Ok(document)
    }
}

/// The tables of which `value` is a list.
fn objects(lines: &Lines, value: &Spanned<DeValue<'_>>) -> Option<Vec<Object>> {
    let items = value.get_ref().as_array()?.iter();
    items
        .map(|item| {
            let mut members = BTreeMap::new();
            members_of(lines, "", item.get_ref().as_table()?, &mut members);
            Some(Object { line: lines.at(item.span().start), members })
        })
        .collect()
}

fn flatten(
    lines: &Lines,
    key: String,
    value: &Spanned<DeValue<'_>>,
    out: &mut BTreeMap<String, Given>,
) {
    if let DeValue::Table(table) = value.get_ref() {
        members_of(lines, &format!("{key}."), table, out);
    }
    let place = Place::Line(lines.at(value.span().start));
    out.insert(key, Given { raw: raw(value.get_ref()), place });
}

fn members_of(lines: &Lines, prefix: &str, table: &DeTable<'_>, out: &mut BTreeMap<String, Given>) {
    for (name, value) in table {
        flatten(lines, format!("{prefix}{}", quoted(name.get_ref())), value, out);
    }
}

/// A name as it must be written, so that a dot in it is not taken for one between names.
fn quoted(name: &str) -> String {
    if name.contains('.') { format!("\"{name}\"") } else { name.to_owned() }
}

fn raw(value: &DeValue<'_>) -> Raw {
    match value {
        DeValue::String(text) => Raw::of_text(text.as_ref()),
        DeValue::Integer(number) => {
            i64::from_str_radix(number.as_str(), number.radix()).map_or(Raw::Other, Raw::Integer)
        }
        DeValue::Boolean(flag) => Raw::Boolean(*flag),
        DeValue::Array(items) => Raw::List(items.iter().map(|item| raw(item.get_ref())).collect()),
        DeValue::Table(_) => Raw::Table,
        DeValue::Float(_) | DeValue::Datetime(_) => Raw::Other,
    }
}

/// The parser's message alone. Its `Display` repeats the line, which may hold a secret.
fn syntax(text: &str, error: &toml::de::Error) -> Problem {
    let at = error.span().map_or(0, |span| span.start);
    let before = text.get(..at).unwrap_or_default();
    let column = before.chars().rev().take_while(|one| *one != '\n').count() + 1;
    Problem::Syntax { line: Lines::of(text).at(at), column, what: error.message().to_owned() }
}

/// Where the lines of a text end.
struct Lines(Vec<usize>);

impl Lines {
    fn of(text: &str) -> Self {
        Self(text.match_indices('\n').map(|(end, _)| end).collect())
    }

    /// The line, from 1, of the byte at `position`.
    fn at(&self, position: usize) -> usize {
        self.0.partition_point(|end| *end < position) + 1
    }
}
