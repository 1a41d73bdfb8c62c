//! `chancery feed`.

use clap::Args;

use super::Failure;
use super::context::{Context, Keys, every};
use crate::flows::admin::views::Feed;
use crate::flows::server::Server;
use crate::flows::subscribers;
use crate::protocol::revocation::FeedPosition;
use crate::protocol::subscriber::Subscriber;

/// Which APIs follow the feed of revocations, how far they have come, and since when they obey one
/// revocation.
#[derive(Args)]
pub(super) struct Arguments {
    /// The epoch of the revocation, as the answer that made it named it.
    #[arg(long, requires = "seq")]
    epoch: Option<i64>,
    /// Its number.
    #[arg(long, requires = "epoch")]
    seq: Option<i64>,
}

pub(super) async fn run(arguments: &Arguments, context: &Context<'_>) -> Result<(), Failure> {
    let list = async |server: &Server| {
        let page = async |after, limit| subscribers::list(server, (after, limit)).await;
        let all = every(page, Subscriber::key).await?;
        // Read afterwards, so that nobody is shown ahead of the log.
        Ok((all, subscribers::head(server).await?))
    };
    let (all, head) = context.with_server(Keys::Opened, list).await?;
    let asked = arguments.epoch.zip(arguments.seq);
    let asked = asked.map(|(epoch, seq)| FeedPosition { epoch, seq });
    let mut columns = vec!["subscriber", "client_id", "via", "behind", "reported_at"];
    if asked.is_some() {
        columns.extend(["obeys", "obeys_since"]);
    }
    context.output.table(&Feed::of((&all, head), asked, None), &columns)
}
