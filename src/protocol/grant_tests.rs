//! Who is granted what.

use super::*;
use crate::protocol::client::{ClientCredentials, ClientId, ClientSettings, ClientStatus};
use crate::protocol::error::ErrorCode;
use crate::protocol::ids::{ClientKey, ResourceId};
use crate::protocol::resource::{ResourceSettings, RoleScope, built_in};
use crate::protocol::time::Timestamp;

const ORDERS: &str = "https://orders.example";
const BILLING: &str = "https://billing.example";

struct House {
    issuer: Issuer,
    resources: Vec<Resource>,
    client: Client,
}

fn resource(uri: &str, scope: &str, bound: &[&str]) -> Resource {
    Resource {
        id: ResourceId::from_bytes([1; 16]),
        uri: ResourceUri::parse(uri).unwrap(),
        settings: ResourceSettings {
            scope: ScopeSet::parse(scope).unwrap(),
            role_scopes: bound.iter().filter_map(|text| RoleScope::parse(text)).collect(),
            scope_texts: Vec::new(),
            ..ResourceSettings::named("")
        },
        enabled: true,
        managed: false,
        version: 1,
        created_at: Timestamp::from_millis(0),
        updated_at: Timestamp::from_millis(0),
    }
}

fn house(scope: &str, resources: &[&str]) -> House {
    let issuer = Issuer::parse("https://as.example").unwrap();
    let mut known = built_in(&issuer).to_vec();
    known.push(resource(ORDERS, "read write", &["editor=write"]));
    known.push(resource(BILLING, "pay", &[]));
    let client = Client {
        key: ClientKey::from_bytes([1; 16]),
        id: ClientId::parse("app").unwrap(),
        credentials: ClientCredentials::Public,
        settings: ClientSettings {
            first_party: true,
            scope: ScopeSet::parse(scope).unwrap(),
            resources: resources.iter().map(|uri| ResourceUri::parse(uri).unwrap()).collect(),
            ..ClientSettings::named("")
        },
        logo: None,
        status: ClientStatus::Active,
        managed: false,
        not_before: None,
        version: 1,
        created_at: Timestamp::from_millis(0),
        updated_at: Timestamp::from_millis(0),
    };
    House { issuer, resources: known, client }
}

impl House {
    fn rules<'a>(
        &'a self,
        roles: Option<&'a Roles>,
    ) -> Granting<'a, impl Fn(&ResourceUri) -> Option<&'a Resource>> {
        let find = |uri: &ResourceUri| self.resources.iter().find(|one| one.uri == *uri);
        Granting { issuer: &self.issuer, client: &self.client, roles, find }
    }
}

fn ask(scope: Option<&str>, resources: &[&str]) -> Requested {
    Requested::parse(scope, resources.iter().copied()).unwrap()
}

fn roles(text: &str) -> Roles {
    Roles::parse(text).unwrap()
}

#[test]
fn without_a_request_the_default_resource_and_the_permitted_scopes_are_granted() {
    let house = house("read write pay", &[ORDERS, BILLING]);
    let reader = roles("reader");
    let grant = house.rules(Some(&reader)).session(&ask(None, &[])).unwrap();
    assert_eq!(grant.scope.to_string(), "read");
    assert_eq!(grant.resources[0].as_str(), ORDERS);
}

#[test]
fn a_role_opens_its_scope_and_its_loss_shows_in_the_next_token() {
    let house = house("read write", &[ORDERS]);
    let (editor, nobody) = (roles("editor"), roles(""));
    let grant = house.rules(Some(&editor)).session(&ask(Some("read write"), &[])).unwrap();
    assert_eq!(grant.scope.to_string(), "read write");
    let token = house.rules(Some(&nobody)).token(&grant, &ask(None, &[])).unwrap();
    assert_eq!(token.scope.to_string(), "read");
    let refused = house.rules(Some(&nobody)).token(&grant, &ask(Some("write"), &[])).unwrap_err();
    assert_eq!(refused.code, ErrorCode::InvalidScope);
}

#[test]
fn an_ordinary_user_gets_no_admin_scope_through_the_admin_client() {
    let house = house("admin:users admin:keys", &["https://as.example/admin"]);
    let (user, admin) = (roles("support"), roles("admin"));
    for scope in [None, Some("admin:users")] {
        let refused = house.rules(Some(&user)).session(&ask(scope, &[])).unwrap_err();
        assert_eq!(refused.code, ErrorCode::InvalidScope);
    }
    let grant = house.rules(Some(&admin)).session(&ask(None, &[])).unwrap();
    assert_eq!(grant.scope.to_string(), "admin:users admin:keys");
}

#[test]
fn scopes_beyond_the_registration_or_the_resource_are_refused() {
    // C090
    let house = house("read pay", &[ORDERS, BILLING]);
    let user = roles("");
    for scope in ["write", "unknown", "read unknown", "pay"] {
        let refused = house.rules(Some(&user)).session(&ask(Some(scope), &[ORDERS])).unwrap_err();
        assert_eq!(refused.code, ErrorCode::InvalidScope, "{scope}");
    }
}

#[test]
fn a_token_is_for_one_resource_of_the_grant() {
    let house = house("read pay", &[ORDERS, BILLING]);
    let user = roles("");
    let rules = house.rules(Some(&user));
    let grant = rules.session(&ask(None, &[ORDERS, BILLING])).unwrap();
    let pay = rules.token(&grant, &ask(None, &[BILLING])).unwrap();
    assert_eq!((pay.scope.to_string().as_str(), pay.resource.uri.as_str()), ("pay", BILLING));
    let both = rules.token(&grant, &ask(None, &[ORDERS, BILLING])).unwrap_err();
    assert_eq!(both.code, ErrorCode::InvalidTarget);
    let narrow = rules.session(&ask(None, &[ORDERS])).unwrap();
    let outside = rules.token(&narrow, &ask(None, &[BILLING])).unwrap_err();
    assert_eq!(outside.code, ErrorCode::InvalidTarget);
}

#[test]
fn without_a_resource_a_token_is_for_the_first_that_knows_a_scope_of_it() {
    let house = house("read pay", &[ORDERS, BILLING]);
    let user = roles("");
    let rules = house.rules(Some(&user));
    let uri = |grant: &Grant, scope| {
        rules.token(grant, &ask(scope, &[])).map(|token| token.resource.uri.as_str())
    };
    let pay = rules.session(&ask(Some("pay"), &[ORDERS, BILLING])).unwrap();
    assert_eq!(uri(&pay, None), Ok(BILLING));
    let both = rules.session(&ask(None, &[ORDERS, BILLING])).unwrap();
    assert_eq!((uri(&both, None), uri(&both, Some("pay"))), (Ok(ORDERS), Ok(BILLING)));
}

#[test]
fn a_client_by_itself_is_bound_by_its_registration_and_not_by_roles() {
    let house = house("write openid", &[ORDERS]);
    let grant = house.rules(None).session(&ask(None, &[])).unwrap();
    assert_eq!(grant.scope.to_string(), "write");
    let refused = house.rules(None).session(&ask(Some("openid"), &[])).unwrap_err();
    assert_eq!(refused.code, ErrorCode::InvalidScope);
    let own = house.rules(None).session(&ask(None, &["https://as.example"])).unwrap_err();
    assert_eq!(own.code, ErrorCode::InvalidTarget);
}

#[test]
fn openid_makes_the_issuer_an_audience() {
    let with_api = house("read openid", &[ORDERS]);
    let user = roles("");
    let grant = with_api.rules(Some(&user)).session(&ask(None, &[])).unwrap();
    let token = with_api.rules(Some(&user)).token(&grant, &ask(None, &[])).unwrap();
    assert!(token.for_issuer);
    let alone = house("openid", &[]);
    let grant = alone.rules(Some(&user)).session(&ask(None, &[])).unwrap();
    let token = alone.rules(Some(&user)).token(&grant, &ask(None, &[])).unwrap();
    assert_eq!((token.resource.uri.as_str(), token.for_issuer), ("https://as.example", false));
}

#[test]
fn a_client_without_any_resource_has_no_audience_to_ask_for() {
    let house = house("read", &[]);
    let user = roles("");
    let refused = house.rules(Some(&user)).session(&ask(None, &[])).unwrap_err();
    assert_eq!(refused.code, ErrorCode::InvalidTarget);
}

#[test]
fn claims_need_no_resource_but_a_user_and_the_registration() {
    let house = house("openid profile email write offline_access", &[ORDERS]);
    let user = roles("");
    let granted = |scope: &str| {
        let grant = house.rules(Some(&user)).session(&ask(Some(scope), &[])).unwrap();
        let token = house.rules(Some(&user)).token(&grant, &ask(None, &[])).unwrap();
        (grant.scope.to_string(), token.scope.to_string())
    };
    let all = "openid profile email offline_access".to_owned();
    assert_eq!(granted(&all), (all.clone(), all));
    for (roles, scope) in [(Some(&user), "openid phone"), (None, "email"), (None, "write email")] {
        let refused = house.rules(roles).session(&ask(Some(scope), &[])).unwrap_err();
        assert_eq!(refused.code, ErrorCode::InvalidScope, "{scope}");
    }
    let grant = house.rules(None).session(&ask(None, &[])).unwrap();
    assert_eq!(grant.scope.to_string(), "write");
}

#[test]
fn a_resource_keeps_its_own_scope_of_the_name_of_a_claim_for_its_roles() {
    let mut house = house("openid email", &[ORDERS]);
    house.resources.push(resource("urn:mail", "email", &["clerk=email"]));
    house.client.settings.resources.push(ResourceUri::parse("urn:mail").unwrap());
    let granted = |role: &str, resource: &str| {
        let roles = roles(role);
        let grant = house.rules(Some(&roles)).session(&ask(None, &[resource])).unwrap();
        grant.scope.to_string()
    };
    assert_eq!(granted("", ORDERS), "openid email");
    assert_eq!(granted("", "urn:mail"), "openid");
    assert_eq!(granted("clerk", "urn:mail"), "openid email");
}
