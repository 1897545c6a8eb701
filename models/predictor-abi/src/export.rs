//! The exports of the component, made of a model.

use crate::types::{Answer, Description, List, Signature, Value};
use core::alloc::Layout;

/// A model.
pub trait Model {
    const SIGNATURE: &Signature;
    const DESCRIPTION: &Description;

    /// Answers one row, which has one value for each feature, in order. It must not panic.
    fn predict(row: &'static [Value]) -> Answer;
}

/// Answers the rows of a batch, one after another.
pub fn answer<M: Model>(values: &'static [Value]) -> List<Answer> {
    let features = M::SIGNATURE.features.as_slice().len();
    collect(values.len() / features, values.chunks_exact(features).map(M::predict))
}

/// Keeps `length` items for as long as the instance lives. A `Vec` would do it, and bring the code
/// that formats its panics: a third of a small model.
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

/// The address of a value that outlives the call, as an exported function returns it.
pub fn keep<T: 'static>(value: T) -> *const T {
    collect(1, core::iter::once(value)).as_slice().as_ptr()
}

/// Makes `$model` the model of this component.
#[macro_export]
macro_rules! export {
    ($model:ty) => {
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            use $crate::{Answer, Description, List, Model, Signature, Value};

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
                // SAFETY: the caller wrote a list of values into memory that nothing takes back.
                let values = unsafe { core::slice::from_raw_parts(start, length) };
                $crate::keep($crate::answer::<$model>(values))
            }
        };
    };
}
