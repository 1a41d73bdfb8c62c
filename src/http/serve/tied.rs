//! A body that keeps something until it has ended.
//! Must not import anything of the crate.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use hyper::body::{Body, Frame, SizeHint};

/// `B`, and a `G` that is dropped at the end of the body, at its error, or with it.
pub(super) struct Tied<B, G> {
    body: B,
    guard: Option<G>,
}

impl<B: Body, G> Tied<B, G> {
    pub(super) fn new(body: B, guard: G) -> Self {
        let guard = (!body.is_end_stream()).then_some(guard);
        Self { body, guard }
    }
}

impl<B: Body + Unpin, G: Unpin> Body for Tied<B, G> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        if !matches!(frame, Some(Ok(_))) || self.body.is_end_stream() {
            self.guard = None;
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use http_body_util::{BodyExt, Empty, Full};
    use hyper::body::Bytes;

    use super::*;

    #[tokio::test]
    async fn what_is_kept_goes_with_the_end_of_the_body() {
        let kept = Arc::new(());
        let mut body = Tied::new(Full::new(Bytes::from_static(b"abc")), kept.clone());
        assert_eq!(Arc::strong_count(&kept), 2);
        body.frame().await.unwrap().unwrap();
        assert_eq!(Arc::strong_count(&kept), 1);
        assert!(body.is_end_stream());
    }

    #[test]
    fn an_empty_body_keeps_nothing() {
        let kept = Arc::new(());
        let body = Tied::new(Empty::<Bytes>::new(), kept.clone());
        assert_eq!(Arc::strong_count(&kept), 1);
        assert!(body.is_end_stream());
    }
}
