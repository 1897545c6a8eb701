//! Serves one connection.

use super::activity::{Activity, Phase};
use super::connections::Place;
use super::handler::Handler;
use super::instances::Instances;
use super::shared::Shared;
use super::stream::ClientStream;
use crate::guest::ResponseBody;
use crate::headers::client_addr;
use bytes::Bytes;
use http::header::{CONNECTION, HeaderValue};
use hyper::body::{Body, Frame, SizeHint};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use std::future::poll_fn;
use std::net::{SocketAddr, TcpStream};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

/// An accepted connection, as a worker gets it.
pub struct Connection {
    /// The TCP stream, in non-blocking mode.
    pub stream: TcpStream,
    /// The address of the client.
    pub client: SocketAddr,
    /// Its place among the open connections.
    pub place: Place,
    /// Its part of the worker's load.
    pub load: Arc<()>,
}

/// The time to look for a last request before a connection closes.
const LAST_LOOK: Duration = Duration::from_millis(2);

/// Serves the connection's requests until the client closes it or is too slow, or until the host
/// needs its place or stops. The client causes all errors of a connection, so they are not logged.
pub async fn serve(connection: Connection, shared: Shared, instances: Arc<Instances>) {
    let Connection { stream, client, place, load: _load } = connection;
    // Otherwise the second piece of a response would wait 40 ms for the client to confirm the
    // first.
    let _ = stream.set_nodelay(true);
    let Ok(stream) = tokio::net::TcpStream::from_std(stream) else {
        return;
    };
    let (read, write) = stream.into_split();
    let (write, activity) = (Arc::new(write), place.activity.clone());
    let (errors, limits) = (shared.errors.clone(), shared.app.limits.clone());
    let header_bytes = limits.header_bytes;
    let stream = ClientStream::new((read, write.clone()), activity.clone(), errors, limits);
    let client = client_addr(client);
    let handler = Handler { shared, instances: instances.clone(), client, stream: write, activity };
    let handler = Arc::new(handler);

    let service = service_fn(move |request| {
        let is_pipelined = handler.activity.begin();
        let handler = handler.clone();
        async move {
            // Pipelined requests take turns, one at a time for each thread. So a request that came
            // alone waits for no more than one of them.
            if is_pipelined {
                handler.activity.enter(Phase::Pipelined);
                let _turn = handler.shared.pipelined.acquire().await;
                tokio::task::yield_now().await;
                handler.activity.enter(Phase::Body);
            }
            let mut reply = handler.handle(request).await;
            // Otherwise the client would send its next request to a connection about to close.
            if handler.shared.connections.is_leaving() || handler.activity.is_closing() {
                reply.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            }
            let activity = handler.activity.clone();
            Ok::<_, Infallible>(reply.map(|body| Tracked { body, activity }))
        }
    });
    let http = http1::Builder::new()
        // A client may close its sending side after a request, and still wait for the answer.
        .half_close(true)
        // `Connections` closes idle connections.
        .header_read_timeout(None)
        .max_buf_size(header_bytes)
        .serve_connection(TokioIo::new(stream), service);
    let mut http = pin!(http);
    tokio::select! {
        biased;
        _ = poll_fn(|context| poll(http.as_mut(), &instances, context)) => return,
        () = place.activity.told_to_close() => {}
    }
    // Answer a request sent before now: the system may need a moment to deliver it.
    if !place.activity.is_cut_off() {
        tokio::time::sleep(LAST_LOOK).await;
    }
    let polled = poll_fn(|context| Poll::Ready(poll(http.as_mut(), &instances, context))).await;
    if polled.is_ready() || !is_worth_finishing(&place) {
        return;
    }
    // Finish the current request as long as the client does its part.
    http.as_mut().graceful_shutdown();
    tokio::select! {
        biased;
        _ = poll_fn(|context| {
            let polled = poll(http.as_mut(), &instances, context).map(drop);
            if is_worth_finishing(&place) { polled } else { Poll::Ready(()) }
        }) => {}
        () = place.activity.told_to_go() => {}
    }
}

/// Lets hyper do all it can do now. Any response is written by then, so the spent instance is given
/// back, and the next one is made.
fn poll<H: Future>(
    http: Pin<&mut H>,
    instances: &Instances,
    context: &mut Context<'_>,
) -> Poll<H::Output> {
    let polled = http.poll(context);
    instances.renew();
    polled
}

/// Returns true if the current request should finish before the connection closes. This depends on
/// its phase:
///
/// - `Head`: if the server stops and the client may still be sending an unread body.
/// - `Body` and `Pipelined`: if the server stops, but not if only the place is needed.
/// - `Response` and `Written`: always.
///
/// Returns false in any phase if the connection is cut off, for example because the client takes
/// nothing.
fn is_worth_finishing(place: &Place) -> bool {
    let is_waited_for = match place.activity.phase() {
        Phase::Head => place.activity.is_unread() && place.is_stopping(),
        Phase::Body | Phase::Pipelined => place.is_stopping(),
        Phase::Response | Phase::Written => true,
    };
    is_waited_for && !place.activity.is_cut_off()
}

/// The body of a response. Dropping it tells the connection that all of it was handed over.
struct Tracked {
    body: ResponseBody,
    activity: Arc<Activity>,
}

impl Drop for Tracked {
    fn drop(&mut self) {
        self.activity.enter(Phase::Written);
    }
}

impl Body for Tracked {
    type Data = Bytes;
    type Error = <ResponseBody as Body>::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
