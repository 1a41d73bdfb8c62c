//! What this node is like at the moment, measured when somebody asks for the metrics.

use super::server::Server;
use crate::protocol::key::KeyState;

impl Server {
    /// Sets every gauge that has no event of its own.
    pub fn measure(&self) {
        if let Some(age) = self.memory.age() {
            metrics::gauge!("chancery_memory_age_seconds").set(age.as_secs_f64());
        }
        #[expect(clippy::cast_precision_loss, reason = "far fewer names than 2^52")]
        let known = self.memory.revocations().len() as f64;
        metrics::gauge!("chancery_revocations_known").set(known);
        self.measure_keys();
    }

    fn measure_keys(&self) {
        let Some(known) = self.memory.last_known() else {
            return;
        };
        let now = self.now();
        for key in known.ring.records().iter().filter(|key| key.life.state == KeyState::Active) {
            let labels = [("algorithm", key.algorithm.as_str()), ("use", key.usage.as_str())];
            let age = key.life.activated_at.map_or_else(Default::default, |since| now.since(since));
            metrics::gauge!("chancery_key_age_seconds", &labels).set(age.as_secs_f64());
        }
        let tags = known.ring.token_records().iter();
        for key in tags.filter(|key| key.life.state == KeyState::Active) {
            let labels = [("algorithm", "HS256"), ("use", "refresh_token")];
            let age = key.life.activated_at.map_or_else(Default::default, |since| now.since(since));
            metrics::gauge!("chancery_key_age_seconds", &labels).set(age.as_secs_f64());
        }
    }
}
