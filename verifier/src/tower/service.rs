//! The service behind the layer. Must not read a body.

use std::pin::Pin;
use std::task::{Context, Poll};

use http::{Request, Response};
use pin_project_lite::pin_project;
use tower_service::Service;

use super::Protect;
use super::bearer::bearer;
use super::refusal::Refusal;

/// A service that only requests with a good token reach.
#[derive(Clone)]
pub struct Protected<S> {
    inner: S,
    wanted: Protect,
}

impl<S> Protected<S> {
    pub(super) fn new(inner: S, wanted: Protect) -> Self {
        Self { inner, wanted }
    }

    /// Puts the verified token into the request, or says why not.
    fn admit<B>(&self, request: &mut Request<B>) -> Result<(), Refusal> {
        let Protect { verifier, wanted, .. } = &self.wanted;
        let token = bearer(request.headers(), request.uri())?;
        let token = verifier.verify_for(token, wanted).map_err(Refusal::Token)?;
        request.extensions_mut().insert(token);
        Ok(())
    }
}

impl<S, B, R> Service<Request<B>> for Protected<S>
where
    S: Service<Request<B>, Response = Response<R>>,
    R: From<String>,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = ProtectedFuture<S::Future, R>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        match self.admit(&mut request) {
            Ok(()) => {
                ProtectedFuture { answer: Answer::Admitted { answer: self.inner.call(request) } }
            }
            Err(refusal) => {
                tracing::info!(
                    reason = refusal.reason(),
                    status = refusal.status(),
                    method = %request.method(),
                    path = request.uri().path(),
                    "request refused"
                );
                let answer = Some(refusal.answer(&self.wanted.realm));
                ProtectedFuture { answer: Answer::Refused { answer } }
            }
        }
    }
}

pin_project! {
    /// The answer of the inner service, or the refusal.
    pub struct ProtectedFuture<F, R> {
        #[pin]
        answer: Answer<F, R>,
    }
}

pin_project! {
    #[project = Projected]
    enum Answer<F, R> {
        Admitted { #[pin] answer: F },
        Refused { answer: Option<Response<R>> },
    }
}

impl<F, E, R> Future for ProtectedFuture<F, R>
where
    F: Future<Output = Result<Response<R>, E>>,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        match self.project().answer.project() {
            Projected::Admitted { answer } => answer.poll(context),
            Projected::Refused { answer } => match answer.take() {
                Some(answer) => Poll::Ready(Ok(answer)),
                // It was polled after its end, which is a fault of the caller; this never wakes.
                None => Poll::Pending,
            },
        }
    }
}
