//! The exports of the component, built from a [`Model`].

use crate::types::{
    Answer, Description, Explanation, List, Maybe, Refusal, RefusalReason, Signature, Value, text,
};
use core::alloc::Layout;

/// A model. Implement it, and name the type in [`export!`](crate::export).
pub trait Model {
    /// The name, the version and the features. The caller reads it at every request.
    const SIGNATURE: &Signature;
    /// The documentation, the outputs and the examples. `features` has one entry for each feature
    /// of the signature.
    const DESCRIPTION: &Description;

    /// Answers one row. The row has one value for each feature, in the order of the signature, and
    /// the caller has checked every value against it.
    ///
    /// Must not panic: a panic traps and fails the whole batch. Return [`Answer::Err`] for a row
    /// without an answer. Equal rows get equal answers.
    fn predict(row: &'static [Value]) -> Answer;

    /// Explains the answer to one row. The caller calls it only if the description has
    /// [`Description::explanation`]; a model without it keeps this default.
    ///
    /// [`shapley::coalitions`](crate::shapley::coalitions) explains any model of a few features.
    fn explain(_row: &'static [Value]) -> Explanation {
        Explanation::Err(Refusal {
            reason: RefusalReason::Unanswerable,
            feature: Maybe::None,
            message: text("this model does not explain its answers"),
        })
    }
}

/// Answers a batch, row after row.
///
/// `values` has the rows one after another: the value of row `r` for feature `f` is at index
/// `r * features + f`. The result has one answer for each row, in order. An incomplete row at the
/// end is left out. The signature must have at least one feature.
pub fn answer<M: Model>(values: &'static [Value]) -> List<Answer> {
    let features = M::SIGNATURE.features.as_slice().len();
    collect(values.len() / features, values.chunks_exact(features).map(M::predict))
}

/// Explains a batch, row after row, in the layout of [`answer`].
pub fn explain<M: Model>(values: &'static [Value]) -> List<Explanation> {
    let features = M::SIGNATURE.features.as_slice().len();
    collect(values.len() / features, values.chunks_exact(features).map(M::explain))
}

/// Keeps `length` items for as long as the instance lives, or fewer if `items` ends early.
///
/// Use it for lists made at run time. A `Vec` would also pull in the code for panic messages, a
/// third of a small model.
///
/// # Panics
///
/// If no memory is left.
pub fn collect<T: 'static>(length: usize, items: impl Iterator<Item = T>) -> List<T> {
    let Ok(layout) = Layout::array::<T>(length) else { return List::EMPTY };
    if layout.size() == 0 {
        return List::EMPTY;
    }
    // SAFETY: the layout is not empty; each item is written within it before it can be read.
    unsafe {
        let start = alloc::alloc::alloc(layout).cast::<T>();
        assert!(!start.is_null());
        let mut written = 0;
        for item in items.take(length) {
            start.add(written).write(item);
            written += 1;
        }
        List::of(core::slice::from_raw_parts(start, written))
    }
}

/// Makes a list of zeros.
///
/// # Panics
///
/// If no memory is left.
pub(crate) fn zeros(length: usize) -> &'static mut [f64] {
    let Ok(layout) = Layout::array::<f64>(length) else { return &mut [] };
    if layout.size() == 0 {
        return &mut [];
    }
    // SAFETY: the layout is not empty, all bits 0 are the number 0, and nothing frees the list.
    unsafe {
        let start = alloc::alloc::alloc_zeroed(layout).cast::<f64>();
        assert!(!start.is_null());
        core::slice::from_raw_parts_mut(start, length)
    }
}

/// Keeps a value for as long as the instance lives, and returns its address, as exported functions
/// must.
pub fn keep<T: 'static>(value: T) -> *const T {
    collect(1, core::iter::once(value)).as_slice().as_ptr()
}

/// Makes `$model` the model of this component. Use it once per crate; it has no effect on targets
/// other than wasm32.
#[macro_export]
macro_rules! export {
    ($model:ty) => {
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            use $crate::{Answer, Description, Explanation, List, Model, Signature, Value};

            #[unsafe(export_name = "model-api:predictor/predictor@1.0.0#get-signature")]
            extern "C" fn get_signature() -> &'static Signature {
                <$model>::SIGNATURE
            }

            #[unsafe(export_name = "model-api:predictor/predictor@1.0.0#describe")]
            extern "C" fn describe() -> &'static Description {
                <$model>::DESCRIPTION
            }

            #[unsafe(export_name = "model-api:predictor/predictor@1.0.0#predict")]
            extern "C" fn predict(start: *const Value, length: usize) -> *const List<Answer> {
                // SAFETY: the caller wrote a list of values into memory of this instance, and
                // nothing frees it.
                let values = unsafe { core::slice::from_raw_parts(start, length) };
                $crate::keep($crate::answer::<$model>(values))
            }

            #[unsafe(export_name = "model-api:predictor/predictor@1.0.0#explain")]
            extern "C" fn explain(start: *const Value, length: usize) -> *const List<Explanation> {
                // SAFETY: as in `predict`.
                let values = unsafe { core::slice::from_raw_parts(start, length) };
                $crate::keep($crate::explain::<$model>(values))
            }
        };
    };
}
