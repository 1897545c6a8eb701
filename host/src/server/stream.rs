//! A client's TCP stream, with a server's duties beyond HTTP.

use super::activity::{Activity, Phase};
use super::errors::Errors;
use crate::Limits;
use rustix::net::Shutdown;
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::time::{Sleep, sleep};

/// The stream used by hyper.
///
/// - Its activity records since when the client takes too little of a response.
/// - A client with much to send or take has to wait for the others of its thread in between.
/// - If hyper cannot parse a request, the host's own error replaces hyper's answer.
/// - If the client may still be sending, it reads and drops this before it closes. Otherwise the
///   system would destroy the answer on its way (RFC 9112, section 9.6).
pub struct ClientStream {
    read: OwnedReadHalf,
    /// Shared with the watch for a disconnected client.
    write: Arc<OwnedWriteHalf>,
    activity: Arc<Activity>,
    errors: Arc<Errors>,
    limits: Limits,
    /// Runs while the stream lingers.
    timer: Option<Pin<Box<Sleep>>>,
    /// The host's answer to an invalid request, and the number of its written bytes.
    answer: Option<(Vec<u8>, usize)>,
    /// The number of bytes read and dropped since the answer.
    dropped: usize,
    /// The number of bytes read and written since the others had their turn.
    moved: usize,
    /// The number of bytes taken by the client since its wait last began.
    taken: usize,
}

/// The number of bytes a connection moves before the others of its thread have their turn. The
/// system copies so many in about ten microseconds.
pub const TURN_BYTES: usize = 32 * 1024;

impl ClientStream {
    /// Joins the halves of a connection's stream.
    pub fn new(
        (read, write): (OwnedReadHalf, Arc<OwnedWriteHalf>),
        activity: Arc<Activity>,
        errors: Arc<Errors>,
        limits: Limits,
    ) -> Self {
        let (timer, answer, dropped, moved, taken) = (None, None, 0, 0, 0);
        Self { read, write, activity, errors, limits, timer, answer, dropped, moved, taken }
    }

    /// Returns the TCP stream.
    fn tcp(&self) -> &TcpStream {
        self.write.as_ref().as_ref()
    }

    /// Returns `Pending` once after each [`TURN_BYTES`]. The thread then looks at its sockets, and
    /// serves the others before it comes back.
    fn poll_turn(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if self.moved < TURN_BYTES {
            return Poll::Ready(());
        }
        self.moved = 0;
        pin!(tokio::task::yield_now()).poll(context)
    }

    /// Becomes ready after `limit`, counted from the first call.
    fn poll_timer(&mut self, context: &mut Context<'_>, limit: Duration) -> Poll<()> {
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep(limit)));
        timer.as_mut().poll(context)
    }

    /// Calls `write` once the socket takes bytes, and returns the number of written bytes. Marks
    /// the client as blocked while the socket takes none.
    fn poll_write_with(
        &mut self,
        context: &mut Context<'_>,
        write: impl Fn(&TcpStream) -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_turn(context));
        loop {
            if self.tcp().poll_write_ready(context)?.is_pending() {
                self.activity.block();
                return Poll::Pending;
            }
            match write(self.tcp()) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                written => {
                    self.note_written(*written.as_ref().unwrap_or(&0));
                    return Poll::Ready(written);
                }
            }
        }
    }

    /// Counts written bytes. Starts the wait for a blocked client anew after [`TURN_BYTES`], and
    /// not after a few bytes now and then.
    fn note_written(&mut self, length: usize) {
        self.moved += length;
        if self.activity.is_blocked() {
            self.taken += length;
            if self.taken >= TURN_BYTES {
                self.taken = 0;
                self.activity.wait_anew();
            }
        }
    }

    /// Writes the host's answer in place of hyper's, and returns `length`. hyper's answer has
    /// `length` bytes and begins with `line`. hyper writes in the phase `Head` only if it cannot
    /// parse the request.
    fn poll_write_answer(
        &mut self,
        context: &mut Context<'_>,
        line: &[u8],
        length: usize,
    ) -> Poll<io::Result<usize>> {
        let (answer, mut written) = match self.answer.take() {
            Some(answer) => answer,
            None => (self.errors.answer_unparsed(status(line)), 0),
        };
        while written < answer.len() {
            match self.poll_write_with(context, |tcp| tcp.try_write(&answer[written..])) {
                Poll::Ready(Ok(more)) => written += more,
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => {
                    self.answer = Some((answer, written));
                    return Poll::Pending;
                }
            }
        }
        self.activity.leave_unread();
        Poll::Ready(Ok(length))
    }

    /// Reads and drops bytes until the client sends no more, or has sent more than the linger
    /// limit, or until the linger timeout is over.
    fn poll_linger(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let mut scratch = [0; 16 * 1024];
        while self.dropped <= self.limits.linger_bytes {
            ready!(self.poll_turn(context));
            // Wait for bytes, but not for long.
            if self.poll_timer(context, self.limits.linger_timeout).is_ready() {
                return Poll::Ready(());
            }
            if ready!(self.tcp().poll_read_ready(context)).is_err() {
                return Poll::Ready(());
            }
            // Drop them.
            match self.tcp().try_read(&mut scratch) {
                Ok(0) => return Poll::Ready(()),
                Ok(length) => {
                    self.dropped += length;
                    self.moved += length;
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(_) => return Poll::Ready(()),
            }
        }
        Poll::Ready(())
    }
}

/// Returns the status code in a response's first line; 400 if it has none.
fn status(line: &[u8]) -> u16 {
    let digits = line.get(9..12).and_then(|digits| std::str::from_utf8(digits).ok());
    digits.and_then(|digits| digits.parse().ok()).unwrap_or(400)
}

/// Returns the first [`TURN_BYTES`] of `pieces`, or `None` if they have no more bytes than this.
fn beginning<'a>(pieces: &'a [io::IoSlice<'_>]) -> Option<Vec<io::IoSlice<'a>>> {
    if pieces.iter().map(|piece| piece.len()).sum::<usize>() <= TURN_BYTES {
        return None;
    }
    let mut left = TURN_BYTES;
    let cut = pieces.iter().map(|piece| {
        let (now, _) = piece.split_at(left.min(piece.len()));
        left -= now.len();
        io::IoSlice::new(now)
    });
    Some(cut.collect())
}

/// Waits until the client has closed the connection. Its guest is then stopped.
///
/// A client may close only its sending side and still wait for its answer. The host cannot tell it
/// from a client that is gone, so it gets `half_close_timeout`.
pub async fn client_gone(write: &OwnedWriteHalf, half_close_timeout: Duration) {
    let tcp: &TcpStream = write.as_ref();
    match tcp.peek(&mut [0]).await {
        Ok(0) => sleep(half_close_timeout).await,
        // The client has already sent its next request, and its end comes only after those bytes.
        Ok(_) => match ended(tcp).await {
            End::Half => sleep(half_close_timeout).await,
            End::Whole => {}
        },
        Err(_) => {}
    }
}

/// The way a client ended its connection.
enum End {
    /// It sends no more.
    Half,
    /// It is gone.
    Whole,
}

/// The time between two checks for the end of a connection with unread bytes.
const GLANCE: Duration = Duration::from_millis(100);

/// Waits until the client ends the connection or its side of it, although some of its bytes are
/// unread.
#[cfg(target_os = "linux")]
async fn ended(tcp: &TcpStream) -> End {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    loop {
        let mut socket = [PollFd::new(tcp, PollFlags::RDHUP)];
        if poll(&mut socket, Some(&Timespec::default())).is_err() {
            return End::Whole;
        }
        let found = socket[0].revents();
        if found.intersects(PollFlags::ERR | PollFlags::HUP) {
            return End::Whole;
        }
        if found.contains(PollFlags::RDHUP) {
            return End::Half;
        }
        sleep(GLANCE).await;
    }
}

/// Waits for ever: only Linux reports such an end.
#[cfg(not(target_os = "linux"))]
async fn ended(_: &TcpStream) -> End {
    std::future::pending().await
}

impl AsyncRead for ClientStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        ready!(self.poll_turn(context));
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.read).poll_read(context, buffer);
        let arrived = buffer.filled().len() - before;
        if arrived > 0 {
            self.activity.note_arrival();
        }
        self.moved += arrived;
        read
    }
}

impl AsyncWrite for ClientStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.activity.phase() == Phase::Head {
            return self.poll_write_answer(context, bytes, bytes.len());
        }
        let bytes = &bytes[..bytes.len().min(TURN_BYTES)];
        self.poll_write_with(context, |tcp| tcp.try_write(bytes))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if self.activity.phase() == Phase::Head {
            let length = pieces.iter().map(|piece| piece.len()).sum();
            let first = pieces.first().map_or(&[][..], |piece| piece);
            return self.poll_write_answer(context, first, length);
        }
        let cut = beginning(pieces);
        self.poll_write_with(context, |tcp| {
            tcp.try_write_vectored(cut.as_deref().unwrap_or(pieces))
        })
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    /// Marks the client as not blocked, and ends a response: hyper flushes after it has written all
    /// its bytes.
    fn poll_flush(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.activity.is_blocked() {
            self.taken = 0;
            self.activity.unblock();
        }
        if self.activity.phase() == Phase::Written {
            self.activity.enter(Phase::Head);
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        rustix::net::shutdown(self.tcp(), Shutdown::Write)?;
        if self.activity.is_unread() {
            ready!(self.poll_linger(context));
        }
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Log;
    use std::task::Waker;
    use tokio::net::TcpListener;

    /// Returns a stream in `phase` and its client. The client reads nothing.
    async fn stream(phase: Phase) -> (ClientStream, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (read, write) = listener.accept().await.unwrap().0.into_split();
        write.writable().await.unwrap();
        let activity = Arc::new(Activity::new());
        activity.enter(phase);
        let errors = Arc::new(Errors::new(Log::stderr(), false));
        let stream =
            ClientStream::new((read, Arc::new(write)), activity, errors, Limits::default());
        (stream, client)
    }

    #[tokio::test]
    async fn a_stream_waits_once_after_moving_a_turns_bytes() {
        let (mut stream, _client) = stream(Phase::Response).await;
        let mut context = Context::from_waker(Waker::noop());
        let (head, body) = ([0; 100], [0; 2 * TURN_BYTES]);
        let pieces = [io::IoSlice::new(&head), io::IoSlice::new(&body)];
        let mut write = || Pin::new(&mut stream).poll_write_vectored(&mut context, &pieces);
        assert!(matches!(write(), Poll::Ready(Ok(TURN_BYTES))));
        assert!(write().is_pending());
        assert!(matches!(write(), Poll::Ready(Ok(TURN_BYTES))));
    }

    #[tokio::test]
    async fn a_client_is_waited_for_anew_after_taking_a_turns_bytes_and_not_after_fewer() {
        let (mut stream, _client) = stream(Phase::Response).await;
        let long = Duration::from_millis(100);
        stream.activity.block();
        while stream.activity.waited() < long {}
        let mut context = Context::from_waker(Waker::noop());
        let mut write =
            |length| Pin::new(&mut stream).poll_write(&mut context, &[0; TURN_BYTES][..length]);
        assert!(write(TURN_BYTES - 1).is_ready());
        assert!(stream.activity.waited() >= long);
        let _ = Pin::new(&mut stream).poll_write(&mut context, &[0]);
        assert!(stream.activity.waited() < long);
    }
}
