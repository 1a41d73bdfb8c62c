//! Starting and ending a client. Must not follow anything itself.

use std::ops::Deref;
use std::sync::Arc;

use tokio::runtime::Handle;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;

use super::counters::{ClientCounters, Tally};
use super::disk::StateFile;
use super::link::{Link, LinkError};
use super::run::Run;
use super::settings::ClientSettings;
use crate::{Settings, Verifier};

/// A client cannot be started.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The issuer is no absolute `https` or `http` URL.
    #[error("the issuer is not an absolute http or https URL")]
    Issuer,
    /// The issuer is asked without TLS, and is not on this machine.
    #[error("the issuer has to be https, or http on this machine")]
    IssuerInTheClear,
    /// It was called outside of a Tokio runtime.
    #[error("a client runs on a Tokio runtime")]
    NoRuntime,
}

/// Starts a client of `issuer` for an API, and waits until it is ready: as long as the issuer is down.
/// An API that has to answer meanwhile uses [`Client::start`].
pub async fn connect(
    issuer: impl Into<String>,
    audience: impl Into<String>,
) -> Result<Client, StartError> {
    let verifier = Verifier::new(Settings::new(issuer, audience));
    let client = Client::start(verifier, ClientSettings::new())?;
    client.ready().await;
    Ok(client)
}

/// A client that follows its issuer until it is dropped. It is used as the [`Verifier`] that it keeps
/// up to date.
pub struct Client {
    verifier: Verifier,
    tally: Arc<Tally>,
    progress: watch::Receiver<()>,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<()>,
}

impl Client {
    /// Starts to follow the issuer of `verifier`, and returns at once. With a state file the verifier
    /// may be ready by then; otherwise [`Client::ready`] waits for it, and until then every token is
    /// answered by [`Rejection::NotReady`](crate::Rejection::NotReady).
    ///
    /// A verifier has one client. The state file is read before this returns.
    pub fn start(verifier: Verifier, settings: ClientSettings) -> Result<Self, StartError> {
        let issuer = Link::parse(verifier.issuer()).map_err(|error| match error {
            LinkError::Malformed => StartError::Issuer,
            LinkError::InTheClear => StartError::IssuerInTheClear,
        })?;
        let runtime = Handle::try_current().map_err(|_| StartError::NoRuntime)?;
        if let Some(path) = &settings.state_file {
            StateFile::new(path).load(&verifier);
        }
        let (stop, stopped) = oneshot::channel();
        let (progress, changed) = watch::channel(());
        let tally = Arc::new(Tally::default());
        let run = Run::new(verifier.clone(), issuer, settings, Arc::clone(&tally), progress);
        let task = runtime.spawn(run.until(stopped));
        Ok(Self { verifier, tally, progress: changed, stop: Some(stop), task })
    }

    /// The verifier that this client keeps up to date. A copy of it outlives the client, and then
    /// grows older.
    pub fn verifier(&self) -> &Verifier {
        &self.verifier
    }

    /// Completes once the verifier can accept tokens.
    pub async fn ready(&self) {
        self.until(|verifier| verifier.state().ready).await;
    }

    /// Completes once `reached` holds of the verifier. It is looked at whenever keys or a document
    /// have come.
    pub async fn until(&self, reached: impl Fn(&Verifier) -> bool) {
        let mut progress = self.progress.clone();
        while !reached(&self.verifier) {
            if progress.changed().await.is_err() {
                // The client ended, and nothing will come any more.
                std::future::pending::<()>().await;
            }
        }
    }

    /// What the client did so far.
    pub fn counters(&self) -> ClientCounters {
        self.tally.read()
    }

    /// Ends the client, and writes its state file. Dropping it ends it as well, without the file.
    pub async fn stop(mut self) {
        drop(self.stop.take());
        // A task that panicked has ended too.
        let _ = (&mut self.task).await;
    }
}

impl Deref for Client {
    type Target = Verifier;

    fn deref(&self) -> &Verifier {
        &self.verifier
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.task.abort();
    }
}
