//! Users: what each change ends, refuses and writes down.

use chancery::protocol::audit::AuditKind;
use chancery::protocol::profile::{ClaimChange, Profile};
use chancery::protocol::revocation::Kind;
use chancery::protocol::session::{EndReason, SessionStatus};
use chancery::protocol::user::{Roles, StoredHash, User, UserStatus};
use chancery::storage::StorageError;
use chancery::storage::ops::Swap;
use chancery::storage::ops::sessions::FindSession;
use chancery::storage::ops::users::{
    ChangeUser, ChangedUser, FindUser, ListUsers, Rehash, Unchanged, UserChange,
};

use super::Given;

impl Given {
    fn change_of(&self, id: chancery::protocol::ids::UserId, change: UserChange) -> ChangeUser {
        let audit = self.event(AuditKind::UserRoles);
        ChangeUser {
            id,
            change,
            spares: Roles::default(),
            declared: false,
            revoking: self.revoking(),
            audit,
        }
    }

    async fn found_user(&self, id: chancery::protocol::ids::UserId) -> User {
        self.store().read(FindUser::Id(id)).await.unwrap().unwrap()
    }

    async fn changed(
        &self,
        id: chancery::protocol::ids::UserId,
        change: UserChange,
    ) -> Option<ChangedUser> {
        self.store().write(self.change_of(id, change)).await.unwrap().ok()
    }
}

#[tokio::test]
async fn what_ends_sessions_raises_the_version_and_what_refuses_tokens_sets_the_not_before() {
    let Some(given) = Given::start().await else { return };
    let roles = Roles::parse("clerk").unwrap();
    for (index, (change, ends)) in [
        (UserChange::Disable, true),
        (UserChange::Delete, true),
        (UserChange::Password(StoredHash::new("new".to_owned())), true),
        (UserChange::LogoutEverywhere, true),
        (UserChange::Roles(roles), false),
        (UserChange::RevokeTokens, false),
    ]
    .into_iter()
    .enumerate()
    {
        let user = given.stored_user(&format!("user-{index}")).await;
        let session = given.stored_session(&user).await;
        let before = given.traces().await;
        let changed = given.changed(user.id, change).await.unwrap();
        assert_eq!(given.traces().await, (before.0 + 1, before.1 + 1, before.2), "{index}");
        let entry = given.0.log().await.pop().unwrap().entry;
        let status = given.status(&session).await;
        if ends {
            assert_eq!(changed.ended.sessions, [session.id]);
            assert_eq!(changed.user.version, user.version + 1);
            assert!(changed.user.not_before.is_none());
            assert_eq!(entry.kind, Kind::Session);
            assert_ne!(status, SessionStatus::Active);
        } else {
            assert!(changed.ended.sessions.is_empty());
            assert_eq!(changed.user.version, user.version);
            assert!(changed.user.not_before.is_some());
            assert_eq!((entry.kind, entry.not_before), (Kind::Subject, changed.user.not_before));
            assert_eq!(status, SessionStatus::Active);
        }
    }
}

#[tokio::test]
async fn what_is_known_of_a_user_changes_without_ending_anything() {
    let Some(given) = Given::start().await else { return };
    let user = given.stored_user("ada").await;
    let session = given.stored_session(&user).await;
    let before = given.traces().await;
    let claims = ["name=Ada", "email=ada@example.com", "address.country=UK"];
    let claims = claims.map(|claim| ClaimChange::parse(claim).unwrap());
    let profile = Profile::default().with(claims).unwrap();
    let change = UserChange::Profile(profile.clone());
    let changed = given.changed(user.id, change).await.unwrap();
    assert!(changed.feed.is_none() && changed.ended.sessions.is_empty());
    assert_eq!((changed.user.version, changed.user.not_before), (user.version, None));
    let after = given.traces().await;
    assert_eq!(after, (before.0, before.1 + 1, before.2), "one row of the audit log alone");
    assert_eq!(given.status(&session).await, SessionStatus::Active);
    let found = given.store().read(FindUser::Id(user.id)).await.unwrap().unwrap();
    assert_eq!(found.profile, profile);
    let found = given.store().read(FindSession(session.id)).await.unwrap().unwrap();
    assert_eq!(found.user.unwrap().profile, profile);
}

#[tokio::test]
async fn a_change_is_stored_and_one_of_nobody_is_none() {
    let Some(given) = Given::start().await else { return };
    let anna = given.stored_user("Anna").await;
    given.changed(anna.id, UserChange::Roles(Roles::parse("a b").unwrap())).await.unwrap();
    given.changed(anna.id, UserChange::Disable).await.unwrap();
    let found = given.store().read(FindUser::Named("anna".to_owned())).await.unwrap().unwrap();
    assert_eq!(found.name.as_str(), "Anna");
    assert_eq!(found.roles, Roles::parse("a b").unwrap());
    assert_eq!(found.status, UserStatus::Disabled);
    assert_eq!(found.not_before, Some(given.now() + std::time::Duration::from_secs(2)));
    let enabled = given.changed(anna.id, UserChange::Enable).await.unwrap();
    assert_eq!(enabled.user.version, found.version, "enabling ends nothing");
    given.changed(anna.id, UserChange::Delete).await.unwrap();
    let before = given.traces().await;
    assert!(given.changed(anna.id, UserChange::Enable).await.is_none());
    assert!(given.store().read(FindUser::Id(anna.id)).await.unwrap().is_none());
    assert_eq!(given.traces().await, before);
}

#[tokio::test]
async fn a_change_whose_event_cannot_be_written_has_not_happened() {
    // C132
    let Some(given) = Given::start().await else { return };
    let anna = given.stored_user("anna").await;
    let session = given.stored_session(&anna).await;
    let mut change = given.change_of(anna.id, UserChange::Disable);
    change.audit = given.impossible_event().await;
    let before = given.traces().await;
    let refused = given.store().write(change).await.err();
    assert!(matches!(refused, Some(StorageError::Conflict)), "{refused:?}");
    assert_eq!(given.traces().await, before);
    let found = given.store().read(FindUser::Id(anna.id)).await.unwrap().unwrap();
    assert_eq!((found.status, found.version), (UserStatus::Active, anna.version));
    assert_eq!(given.status(&session).await, SessionStatus::Active);
}

#[tokio::test]
async fn a_better_hash_replaces_only_the_one_that_was_verified() {
    let Some(given) = Given::start().await else { return };
    let anna = given.stored_user("anna").await;
    let rehash = |old: &str, new: &str| Rehash {
        id: anna.id,
        old: StoredHash::new(old.to_owned()),
        new: StoredHash::new(new.to_owned()),
    };
    let before = given.traces().await;
    assert_eq!(given.store().write(rehash("another", "x")).await.unwrap(), Swap::Lost);
    assert_eq!(given.store().write(rehash("a hash", "better")).await.unwrap(), Swap::Won);
    assert_eq!(given.store().write(rehash("a hash", "late")).await.unwrap(), Swap::Lost);
    let found = given.store().read(FindUser::Id(anna.id)).await.unwrap().unwrap();
    assert_eq!(found.password_hash.unwrap().as_str(), "better");
    assert_eq!(found.version, anna.version, "the same password: no session ends");
    assert_eq!(given.traces().await, before);
}

#[tokio::test]
async fn users_are_listed_in_pages_in_the_order_of_their_making() {
    let Some(given) = Given::start().await else { return };
    let mut expected = vec!["admin".to_owned()];
    for index in 0..7 {
        given.0.advance(1);
        expected.push(given.stored_user(&format!("user-{index}")).await.name.as_str().to_owned());
    }
    let (mut listed, mut after) = (Vec::new(), None);
    loop {
        let page = given.store().read(ListUsers { after, limit: 3 }).await.unwrap();
        let Some(end) = page.last() else { break };
        after = Some(end.id);
        listed.extend(page.iter().map(|user| user.name.as_str().to_owned()));
    }
    assert_eq!(listed, expected);
}

#[tokio::test]
async fn his_own_password_is_changed_only_while_he_is_what_he_was_when_he_proved_it() {
    let Some(given) = Given::start().await else { return };
    let anna = given.stored_user("anna").await;
    let own = |version| UserChange::OwnPassword(StoredHash::new("new".to_owned()), version);
    let attempt = async |version| {
        let change = given.change_of(anna.id, own(version));
        given.store().write(change).await.unwrap().map(|changed| changed.user.version)
    };
    // An administrator has given her another one while the old one was being compared.
    let reset = UserChange::Password(StoredHash::new("reset".to_owned()));
    given.changed(anna.id, reset).await.unwrap();
    let before = given.traces().await;
    assert_eq!(attempt(anna.version).await, Err(Unchanged::Meanwhile));
    assert_eq!(given.traces().await, before);
    let session = given.stored_session(&given.found_user(anna.id).await).await;
    assert_eq!(attempt(anna.version + 1).await, Ok(anna.version + 2));
    assert_eq!(given.status(&session).await, SessionStatus::Ended(EndReason::PasswordChanged));
    given.changed(anna.id, UserChange::Disable).await.unwrap();
    assert_eq!(attempt(anna.version + 3).await, Err(Unchanged::Meanwhile));
}
