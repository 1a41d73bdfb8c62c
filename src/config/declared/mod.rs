//! The users, clients and resources that the configuration file declares, as typed values. Must
//! not compare them with what is stored.

mod client;
mod origin;
mod resource;
mod user;

use std::collections::BTreeSet;
use std::time::Duration;

use crate::protocol::uri::Issuer;

use super::describe::KeyDoc;
use super::document::Object;
use super::input::Input;
use super::passwords::Passwords;
use super::section::{Section, Shown};

pub use client::DeclaredClient;
pub use resource::DeclaredResource;
pub use user::{DeclaredPassword, DeclaredUser};

/// Everything that is declared, in the order of the file.
#[derive(Default)]
pub struct Declared {
    /// `[[users]]`; no two names have the same canonical form.
    pub users: Vec<DeclaredUser>,
    /// `[[clients]]`; no two ids are the same.
    pub clients: Vec<DeclaredClient>,
    /// `[[resources]]`; no two URIs are the same, and none is one that the issuer has by itself.
    pub resources: Vec<DeclaredResource>,
}

/// The names of the lists.
pub(super) const LISTS: [&str; 3] = ["users", "clients", "resources"];

/// The settings that declared objects must fit.
pub(super) struct Context<'a> {
    pub(super) issuer: &'a Issuer,
    pub(super) passwords: &'a Passwords,
    /// `None` where it has a problem of its own.
    pub(super) max_token_life: Option<Duration>,
}

/// An object that can be declared.
trait Declare: Sized {
    /// The list it stands in.
    const LIST: &'static str;
    /// The member that names it.
    const NAME: &'static str;

    /// Reads its members; `None` where it could not be made of them, which `input` knows.
    fn read(input: &mut Input<'_>, context: &Context<'_>) -> Option<Self>;

    /// What no two objects may share.
    fn identity(&self) -> String;

    /// The name of what `text` names, if it may stand in messages.
    fn label(text: &str) -> Option<String>;
}

impl Declared {
    /// Reads every list.
    pub(super) fn read(input: &mut Input<'_>, context: &Context<'_>) -> Self {
        Self {
            users: read_list(input, context),
            clients: read_list(input, context),
            resources: read_list(input, context),
        }
    }
}

impl Section for Declared {
    fn show(&self, _: &str, out: &mut Vec<Shown>) {
        let users = self.users.iter().map(|user| user.name.as_str());
        let clients = self.clients.iter().map(|client| client.id.as_str());
        let resources = self.resources.iter().map(|resource| resource.uri.as_str());
        let lists =
            [users.collect::<Vec<_>>(), clients.collect::<Vec<_>>(), resources.collect::<Vec<_>>()];
        for (list, names) in LISTS.into_iter().zip(lists) {
            let (text, value) = (names.join(", "), names.into());
            out.push(Shown { key: list.to_owned(), text, value });
        }
    }
}

/// What the members mean.
pub(super) fn describe(input: &Input<'_>) -> Vec<KeyDoc> {
    let members = |list: &str, read: fn(&mut Input<'_>)| {
        let mut object = input.of_object(&format!("{list}[]"), Object::default());
        read(&mut object);
        object.into_docs()
    };
    let [users, clients, resources] = LISTS;
    let mut docs = members(users, |input| drop(user::Members::read(input)));
    docs.extend(members(clients, |input| drop(client::Members::read(input))));
    docs.extend(members(resources, |input| drop(resource::Members::read(input))));
    docs
}

fn read_list<T: Declare>(input: &mut Input<'_>, context: &Context<'_>) -> Vec<T> {
    let mut list = Vec::new();
    let mut seen = BTreeSet::new();
    for (position, object) in input.take_objects(T::LIST).into_iter().enumerate() {
        let mut members = input.of_object(&name::<T>(position, &object), object);
        if let Some(declared) = T::read(&mut members, context) {
            let is_new = seen.insert(declared.identity());
            members.require(is_new, &[T::NAME], "is declared twice");
            list.push(declared);
        }
        input.absorb(members);
    }
    list
}

/// What messages call the object: by its own name, or where that is none, by its position.
fn name<T: Declare>(position: usize, object: &Object) -> String {
    let text = object.members.get(T::NAME).and_then(|given| given.raw.text());
    let label = text.and_then(T::label).unwrap_or_else(|| format!("#{}", position + 1));
    format!("{}[{label}]", T::LIST)
}
