//! The databases of the tests keep apart, start migrated, and can be taken away.

use sqlx::{Connection as _, PgConnection};

use tokio::sync::OnceCell;

use super::{OwnCluster, Skip, TestDatabase, copy_of, empty_database, skip_or_fail};

#[tokio::test]
async fn each_database_starts_from_the_template_and_keeps_apart() {
    let (one, other) = match (migrated().await, migrated().await) {
        (Ok(one), Ok(other)) => (one, other),
        (Err(skip), _) | (_, Err(skip)) => {
            return skip_or_fail(
                "each_database_starts_from_the_template_and_keeps_apart",
                &skip.reason,
            );
        }
    };
    assert_ne!(one.url(), other.url());
    run(one.url(), "INSERT INTO pear VALUES (1)").await.unwrap();
    assert_eq!(pears(one.url()).await, 1);
    assert_eq!(pears(other.url()).await, 0);
}

#[tokio::test]
async fn a_template_is_made_once_for_all_runtimes_of_the_process() {
    static TEMPLATE: OnceCell<String> = OnceCell::const_new();
    if let Err(skip) = copy_of(&TEMPLATE, async |url: &str| run(url, MIGRATION).await).await {
        return skip_or_fail(
            "a_template_is_made_once_for_all_runtimes_of_the_process",
            &skip.reason,
        );
    }
    let later = std::thread::spawn(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        // Were this run, it would panic.
        let again = async |_: &str| Err("migrated twice");
        runtime.block_on(async { copy_of(&TEMPLATE, again).await.map(drop) })
    });
    later.join().unwrap().unwrap();
}

#[tokio::test]
async fn an_empty_database_has_no_tables() {
    let empty = match empty_database() {
        Ok(empty) => empty,
        Err(skip) => return skip_or_fail("an_empty_database_has_no_tables", &skip.reason),
    };
    run(empty.url(), MIGRATION).await.unwrap();
}

#[tokio::test]
async fn a_cluster_of_ones_own_dies_and_comes_back_with_what_was_committed() {
    let cluster = match OwnCluster::start().await {
        Ok(cluster) => cluster,
        Err(skip) => {
            return skip_or_fail(
                "a_cluster_of_ones_own_dies_and_comes_back_with_what_was_committed",
                &skip.reason,
            );
        }
    };
    run(cluster.url(), MIGRATION).await.unwrap();
    let mut open = PgConnection::connect(cluster.url()).await.unwrap();
    sqlx::raw_sql("INSERT INTO pear VALUES (1)").execute(&mut open).await.unwrap();

    cluster.stop_immediate().await;
    assert!(open.ping().await.is_err(), "open connections are cut");
    assert!(PgConnection::connect(cluster.url()).await.is_err());

    cluster.restart().await;
    assert_eq!(pears(cluster.url()).await, 1);
}

const MIGRATION: &str = "CREATE TABLE pear (id BIGINT PRIMARY KEY)";

async fn migrated() -> Result<TestDatabase, Skip> {
    static TEMPLATE: OnceCell<String> = OnceCell::const_new();
    copy_of(&TEMPLATE, async |url: &str| run(url, MIGRATION).await).await
}

async fn run(url: &str, sql: &'static str) -> sqlx::Result<()> {
    let mut connection = PgConnection::connect(url).await?;
    sqlx::raw_sql(sql).execute(&mut connection).await?;
    connection.close().await
}

async fn pears(url: &str) -> i64 {
    let mut connection = PgConnection::connect(url).await.unwrap();
    sqlx::query_scalar("SELECT count(*) FROM pear").fetch_one(&mut connection).await.unwrap()
}
