//! A store of counters that fails in the way that the variable `FAULT` names. It takes the place of the
//! host's, as a dependency of the service.
#![cfg(target_arch = "wasm32")]

use bindings::exports::wasi::keyvalue::{atomics, store};

mod bindings {
    wit_bindgen::generate!({
        path: "../../../wasmcloud/bridge/wit/deps/keyvalue-draft2.wit",
        inline: "
            package test:store;

            world store {
                export wasi:keyvalue/store@0.2.0-draft2;
                export wasi:keyvalue/atomics@0.2.0-draft2;
            }
        ",
    });
}

struct Store;

struct Bucket;

bindings::export!(Store with_types_in bindings);

impl store::Guest for Store {
    type Bucket = Bucket;

    fn open(_: String) -> Result<store::Bucket, store::Error> {
        Ok(store::Bucket::new(Bucket))
    }
}

impl store::GuestBucket for Bucket {
    fn list_keys(&self, _: Option<String>) -> Result<store::KeyResponse, store::Error> {
        fail()?;
        // Three counters with numbers of their own, one of them twice, and what is none.
        let keys = [
            "4/h/=2fpredict/POST/2/0",
            "4/h/=2fpredict/POST/2/0",
            "4/h/=2fpredict/POST/5/1",
            "4/s/heart-risk-demo/v1=2e0=2e0",
            "4/h/=2fpredict/POST/9/0",
            "4/h/=2fpredict/POST/2/4294967295",
            "4/h/=ff/POST/2/0",
            "4/",
            "",
            "visits",
        ];
        let cursor = (fault() == "pages").then(String::new);
        Ok(store::KeyResponse { keys: keys.map(str::to_owned).into(), cursor })
    }
}

impl atomics::Guest for Store {
    fn increment(_: store::BucketBorrow, _: String, _: i64) -> Result<i64, store::Error> {
        fail()?;
        Ok(match fault().as_str() {
            "negative" => i64::MIN,
            "largest" => i64::MAX,
            "many" => 1 << 40,
            _ => 3,
        })
    }
}

fn fault() -> String {
    std::env::var("FAULT").unwrap_or_default()
}

/// Fails in the ways in which each function can.
fn fail() -> Result<(), store::Error> {
    match fault().as_str() {
        "error" => Err(store::Error::Other("the disk is\nfull".to_owned())),
        "trap" => core::arch::wasm32::unreachable(),
        "hang" => loop {
            std::hint::black_box(());
        },
        _ => Ok(()),
    }
}
