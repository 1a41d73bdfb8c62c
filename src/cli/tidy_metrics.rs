//! Keeping what the metrics take of memory small.

use std::time::Duration;

use metrics_exporter_prometheus::PrometheusHandle;
use tokio::task::JoinSet;

use crate::env::World;

/// Adds up now and then what histograms have noted. Until then each observation waits in memory, and
/// where nobody asks for the metrics they would wait for ever. Dropping what is given back ends it.
pub(super) fn tidy_metrics(metrics: &PrometheusHandle, world: &World) -> JoinSet<()> {
    let (metrics, clock) = (metrics.clone(), world.clock.clone());
    let mut task = JoinSet::new();
    task.spawn(async move {
        loop {
            clock.sleep(EVERY).await;
            metrics.run_upkeep();
        }
    });
    task
}

const EVERY: Duration = Duration::from_secs(1);
