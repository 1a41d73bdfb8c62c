//! `chancery key reseal`.

use super::Failure;
use super::connect::connect;
use crate::config::Config;
use crate::flows::admin::{By, keys};

/// Seals every key under the current master key. Nodes that do not have it yet cannot open them
/// any more, so it comes after every node has both keys, and before the previous one is taken away.
pub(super) async fn reseal(config: &Config, json: bool) -> Result<(), Failure> {
    let server = connect(config).await?;
    // The master key is told to be wrong here, rather than as a fault of the server.
    let keeper = server.memory.keeper();
    let checked = keeper.check_master_key().await;
    let resealed = match checked {
        Ok(()) => keys::reseal(&server, &By::command_line()).await.map_err(Failure::from),
        Err(error) => Err(error.into()),
    };
    server.store.close().await;
    let resealed = resealed?;
    if json {
        let (keys, unchanged) = (resealed.keys, resealed.unchanged);
        println!("{}", serde_json::json!({"resealed": keys, "unchanged": unchanged}));
    } else {
        println!(
            "{} keys sealed anew, {} were sealed under the current master key already",
            resealed.keys, resealed.unchanged
        );
        if config.master_key_previous.is_some() {
            println!("the previous master key is not needed any more");
        }
    }
    Ok(())
}
