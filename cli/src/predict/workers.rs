//! Answers blocks on several threads, in the order of the file.

use crate::predict::input::{Form, Input};
use crate::predict::score::Tally;
use anyhow::{Context, Error, Result};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread;

/// The number of blocks in memory, for each thread.
const HELD: usize = 2;

/// The answers to a block.
pub struct Answered {
    /// Their lines.
    pub lines: Vec<u8>,
    /// What became of the rows.
    pub tally: Tally,
}

/// What comes next in the order of the file.
pub enum Next {
    /// The answers to a block, as soon as a thread has them.
    Block(Receiver<Answered>),
    /// The end of the file.
    End,
    /// An error of reading it.
    Failed(Error),
}

/// A block, and the way back for its answers.
type Job = (Vec<u8>, SyncSender<Answered>);

/// Starts to read blocks, and to answer them by `answer` on a number of threads. Returns what comes, in the order of
/// the file. If it is dropped, the threads end.
///
/// # Errors
///
/// If a thread cannot be started.
pub fn start(
    input: Input,
    form: Form,
    threads: usize,
    answer: impl Fn(&[u8]) -> Answered + Send + Sync + 'static,
) -> Result<Receiver<Next>> {
    let (jobs, waiting) = sync_channel::<Job>(threads * HELD);
    let (order, places) = sync_channel::<Next>(threads * HELD);
    let (waiting, answer) = (Arc::new(Mutex::new(waiting)), Arc::new(answer));
    for _ in 0..threads {
        let (waiting, answer) = (waiting.clone(), answer.clone());
        let work = move || {
            while let Some((block, place)) = next(&waiting) {
                // Nobody takes the answers after a stop.
                let _ = place.send(answer(&block));
            }
        };
        thread::Builder::new().spawn(work).context("cannot start a thread")?;
    }
    thread::Builder::new()
        .spawn(move || read(input, form, &jobs, &order))
        .context("cannot start a thread")?;
    Ok(places)
}

fn next(waiting: &Mutex<Receiver<Job>>) -> Option<Job> {
    // Another thread has died in here if the lock is broken: it answers nothing more.
    waiting.lock().ok()?.recv().ok()
}

/// Reads blocks until the end of the file, or until nobody takes them.
fn read(mut input: Input, form: Form, jobs: &SyncSender<Job>, order: &SyncSender<Next>) {
    loop {
        match input.block(form) {
            Ok(Some(block)) => {
                let (place, answered) = sync_channel(1);
                if order.send(Next::Block(answered)).is_err() || jobs.send((block, place)).is_err()
                {
                    return;
                }
            }
            Ok(None) => return drop(order.send(Next::End)),
            Err(error) => return drop(order.send(Next::Failed(error))),
        }
    }
}
