//! Configuration as code: making clients, resources and users what the configuration file declares.
//! Must not import [`crate::config`]: what is declared comes in as the types here.
//!
//! What is declared is created or changed, and marked as managed. What is managed and declared no
//! longer is disabled and let go of, never deleted. A user whom somebody disabled by hand is never
//! enabled from here.

mod clients;
mod resources;
mod users;

use super::admin::By;
use super::error::FlowError;
use super::server::Server;
use crate::protocol::client::{ClientId, ClientSettings};
use crate::protocol::password::{Password, UserName};
use crate::protocol::profile::Profile;
use crate::protocol::reason::Reason;
use crate::protocol::resource::ResourceSettings;
use crate::protocol::secret::SecretHash;
use crate::protocol::uri::ResourceUri;
use crate::protocol::user::{Roles, StoredHash, UserStatus};
use crate::storage::ops::users::LoadManagedUsers;

/// Everything that is declared. No name stands twice in a list.
#[derive(Default)]
pub struct Declared {
    /// The users.
    pub users: Vec<DeclaredUser>,
    /// The clients.
    pub clients: Vec<DeclaredClient>,
    /// The resources.
    pub resources: Vec<DeclaredResource>,
}

/// A user as declared.
pub struct DeclaredUser {
    /// His name.
    pub name: UserName,
    /// His password; `None` leaves it as it is.
    pub password: Option<DeclaredPassword>,
    /// His roles.
    pub roles: Roles,
    /// What is known of him.
    pub profile: Profile,
    /// Whether he may log in.
    pub status: UserStatus,
}

/// A declared password.
pub enum DeclaredPassword {
    /// The password itself: whenever the user's password is another one, it is set again.
    Plain(Password),
    /// A hash made elsewhere, within the budget: it is set once. What the user's password becomes
    /// after that is not looked at, since a hash cannot be compared with a better one of the same
    /// password.
    Hash(StoredHash),
}

/// A client as declared.
pub struct DeclaredClient {
    /// Its id.
    pub id: ClientId,
    /// The hash of its secret; a public client has none.
    pub secret: Option<SecretHash>,
    /// What it may do.
    pub settings: ClientSettings,
}

/// A resource as declared.
pub struct DeclaredResource {
    /// Its name.
    pub uri: ResourceUri,
    /// What its tokens look like.
    pub settings: ResourceSettings,
}

/// One difference between what is declared and what is stored.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Change {
    /// `client`, `resource` or `user`.
    pub object: &'static str,
    /// Its id, URI or name.
    pub name: String,
    /// What makes it as declared.
    pub action: Action,
}

/// What makes an object as declared.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Action {
    /// It does not exist yet.
    Create,
    /// These settings differ. `managed` is one that was made by hand and is declared from now on.
    Change(Vec<&'static str>),
    /// It is declared no longer.
    Disable,
}

impl Change {
    /// Whether somebody has another password by it.
    pub fn sets_password(&self) -> bool {
        match &self.action {
            Action::Create => true,
            Action::Change(differences) => differences.contains(&users::PASSWORD),
            Action::Disable => false,
        }
    }
}

/// The differences, in the order in which they are carried out.
#[derive(Default)]
pub struct Plan<'d> {
    steps: Vec<(Change, Work<'d>)>,
    /// How many objects are as declared.
    pub unchanged: usize,
    notes: Vec<users::Note>,
}

/// What was done.
#[derive(Debug, Default, Eq, PartialEq)]
pub struct Applied {
    /// The changes made by this call.
    pub changes: Vec<Change>,
    /// How many objects were as declared already.
    pub unchanged: usize,
}

enum Work<'d> {
    Resource(resources::Work<'d>),
    Client(clients::Work<'d>),
    User(users::Work<'d>),
}

impl Declared {
    /// Whether nothing is declared.
    pub fn is_empty(&self) -> bool {
        self.users.is_empty() && self.clients.is_empty() && self.resources.is_empty()
    }
}

impl Plan<'_> {
    /// The differences.
    pub fn changes(&self) -> impl Iterator<Item = &Change> {
        self.steps.iter().map(|(change, _)| change)
    }
}

/// Compares what is declared with what is stored, and changes nothing.
pub async fn plan<'d>(server: &Server, declared: &'d Declared) -> Result<Plan<'d>, FlowError> {
    let mut plan = Plan::default();
    let resources = resources::look(server, &declared.resources).await?;
    let clients = clients::look(server, &declared.clients).await?;
    plan.add(resources::compare(&declared.resources, resources), Work::Resource);
    plan.add(clients::compare(&declared.clients, clients), Work::Client);
    for user in &declared.users {
        let (stored, password, note) = users::look(server, user).await?;
        plan.add(vec![users::compare(user, stored.as_ref(), password)], Work::User);
        plan.notes.extend(note);
    }
    let managed = server.store.read(LoadManagedUsers).await?;
    plan.add(users::undeclared(&declared.users, managed), Work::User);
    Ok(plan)
}

/// Makes everything as declared, and answers what had to be done for it. The same again does
/// nothing. Of two nodes that do it at once, one finds the other's work done.
pub async fn apply(server: &Server, declared: &Declared) -> Result<Applied, FlowError> {
    let mut applied = Applied::default();
    for _ in 0..ATTEMPTS {
        match carry_out(server, plan(server, declared).await?, &mut applied).await {
            // Somebody else was faster with this one: look again.
            Err(FlowError::Refused(refusal))
                if matches!(refusal.reason, Reason::Conflict | Reason::NotFound) => {}
            result => {
                // What another node was faster with counts here from now on, too.
                server.obey_now().await;
                return result.map(|()| applied);
            }
        }
    }
    Err(FlowError::conflict("what is declared is being changed by somebody else all the time"))
}

async fn carry_out(
    server: &Server,
    plan: Plan<'_>,
    applied: &mut Applied,
) -> Result<(), FlowError> {
    let by = By::configuration();
    for (change, work) in plan.steps {
        match work {
            Work::Resource(work) => resources::carry_out(server, &by, work).await?,
            Work::Client(work) => clients::carry_out(server, &by, work).await?,
            Work::User(work) => users::carry_out(server, &by, work).await?,
        }
        applied.changes.push(change);
    }
    for note in plan.notes {
        users::remember(server, note).await?;
    }
    applied.unchanged = plan.unchanged;
    Ok(())
}

impl<'d> Plan<'d> {
    fn add<W>(&mut self, compared: Vec<Option<(Change, W)>>, work: fn(W) -> Work<'d>) {
        for one in compared {
            match one {
                Some((change, of)) => self.steps.push((change, work(of))),
                None => self.unchanged += 1,
            }
        }
    }
}

const ATTEMPTS: u32 = 5;
