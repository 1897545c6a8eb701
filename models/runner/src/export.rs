//! The component's exports. They read the model appended to the module by the importer.

use crate::explain;
use crate::predict;
use crate::table::Table;
use predictor_abi::{Answer, Description, Explanation, List, Maybe, Signature, Value};

/// The addresses of the model's parts, written by the importer. The length of the program is in
/// bytes.
#[repr(C)]
pub struct Model {
    signature: Option<&'static Signature>,
    description: Option<&'static Description>,
    table: *const u8,
    length: usize,
}

// SAFETY: nothing writes to it while the module runs.
unsafe impl Sync for Model {}

/// The model. It is exported so the importer can find it, and empty until then.
#[unsafe(no_mangle)]
pub static IMPORTED_MODEL: Model =
    Model { signature: None, description: None, table: core::ptr::null(), length: 0 };

/// Reads the model from memory. A volatile read keeps the compiler from assuming the empty initial
/// value.
fn model() -> Model {
    // SAFETY: it is a static of that type.
    unsafe { (&raw const IMPORTED_MODEL).read_volatile() }
}

#[unsafe(export_name = "model-api:predictor/predictor@1.0.0#get-signature")]
extern "C" fn get_signature() -> &'static Signature {
    model().signature.unwrap_or_else(|| core::arch::wasm32::unreachable())
}

#[unsafe(export_name = "model-api:predictor/predictor@1.0.0#describe")]
extern "C" fn describe() -> &'static Description {
    model().description.unwrap_or_else(|| core::arch::wasm32::unreachable())
}

#[unsafe(export_name = "model-api:predictor/predictor@1.0.0#predict")]
extern "C" fn predict(start: *const Value, length: usize) -> *const List<Answer> {
    let model = model();
    // SAFETY: the importer wrote the program there; the caller wrote a list of values into memory
    // of this instance, and nothing frees it.
    let (table, values) = unsafe {
        let table = core::slice::from_raw_parts(model.table, model.length);
        (table, core::slice::from_raw_parts(start, length))
    };
    let answers = Table::new(table).map(|table| predict::predict(table, values));
    predictor_abi::keep(answers.unwrap_or(List::EMPTY))
}

#[unsafe(export_name = "model-api:predictor/predictor@1.0.0#explain")]
extern "C" fn explain(start: *const Value, length: usize) -> *const List<Explanation> {
    let model = model();
    // SAFETY: as in `predict`.
    let (table, values) = unsafe {
        let table = core::slice::from_raw_parts(model.table, model.length);
        (table, core::slice::from_raw_parts(start, length))
    };
    let notes = model.description.map(|description| &description.explanation);
    let Some(Maybe::Some(notes)) = notes else { return predictor_abi::keep(List::EMPTY) };
    let reference = notes.reference.as_slice();
    let explanations = Table::new(table).map(|table| explain::explain(table, values, reference));
    predictor_abi::keep(explanations.unwrap_or(List::EMPTY))
}
