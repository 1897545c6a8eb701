//! One connection.

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

/// A connection as it is dealt out.
pub struct Connection {
    /// It does not block.
    pub stream: TcpStream,
    pub client: SocketAddr,
    /// Its place among the connections that are open.
    pub place: Place,
    /// Its part of the worker's load.
    pub load: Arc<()>,
}

/// The time for which a connection that has to go still looks for a request.
const LAST_LOOK: Duration = Duration::from_millis(2);

/// Serves the connection's requests until the client closes it, or is too slow, or has to go. What
/// goes wrong with a connection is the client's doing, and not logged.
pub async fn serve(connection: Connection, shared: Shared, instances: Arc<Instances>) {
    let Connection { stream, client, place, load: _load } = connection;
    // A response that is written in pieces would wait 40 ms for the client to confirm the first.
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
            // Of all requests that came with others, one at a time is on each thread's list: those that came
            // alone wait for no more.
            if is_pipelined {
                handler.activity.enter(Phase::Pipelined);
                let _turn = handler.shared.pipelined.acquire().await;
                tokio::task::yield_now().await;
                handler.activity.enter(Phase::Body);
            }
            let mut reply = handler.handle(request).await;
            // A client that is not told sends its next request to a connection that is about to close.
            if handler.shared.connections.is_leaving() || handler.activity.is_closing() {
                reply.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            }
            let activity = handler.activity.clone();
            Ok::<_, Infallible>(reply.map(|body| Tracked { body, activity }))
        }
    });
    let http = http1::Builder::new()
        // A client that has sent its request may say so, and still wait for the answer.
        .half_close(true)
        // `Connections` closes those that send no request.
        .header_read_timeout(None)
        .max_buf_size(header_bytes)
        .serve_connection(TokioIo::new(stream), service);
    let mut http = pin!(http);
    tokio::select! {
        biased;
        _ = poll_fn(|context| poll(http.as_mut(), &instances, context)) => return,
        () = place.activity.told_to_close() => {}
    }
    // A request that was sent by now is answered: the system may take a moment to deliver it.
    if !place.activity.is_cut_off() {
        tokio::time::sleep(LAST_LOOK).await;
    }
    let polled = poll_fn(|context| Poll::Ready(poll(http.as_mut(), &instances, context))).await;
    if polled.is_ready() || !is_worth_finishing(&place) {
        return;
    }
    // What is under way is finished for as long as the client does its part.
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

/// Lets hyper do all that can be done now, and then gives back the instance that has answered, whose
/// response is written by then, and makes the next.
fn poll<H: Future>(
    http: Pin<&mut H>,
    instances: &Instances,
    context: &mut Context<'_>,
) -> Poll<H::Output> {
    let polled = http.poll(context);
    instances.renew();
    polled
}

/// Is true while a request is under way. One whose client still sends has to go if its place is
/// wanted, and may end if the server stops; one whose client takes nothing has to go if it is cut off.
fn is_worth_finishing(place: &Place) -> bool {
    let is_waited_for = match place.activity.phase() {
        Phase::Head => place.activity.is_unread() && place.is_stopping(),
        Phase::Body | Phase::Pipelined => place.is_stopping(),
        Phase::Response | Phase::Written => true,
    };
    is_waited_for && !place.activity.is_cut_off()
}

/// The body of a response, by whose end the connection knows that it is handed over.
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
