//! A script of calls to the store `default`, by both of its interfaces.

use crate::bindings::fermyon::spin::key_value as spin;
use crate::bindings::wasi::keyvalue::atomics::{self, Cas, CasError};
use crate::bindings::wasi::keyvalue::batch;
use crate::bindings::wasi::keyvalue::store::{self, Bucket};
use crate::reply::Reply;
use spin_sdk::http::IncomingRequest;
use std::fmt::Debug;

/// Runs the script in the request's body, which has one call a line, and says what each returned.
pub async fn run(request: IncomingRequest) -> Reply {
    let body = request.into_body().await.expect("the body arrives");
    let script = String::from_utf8(body).expect("the script is text");
    let mut stores = Stores {
        wasi: store::open("default").expect("it is granted"),
        spin: spin::Store::open("default").expect("it is granted"),
        cas: None,
    };
    let lines: Vec<_> = script.lines().map(|line| stores.call(line)).collect();
    Reply::text(lines.join("\n"))
}

/// The same store twice.
struct Stores {
    wasi: Bucket,
    spin: spin::Store,
    cas: Option<Cas>,
}

impl Stores {
    fn call(&mut self, line: &str) -> String {
        let Self { wasi, spin, .. } = &*self;
        match line.split(' ').collect::<Vec<_>>()[..] {
            ["wasi", "get", key] => shown(wasi.get(key)),
            ["spin", "get", key] => shown(spin.get(key)),
            ["wasi", "set", key, value] => shown(wasi.set(key, value.as_bytes())),
            ["spin", "set", key, value] => shown(spin.set(key, value.as_bytes())),
            ["wasi", "delete", key] => shown(wasi.delete(key)),
            ["spin", "delete", key] => shown(spin.delete(key)),
            ["wasi", "exists", key] => shown(wasi.exists(key)),
            ["spin", "exists", key] => shown(spin.exists(key)),
            ["wasi", "keys"] => shown(wasi.list_keys(None).map(|page| page.keys)),
            ["spin", "keys"] => shown(spin.get_keys()),
            ["wasi", "get-many", ref keys @ ..] => shown(batch::get_many(wasi, &owned(keys))),
            ["wasi", "set-many", value, ref keys @ ..] => {
                let entry = |key: String| (key, value.as_bytes().to_vec());
                let entries: Vec<_> = owned(keys).into_iter().map(entry).collect();
                shown(batch::set_many(wasi, &entries))
            }
            ["wasi", "delete-many", ref keys @ ..] => shown(batch::delete_many(wasi, &owned(keys))),
            ["wasi", "increment", key, delta] => {
                shown(atomics::increment(wasi, key, delta.parse().expect("it is a number")))
            }
            ["wasi", "cas", key] => {
                let cas = Cas::new(wasi, key);
                shown(cas.map(|cas| self.cas = Some(cas)))
            }
            ["wasi", "current"] => shown(self.cas.as_ref().map(Cas::current).transpose()),
            ["wasi", "swap", value] => self.swap(value),
            _ => panic!("{line:?} is no call"),
        }
    }

    fn swap(&mut self, value: &str) -> String {
        let swapped = self.cas.take().map(|cas| atomics::swap(cas, value.as_bytes()));
        shown(swapped.transpose().map_err(|error| match error {
            CasError::CasFailed(cas) => self.cas = Some(cas),
            CasError::StoreError(error) => panic!("{error:?}"),
        }))
    }
}

fn owned(keys: &[&str]) -> Vec<String> {
    keys.iter().map(ToString::to_string).collect()
}

/// Writes a result without the words of its error.
fn shown<T: Debug, E>(result: Result<T, E>) -> String {
    format!("{:?}", result.map_err(drop))
}
