//! One connection.

use super::handler::Handler;
use super::patience::Patient;
use super::worker::{Connection, Shared};
use crate::headers::client_addr;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;

/// Serves the connection's requests until the client closes it, or is too slow, or the server
/// stops. What goes wrong with a connection is the client's doing, and not logged.
pub async fn serve(connection: Connection, shared: Shared) {
    let Connection { stream, client, place: _place } = connection;
    // A response that is written in pieces would wait 40 ms for the client to confirm the first.
    let _ = stream.set_nodelay(true);
    let Ok(stream) = tokio::net::TcpStream::from_std(stream) else {
        return;
    };
    let Shared { app, slots, bodies, mut stopped } = shared;
    let limits = app.0.limits.clone();
    let stream = Patient::new(stream, limits.request_timeout);
    let handler = Arc::new(Handler { app: app.0, slots, bodies, client: client_addr(client) });
    let service = service_fn(move |request| {
        let handler = handler.clone();
        async move { Ok::<_, Infallible>(handler.handle(request).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_timeout)
        .max_buf_size(limits.header_bytes)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection);
    tokio::select! {
        _ = connection.as_mut() => return,
        _ = stopped.changed() => connection.as_mut().graceful_shutdown(),
    }
    let _ = connection.await;
}
