//! What a configuration is read from, while it is read: hands out the value of each key once,
//! remembers what the key means, and what was wrong. Must not know any key.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::mem;
use std::path::Path;

use super::describe::KeyDoc;
use super::document::{Document, Object};
use super::environment::{self, variable};
use super::given::{Given, Place, Raw};
use super::kind::{Form, Kind};
use super::problem::{At, Problem};
use super::sources::Sources;
use super::unknown;

/// The values that were given and not read yet.
pub(super) struct Input<'a> {
    sources: &'a Sources,
    environment: BTreeMap<String, Given>,
    file: BTreeMap<String, Given>,
    objects: BTreeMap<String, Vec<Object>>,
    /// The declared object whose members these are, such as `clients[web].`; empty for settings.
    object: String,
    /// Where that object begins.
    begins: Option<Place>,
    /// The section that is being read, such as `tokens.`.
    section: String,
    /// The names of sections and lists, which are no keys.
    sections: Vec<String>,
    docs: Vec<KeyDoc>,
    problems: Vec<Problem>,
    /// The keys with a problem of their own, of which no other rule should speak.
    refused: BTreeSet<String>,
}

/// One key, as declared.
pub(super) struct Key<K> {
    pub(super) name: &'static str,
    pub(super) meaning: &'static str,
    pub(super) kind: K,
    /// The default in words, where it follows from other keys.
    pub(super) shown: Option<&'static str>,
}

/// A value that was found for a key.
struct Found {
    at: At,
    raw: Raw,
    /// Whether it is the path of a file with the value.
    is_path: bool,
}

impl<'a> Input<'a> {
    /// The variables of `sources` and what the configuration file holds.
    pub(super) fn new(sources: &'a Sources, document: Document) -> Self {
        let mut environment = environment::ours(&sources.environment);
        environment.remove(environment::FILE);
        Self {
            environment,
            file: document.values,
            objects: document.objects,
            ..Self::empty(sources, String::new())
        }
    }

    /// The members of one declared object, which messages call `name`. No variable stands for
    /// any of them.
    pub(super) fn of_object(&self, name: &str, object: Object) -> Input<'a> {
        Self {
            file: object.members,
            begins: Some(Place::Line(object.line)),
            ..Self::empty(self.sources, format!("{name}."))
        }
    }

    fn empty(sources: &'a Sources, object: String) -> Self {
        Self {
            sources,
            environment: BTreeMap::new(),
            file: BTreeMap::new(),
            objects: BTreeMap::new(),
            object,
            begins: None,
            section: String::new(),
            sections: Vec::new(),
            docs: Vec::new(),
            problems: Vec::new(),
            refused: BTreeSet::new(),
        }
    }

    /// The value of `key`. Where none is given, or none that it takes, the `default`, so that what
    /// else is wrong is found in the same run.
    pub(super) fn read<K: Kind>(&mut self, key: &Key<K>, default: K::Value) -> K::Value {
        self.docs.extend(KeyDoc::of(key, (&self.object, &self.path(key.name)), &default));
        let Some(found) = self.find(key.name, key.kind.form()) else {
            if key.kind.is_needed() {
                let (at, takes) = (self.at(&self.path(key.name)), key.kind.takes());
                self.refuse(key.name, Problem::Missing { at, takes });
            }
            return default;
        };
        match self.load(found).and_then(|(at, raw)| parse(&key.kind, at, &raw)) {
            Ok(value) => value,
            Err(problem) => {
                self.refuse(key.name, problem);
                default
            }
        }
    }

    /// Reads the keys of a table of the file.
    pub(super) fn section<T>(&mut self, name: &str, read: impl FnOnce(&mut Self) -> T) -> T {
        self.sections.push(name.to_owned());
        self.refuse_other(name, |raw| matches!(raw, Raw::Table), format!("a table, `[{name}]`"));
        self.section = format!("{name}.");
        let section = read(self);
        self.section.clear();
        section
    }

    /// The objects of a list such as `[[users]]`.
    pub(super) fn take_objects(&mut self, list: &str) -> Vec<Object> {
        self.sections.push(list.to_owned());
        self.refuse_other(list, |_| false, format!("a list of tables, `[[{list}]]`"));
        self.objects.remove(list).unwrap_or_default()
    }

    /// How many cores the process may use.
    pub(super) fn cores(&self) -> usize {
        self.sources.cores
    }

    /// Whether the key of that name has a problem, so that its value is not the one given.
    pub(super) fn is_refused(&self, key: &str) -> bool {
        self.refused.contains(key)
    }

    /// Refuses the first of `keys` for breaking a rule between all of them, unless the rule holds,
    /// or cannot be judged since one of them has a problem of its own.
    pub(super) fn require(&mut self, holds: bool, keys: &[&str], rule: impl Into<String>) {
        debug_assert!(keys.iter().all(|key| self.is_known(key)), "{keys:?}");
        if !holds && !keys.iter().any(|key| self.is_refused(key)) {
            let at = self.at(keys.first().copied().unwrap_or_default());
            self.problems.push(Problem::Conflict { at, rule: rule.into() });
        }
    }

    /// What was made of the value of `key`. An error is the key's problem; as all of `protocol`, it
    /// must not repeat what it was made of.
    pub(super) fn accept<T, E: Display>(&mut self, key: &str, made: Result<T, E>) -> Option<T> {
        made.map_err(|error| self.require(false, &[key], error.to_string())).ok()
    }

    /// Takes over the problems of a declared object.
    pub(super) fn absorb(&mut self, object: Input<'_>) {
        self.problems.extend(object.finish());
    }

    /// What the keys that were read mean.
    pub(super) fn into_docs(self) -> Vec<KeyDoc> {
        self.docs
    }

    /// Everything that was wrong, with what was given and never read.
    pub(super) fn finish(mut self) -> Vec<Problem> {
        let names = unknown::Names::new(&self.docs, &self.sections, &self.object);
        for (name, _) in mem::take(&mut self.environment) {
            self.problems.push(names.unknown_variable(name));
        }
        for (name, given) in mem::take(&mut self.file) {
            let parents = name.match_indices('.').map(|(dot, _)| &name[..dot]);
            if !parents.into_iter().any(|parent| self.is_refused(parent)) {
                self.problems.push(names.unknown_key(&name, given.place));
                self.refused.insert(name);
            }
        }
        self.problems
    }

    /// What is given for a key; the environment beats the file.
    fn find(&mut self, name: &str, form: Form) -> Option<Found> {
        let key = self.path(name);
        let in_environment =
            self.find_in(&key, form, |input, key| input.environment.remove(&variable(key)));
        let in_file = self.find_in(&key, form, Self::take_from_file);
        in_environment.or(in_file)
    }

    fn find_in(
        &mut self,
        key: &str,
        form: Form,
        take: impl Fn(&mut Self, &str) -> Option<Given>,
    ) -> Option<Found> {
        let plain = take(self, key).map(|given| self.found(key, given, form == Form::File));
        if form != Form::Secret {
            return plain;
        }
        let file_key = format!("{key}_file");
        let in_file = take(self, &file_key).map(|given| self.found(&file_key, given, true));
        if let (Some(plain), Some(other)) = (&plain, &in_file) {
            let (at, other) = (plain.at.clone(), other.at.name().to_owned());
            self.refuse_key(key, Problem::Twice { at, other });
            return None;
        }
        plain.or(in_file)
    }

    /// What the file gives under a key. Where that is a table, its members are no keys of their own.
    fn take_from_file(&mut self, key: &str) -> Option<Given> {
        let given = self.file.remove(key)?;
        if matches!(given.raw, Raw::Table) {
            let members = format!("{key}.");
            self.file.retain(|name, _| !name.starts_with(&members));
        }
        Some(given)
    }

    fn found(&self, key: &str, given: Given, is_path: bool) -> Found {
        let at = At { place: Some(given.place), ..self.at(key) };
        Found { at, raw: given.raw, is_path }
    }

    /// The value itself, from the file that was given in its place.
    fn load(&self, found: Found) -> Result<(At, Raw), Problem> {
        let Found { at, raw, is_path } = found;
        if !is_path {
            return Ok((at, raw));
        }
        let Some(path) = raw.text().filter(|path| !path.is_empty()) else {
            let takes = "the path of a file".to_owned();
            return Err(Problem::Invalid { at, takes, why: None });
        };
        match self.sources.read_secret(Path::new(path)) {
            Ok(text) => Ok((at, Raw::Text(text))),
            Err(why) => Err(Problem::Unreadable { at, why }),
        }
    }

    /// Refuses what is given under the name of a table or list and is none.
    fn refuse_other(&mut self, name: &str, is_right: fn(&Raw) -> bool, takes: String) {
        if let Some(given) = self.file.remove(name)
            && !is_right(&given.raw)
        {
            let Found { at, .. } = self.found(name, given, false);
            self.refuse_key(name, Problem::Invalid { at, takes, why: None });
        }
    }

    fn refuse(&mut self, name: &str, problem: Problem) {
        self.refuse_key(&self.path(name), problem);
    }

    fn refuse_key(&mut self, key: &str, problem: Problem) {
        self.problems.push(problem);
        self.refused.insert(key.to_owned());
    }

    fn path(&self, name: &str) -> String {
        format!("{}{name}", self.section)
    }

    fn has_variables(&self) -> bool {
        self.object.is_empty()
    }

    fn is_known(&self, key: &str) -> bool {
        self.docs.iter().any(|doc| doc.key.strip_prefix(&self.object) == Some(key))
    }

    fn at(&self, key: &str) -> At {
        let variable = if self.has_variables() { variable(key) } else { String::new() };
        At { key: format!("{}{key}", self.object), variable, place: self.begins }
    }
}

fn parse<K: Kind>(kind: &K, at: At, raw: &Raw) -> Result<K::Value, Problem> {
    kind.parse(raw).map_err(|refused| Problem::Invalid { at, takes: kind.takes(), why: refused.0 })
}
