//! What a configuration is read from, while it is read: hands out the value of each key once,
//! remembers what the key means, and what was wrong. Must not know any key.

mod lookup;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::mem;

use super::describe::KeyDoc;
use super::document::{Document, Object};
use super::environment::{self, variable};
use super::given::{Given, Place, Raw};
use super::kind::Kind;
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

    /// Refuses what is given under the name of a table or list and is none.
    fn refuse_other(&mut self, name: &str, is_right: fn(&Raw) -> bool, takes: String) {
        if let Some(given) = self.file.remove(name)
            && !is_right(&given.raw)
        {
            let at = At { place: Some(given.place), ..self.at(name) };
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
