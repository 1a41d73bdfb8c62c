//! Refreshes against each other.

use chancery::protocol::audit::AuditKind;

use super::{refresh_all, two_nodes};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_refreshes_of_one_token_on_two_nodes_give_one_child() {
    // C095
    let Some(nodes) = two_nodes().await else { return };
    let mut raw = nodes[0].raw().await;
    let login = nodes[0].login().await;
    let row = raw.row_of(&login.access);
    let mut token = login.refresh;
    for generation in 1..=3 {
        let replies = refresh_all(&nodes, &[token.as_str(); 50]).join_all().await;
        let mut children: Vec<String> =
            replies.iter().map(|reply| reply.tokens().refresh).collect();
        children.dedup();
        assert_eq!(children.len(), 1, "one child for all");
        token = children.remove(0);
        let stored = format!(
            "SELECT COUNT(*) FROM session WHERE {row} AND generation = {generation} \
             AND LENGTH(leaf_hashes) = 32 AND ended_reason IS NULL"
        );
        assert_eq!(raw.number(&stored).await, 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parallel_late_retries_on_two_nodes_share_one_sibling() {
    let Some(nodes) = two_nodes().await else { return };
    let first = nodes[0].login().await;
    let lost = nodes[0].refresh(&first.refresh).await.tokens().refresh;
    for round in 2..=4 {
        nodes[0].advance(31);
        let replies = refresh_all(&nodes, &[first.refresh.as_str(); 20]).join_all().await;
        let mut siblings: Vec<String> =
            replies.iter().map(|reply| reply.tokens().refresh).collect();
        siblings.dedup();
        assert_eq!(siblings.len(), 1, "leaf number {round}");
    }
    assert_eq!(nodes[0].events(AuditKind::RefreshRisk).await, 0);
    nodes[1].refresh(&lost).await.tokens();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_siblings_presented_at_once_one_wins_and_the_session_ends() {
    for round in 0..8 {
        let Some(nodes) = two_nodes().await else { return };
        let first = nodes[0].login().await;
        let one = nodes[0].refresh(&first.refresh).await.tokens().refresh;
        nodes[0].advance(31);
        let other = nodes[0].refresh(&first.refresh).await.tokens().refresh;
        let pair = if round % 2 == 0 { [&one, &other] } else { [&other, &one] };
        let replies = refresh_all(&nodes, &pair.map(String::as_str)).join_all().await;
        let won: Vec<&_> = replies.iter().filter(|reply| reply.status.is_success()).collect();
        assert_eq!(won.len(), 1, "{replies:?}");
        // The loser reads again and must not decide by that; but the next time he comes.
        let refused = replies.iter().find(|reply| !reply.status.is_success()).unwrap();
        assert!([400, 503].contains(&refused.status.as_u16()), "{refused:?}");
        for token in [&one, &other] {
            nodes[0].refresh(token).await;
        }
        nodes[1].refresh(&won[0].tokens().refresh).await.assert_invalid_grant();
        assert_eq!(nodes[0].events(AuditKind::RefreshReuse).await, 1);
    }
}
