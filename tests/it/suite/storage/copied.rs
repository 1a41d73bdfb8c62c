//! What a sign-in leaves behind goes to the other database as it is.

use chancery::storage::Store;
use chancery::storage::ops::browser_sessions::BrowserSessions;
use chancery::storage::ops::copy::{ExportRows, Row, Table};

use super::{BACKEND, Given};

async fn rows(store: &Store, table: Table) -> Vec<Row> {
    store.read(ExportRows { table, after: None, limit: 100 }).await.unwrap()
}

#[tokio::test]
async fn browser_sessions_codes_consents_and_notices_are_copied() {
    let Some(given) = Given::start().await else { return };
    let anna = given.stored_user("anna").await;
    given.listen().await;
    let [ended, browser] = [given.stored_browser(&anna).await, given.stored_browser(&anna).await];
    given.under(&ended, false).await;
    given.ended(BrowserSessions::One(ended.id)).await;
    let [code, _] =
        [given.stored_code(&anna, &browser).await, given.stored_code(&anna, &browser).await];
    given.exchange(&code, &given.given_by(&code, &anna, true)).await;
    for client in ["chancery-admin", "demo"] {
        given.save(&given.consent(&anna, client, "openid"), &anna).await;
    }
    let Some(copy) = given.0.copied_to(BACKEND.other()).await else { return };
    for (table, count) in [
        (Table::BrowserSessions, 2),
        (Table::Codes, 2),
        (Table::Consents, 2),
        (Table::LogoutNotices, 1),
        (Table::Sessions, 2),
    ] {
        let here = rows(given.store(), table).await;
        assert_eq!(here.len(), count, "{table:?}");
        assert!(rows(&copy.server.store, table).await == here, "{table:?}");
    }
}
