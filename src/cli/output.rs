//! What a command answers on standard output: JSON, or text for people, from the same value.
//! Must not know any command.

use std::fmt::{self, Write as _};
use std::io::{self, Write as _};

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use super::Failure;

/// In which of the two forms a command answers.
#[derive(Clone, Copy)]
pub(super) struct Output {
    /// One JSON value, with the member names of the admin API.
    pub(super) json: bool,
}

impl Output {
    /// One thing, with all its members.
    pub(super) fn record(self, value: &impl Serialize) -> Result<(), Failure> {
        self.print(value, |text| {
            let members: Members = serde_json::from_str(text)?;
            Ok(aligned(&members.rows("")))
        })
    }

    /// The `items` of a list, of which people see these `columns`.
    pub(super) fn table(self, list: &impl Serialize, columns: &[&str]) -> Result<(), Failure> {
        self.print(list, |text| {
            let list: Table = serde_json::from_str(text)?;
            let head = columns.iter().map(|name| name.to_uppercase().replace('_', " ")).collect();
            let row = |item: &Members| columns.iter().map(|name| item.cell(name)).collect();
            let rows: Vec<Vec<String>> =
                std::iter::once(head).chain(list.items.iter().map(row)).collect();
            Ok(aligned(&rows))
        })
    }

    /// One thing, of which people read this text.
    pub(super) fn document(self, value: &impl Serialize, text: &str) -> Result<(), Failure> {
        self.print(value, |_| Ok(text.to_owned()))
    }

    /// What people should know beside the answer, on standard error.
    pub(super) fn note(self, text: &str) {
        if !self.json {
            // Whether anybody reads it changes nothing.
            let _ = writeln!(io::stderr(), "chancery: {text}");
        }
    }

    /// A failure, on standard error.
    pub(super) fn failure(self, failure: &Failure) {
        let text = if self.json {
            let (error, error_description) = (failure.code(), failure.to_string());
            serde_json::json!({"error": error, "error_description": error_description}).to_string()
        } else {
            format!("chancery: {failure}")
        };
        // If nobody reads it, the exit code tells.
        let _ = writeln!(io::stderr(), "{text}");
    }

    fn print(
        self,
        value: &impl Serialize,
        for_people: impl Fn(&str) -> serde_json::Result<String>,
    ) -> Result<(), Failure> {
        let text = if self.json {
            serde_json::to_string_pretty(value).map(|text| text + "\n")
        } else {
            serde_json::to_string(value).and_then(|text| for_people(&text))
        };
        write(text.map_err(io::Error::from)?.as_bytes())
    }
}

/// Writes to standard output.
pub(super) fn write(bytes: &[u8]) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    out.write_all(bytes)?;
    Ok(out.flush()?)
}

#[derive(Deserialize)]
struct Table {
    items: Vec<Members>,
}

/// The members of an object in the order in which they were written.
struct Members(Vec<(String, Shape)>);

#[derive(Deserialize)]
#[serde(untagged)]
enum Shape {
    Members(Members),
    List(Vec<Value>),
    Value(Value),
}

impl Members {
    /// The names and the values, those of nested objects behind the `prefix` of their own.
    fn rows(&self, prefix: &str) -> Vec<Vec<String>> {
        let rows = self.0.iter().flat_map(|(name, shape)| match shape {
            Shape::Members(members) => members.rows(&format!("{prefix}{name}.")),
            shape => vec![vec![format!("{prefix}{name}"), shape.to_string()]],
        });
        rows.collect()
    }

    fn cell(&self, name: &str) -> String {
        let found = self.0.iter().find(|(one, _)| one == name);
        found.map(|(_, shape)| shape.to_string()).unwrap_or_default()
    }
}

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::List(values) => {
                let texts: Vec<String> = values.iter().map(plain).collect();
                f.write_str(&texts.join(" "))
            }
            Self::Value(value) => f.write_str(&plain(value)),
            Self::Members(members) => {
                let pairs = members.rows("").into_iter().map(|row| row.join("="));
                f.write_str(&pairs.collect::<Vec<_>>().join(" "))
            }
        }
    }
}

/// A value as people write it. What others chose, such as a client's name, must not steer the
/// terminal.
fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => {
            text.chars().map(|one| if one.is_control() { '\u{FFFD}' } else { one }).collect()
        }
        other => other.to_string(),
    }
}

/// Rows of cells in columns of equal width.
fn aligned(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            // Writing to a String cannot fail.
            let _ = write!(line, "{cell:width$}  ");
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_keeps_its_order_and_shows_nested_members_by_their_path() {
        let text = r#"{"name":"b","id":7,"roles":["x","y"],"none":null,"by":{"z":"1","a":"2"}}"#;
        let members: Members = serde_json::from_str(text).unwrap();
        let shown = aligned(&members.rows(""));
        assert_eq!(shown, "name   b\nid     7\nroles  x y\nnone\nby.z   1\nby.a   2\n");
    }

    #[test]
    fn a_table_has_a_cell_where_a_member_is_missing() {
        let list = r#"{"items":[{"a":"long","b":"x"},{"b":true}],"next":null}"#;
        let table: Table = serde_json::from_str(list).unwrap();
        let cells: Vec<String> = table.items.iter().map(|item| item.cell("a")).collect();
        assert_eq!(cells, ["long", ""]);
        assert_eq!(table.items[1].cell("b"), "true");
    }

    #[test]
    fn what_others_chose_cannot_steer_the_terminal() {
        let value = Value::String("a\u{1b}[2Jb\u{9b}c\nd".to_owned());
        assert_eq!(plain(&value), "a\u{FFFD}[2Jb\u{FFFD}c\u{FFFD}d");
    }
}
