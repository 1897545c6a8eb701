//! The component's exports, which read the model that the importer appended to the module.

use crate::predict;
use crate::table::Table;
use predictor_abi::{Answer, Description, List, Signature, Value};

/// The places of the model's parts. The importer writes them.
#[repr(C)]
pub struct Model {
    signature: Option<&'static Signature>,
    description: Option<&'static Description>,
    table: *const u8,
    length: usize,
}

// SAFETY: nothing writes to it while the module runs.
unsafe impl Sync for Model {}

/// Exported, so that the importer finds it.
#[unsafe(no_mangle)]
pub static IMPORTED_MODEL: Model =
    Model { signature: None, description: None, table: core::ptr::null(), length: 0 };

/// Reads the model as it is in memory. The compiler must not take it for the empty one above.
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
    // SAFETY: the importer wrote the table there; the caller wrote a list of values into memory that
    // nothing takes back.
    let (table, values) = unsafe {
        let table = core::slice::from_raw_parts(model.table, model.length);
        (table, core::slice::from_raw_parts(start, length))
    };
    let answers = Table::new(table).map(|table| predict::predict(table, values));
    predictor_abi::keep(answers.unwrap_or(List::EMPTY))
}
