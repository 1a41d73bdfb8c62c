//! Two nodes on one database: keys, and how far a revocation reaches.

use super::{assert_dead, two_nodes};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_nodes_that_keep_the_keys_at_once_leave_one_active_and_one_announced_per_place() {
    // C133
    let Some(nodes) = two_nodes().await else { return };
    let mut raw = nodes[0].raw().await;
    // Past the life of a signing key, and once more past the removal of the retired ones.
    for wait in [91 * 86_400, 2 * 86_400] {
        nodes[0].advance(wait);
        for _ in 0..2 {
            let (one, two) =
                tokio::join!(nodes[0].server.maintain_keys(), nodes[1].server.maintain_keys());
            one.unwrap();
            two.unwrap();
        }
        for state in ["active", "announced"] {
            for (table, place, places) in
                [("signing_key", "usage || algorithm", 4), ("token_key", "state", 1)]
            {
                let count = |what: &str| {
                    format!("SELECT COUNT({what}) FROM {table} WHERE state = '{state}'")
                };
                let distinct = count(&format!("DISTINCT {place}"));
                assert_eq!(raw.number(&count("*")).await, places, "{state} in {table}");
                assert_eq!(raw.number(&distinct).await, places, "{state} in {table}");
            }
        }
        for (signer, verifier) in [(0, 1), (1, 0)] {
            let tokens = nodes[signer].login().await;
            assert!(nodes[verifier].is_active(&tokens.access).await);
            nodes[verifier].refresh(&tokens.refresh).await.tokens();
        }
        for node in &nodes {
            node.server.memory.refresh().await.unwrap();
        }
        let jwks = nodes[0].get("/.well-known/jwks.json").await;
        assert_eq!(jwks.json(), nodes[1].get("/.well-known/jwks.json").await.json());
    }
}

#[tokio::test]
async fn a_revocation_reaches_the_other_node_at_once_by_refresh_and_within_the_lease_by_access() {
    let Some(nodes) = two_nodes().await else { return };
    let tokens = nodes[0].login().await;
    assert!(nodes[1].is_active(&tokens.access).await);
    nodes[0].revoke(&tokens.refresh).await;
    assert!(!nodes[0].is_active(&tokens.access).await, "obeyed at once where it was made");
    nodes[1].refresh(&tokens.refresh).await.assert_invalid_grant();
    // A look, which the node takes every 250 ms by itself, is all that it needs.
    nodes[1].server.memory.refresh().await.unwrap();
    assert!(!nodes[1].is_active(&tokens.access).await);

    let tokens = nodes[0].login().await;
    assert!(nodes[1].is_active(&tokens.access).await);
    nodes[0].revoke(&tokens.refresh).await;
    // Without any look of its own the lease runs out after a second.
    nodes[1].advance(1);
    assert!(!nodes[1].is_active(&tokens.access).await);
    assert_dead(&nodes, &[tokens], "revoked").await;
}
