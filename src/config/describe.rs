//! What every key means, for people: the tables of the documentation. Must not know any key.

use std::fmt::Write;

use super::environment::variable;
use super::input::Key;
use super::kind::{Form, Kind};

/// One key, described.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct KeyDoc {
    /// Its full name in the file, such as `tokens.retry_echo` or `clients[].id`.
    pub key: String,
    /// The variable that stands for it; empty for members of declared objects.
    pub env: String,
    /// What it takes.
    pub takes: String,
    /// What holds where it is not given; empty for nothing, `required` where it must be given.
    pub default: String,
    /// What it means.
    pub meaning: String,
}

impl KeyDoc {
    /// The key at `path` within `object`, and its `_file` form where it is a secret.
    pub(super) fn of<K: Kind>(
        key: &Key<K>,
        (object, path): (&str, &str),
        default: &K::Value,
    ) -> impl Iterator<Item = Self> + use<K> {
        let default = match key.shown {
            Some(words) => words.to_owned(),
            None if key.kind.is_needed() => "required".to_owned(),
            None if key.kind.form() == Form::Plain => key.kind.show(default),
            None => String::new(),
        };
        let doc = |path: &str, takes: String, default: String, meaning: String| Self {
            key: format!("{object}{path}"),
            env: if object.is_empty() { variable(path) } else { String::new() },
            takes,
            default,
            meaning,
        };
        let meaning = key.meaning.trim().to_owned();
        let file = (key.kind.form() == Form::Secret).then(|| {
            let takes = "the path of a file that holds the value".to_owned();
            let meaning = format!("`{path}`, from a file.");
            doc(&format!("{path}_file"), takes, String::new(), meaning)
        });
        [doc(path, key.kind.takes(), default, meaning)].into_iter().chain(file)
    }
}

/// The keys as a table in Markdown (GFM).
pub(super) fn table(docs: &[KeyDoc]) -> String {
    let with_variables = docs.iter().any(|doc| !doc.env.is_empty());
    let mut table = if with_variables {
        "| key | variable | takes | default | meaning |\n| --- | --- | --- | --- | --- |\n"
    } else {
        "| member | takes | default | meaning |\n| --- | --- | --- | --- |\n"
    }
    .to_owned();
    for doc in docs {
        let name = format!("`{}`", doc.key);
        let variable = format!("`{}`", doc.env);
        let cells = [&name, &variable, &doc.takes, &doc.default, &doc.meaning];
        let shown = cells.iter().enumerate().filter(|(column, _)| with_variables || *column != 1);
        for (_, cell) in shown {
            // Writing to a String cannot fail.
            let _ = write!(table, "| {} ", cell.replace('|', "\\|"));
        }
        table.push_str("|\n");
    }
    table
}
