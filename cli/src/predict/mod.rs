//! `model-api predict`: answers all rows of a file, on all cores, in bounded memory.
//!
//! | module | subject |
//! |---|---|
//! | `input` | the file, in blocks of whole rows |
//! | `parquet` | the rows of a Parquet file, as NDJSON |
//! | `lines` | lines of answers, as CSV or NDJSON |
//! | `rows` | the cells of a block's rows |
//! | `score` | the answers to a block |
//! | `workers` | threads, and the order of their blocks |
//! | `output` | the file of the answers, and what is said of them |

mod input;

mod lines;

mod parquet;

mod rows;

mod score;

mod workers;

mod output;

use crate::args::Predict;
use crate::model;
use anyhow::{Context, Result, bail};
use input::Input;
use lines::{Form, Lines};
use model_api_import::files::card_beside;
use output::{Output, Progress, shown, summary};
use rows::Rows;
use score::{Scorer, Tally};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::thread::available_parallelism;
use std::time::Duration;
use workers::{Answered, Next};

/// The exit code of a program that a signal stops is this and the number of the signal: 130 for Ctrl-C.
const SIGNALLED: i32 = 128;

/// The exit code of a program whose output nobody reads, as after SIGPIPE.
const CLOSED: u8 = 141;

/// The time between two looks at a stop, while no block is ready.
const PAUSE: Duration = Duration::from_millis(100);

/// Answers the rows of a file.
///
/// # Errors
///
/// If the model cannot be read, a feature has no column, or a file cannot be read or written.
pub fn run(options: &Predict) -> Result<ExitCode> {
    let (from, to) = (&options.input, &options.output);
    // Open all files before the first row is answered.
    let scorer =
        Scorer::new(model::read(&options.model, options.card.as_deref())?, options.explain)?;
    let opened = Input::open(from).and_then(|mut input| {
        let rows = Rows::find(from, &mut input, scorer.described(), &scorer.columns)?;
        Ok((input, rows))
    });
    let (input, rows) = opened.with_context(|| from.display().to_string())?;
    for note in notes(options, &rows, &scorer) {
        eprintln!("note: {note}");
    }
    let form = Form::of_name(to).unwrap_or(rows.form_of_answers());
    let mut output = Output::create(to, from)?;
    let progress = Progress::new(&input, to);
    output.write(&Lines::header(form, &[rows.others(), scorer.columns.clone()].concat()))?;
    // Answer block after block.
    let (rows_form, threads) = (rows.form(), threads(options.threads));
    let answer = move |block: &[u8]| {
        let mut lines = Lines::new(form);
        let tally = scorer.answer(&rows, block, &mut lines);
        Answered { lines: lines.finish(), tally }
    };
    let coming = workers::start(input, rows_form, threads, answer)?;
    let mut tally = Tally::default();
    let end = write_all(&coming, &mut output, &mut tally, &progress)
        .with_context(|| from.display().to_string());
    // Say what became of the rows, also after an error among them.
    let time = progress.end();
    if !matches!(end, Ok(End::Closed)) && (tally.rows > 0 || end.is_ok()) {
        summary(to, &tally, time).iter().for_each(|line| eprintln!("{line}"));
    }
    match end? {
        End::Whole if tally.rows > 0 && tally.refused == tally.rows => {
            eprintln!("no row has an answer");
            Ok(ExitCode::FAILURE)
        }
        End::Whole => Ok(ExitCode::SUCCESS),
        End::Stopped(signal) => {
            eprintln!("stopped: {} has whole lines of the first rows", shown(to));
            Ok(ExitCode::from((SIGNALLED + signal) as u8))
        }
        End::Closed => Ok(ExitCode::from(CLOSED)),
    }
}

/// Returns notes about what might make answers wrong in silence.
fn notes(options: &Predict, rows: &Rows, scorer: &Scorer) -> Vec<String> {
    let mut notes = Vec::new();
    let card = options.card.clone().unwrap_or_else(|| card_beside(&options.model));
    if !card.exists() {
        notes.push(format!("there is no card {}: no range of a value is checked", card.display()));
    }
    if rows.are_in_order(scorer.described()) {
        notes.push("the model has no names of features: columns are taken in their order".into());
    }
    if let Some(key) = rows.first_missing_key(scorer.described()) {
        notes.push(format!("line 1 has no key {key:?}: a row without it has this value missing"));
    }
    notes
}

fn threads(given: Option<u16>) -> usize {
    given.map_or_else(|| available_parallelism().map_or(1, usize::from), usize::from)
}

/// How the writing of answers ends.
enum End {
    /// All are written.
    Whole,
    /// A signal stopped it.
    Stopped(i32),
    /// Nobody reads them.
    Closed,
}

/// Writes the answers of all blocks.
fn write_all(
    coming: &Receiver<Next>,
    output: &mut Output,
    tally: &mut Tally,
    progress: &Progress,
) -> Result<End> {
    let stop = Stop::new()?;
    loop {
        let Some(next) = stop.wait(coming)? else { return Ok(End::Stopped(stop.signal())) };
        let answered = match next {
            Next::Block(answered) => stop.wait(&answered)?,
            Next::End => return Ok(End::Whole),
            Next::Failed(error) => return Err(error),
        };
        let Some(answered) = answered else { return Ok(End::Stopped(stop.signal())) };
        if !output.write(&answered.lines)? {
            return Ok(End::Closed);
        }
        tally.add(answered.tally);
        progress.show(tally);
    }
}

/// The signal that stops the program: Ctrl-C or SIGTERM. The second one ends it at once.
struct Stop(Arc<AtomicUsize>);

impl Stop {
    fn new() -> Result<Self> {
        let (signal, is_second) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
        for number in [SIGINT, SIGTERM] {
            flag::register_conditional_shutdown(number, SIGNALLED + number, is_second.clone())?;
            flag::register(number, is_second.clone())?;
            flag::register_usize(number, signal.clone(), number as usize)?;
        }
        Ok(Self(signal))
    }

    /// Returns the number of the signal; 0 without one.
    fn signal(&self) -> i32 {
        self.0.load(Ordering::Relaxed) as i32
    }

    /// Waits for something, or for a signal: then it returns none.
    ///
    /// # Errors
    ///
    /// If the thread that should send it has died.
    fn wait<T>(&self, coming: &Receiver<T>) -> Result<Option<T>> {
        while self.signal() == 0 {
            match coming.recv_timeout(PAUSE) {
                Ok(next) => return Ok(Some(next)),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => bail!("a thread has died"),
            }
        }
        Ok(None)
    }
}
