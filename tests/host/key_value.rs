//! The stores: the questions of Spin's `key-value` and `wasi-key-value` tests, and counting.

use super::{load_error, manifest, serve};
use crate::support::http::Request;
use crate::support::server::TestServer;
use model_api_host::RuntimeConfig;

#[test]
fn wasi_keyvalue_keeps_spins_contract() {
    let server = serve();
    assert_eq!(server.get("/key-value?default").text(), "kept");
    assert_eq!(server.get("/key-value?forbidden").text(), "access-denied");
}

#[test]
fn spins_own_interface_keeps_the_same_contract() {
    assert_eq!(serve().get("/spin-key-value").text(), "kept");
}

#[test]
fn a_store_cannot_be_opened_without_a_grant() {
    let server = TestServer::start(&manifest("\"/...\"", "", ""), |_| {});
    assert_eq!(server.get("/key-value?default").text(), "access-denied");
}

#[test]
fn a_store_is_there_if_the_operator_says_so() {
    let with_cache = manifest("\"/...\"", "key_value_stores = [\"cache\"]", "");
    let error = load_error(&with_cache);
    assert!(error.starts_with("component `probe`: there is no store `cache`"), "{error}");

    let text = "[key_value_store.cache]\ntype = \"spin\"";
    let runtime_config = RuntimeConfig::parse(text).unwrap();
    let server =
        TestServer::start(&with_cache, |settings| settings.runtime_config = runtime_config);
    assert_eq!(server.get("/key-value?cache").text(), "kept");
    assert_eq!(server.get("/key-value?default").text(), "access-denied");
}

#[test]
fn counters_outlive_requests_and_lose_nothing_to_concurrency() {
    const CLIENTS: usize = 4;
    const REQUESTS: usize = 50;
    let server = serve();
    std::thread::scope(|scope| {
        for _ in 0..CLIENTS {
            let mut client = server.client();
            scope.spawn(move || {
                for _ in 0..REQUESTS {
                    assert_eq!(client.send(&Request::get("/count?n")).status, 200);
                }
            });
        }
    });
    let expected = (CLIENTS * REQUESTS + 1).to_string();
    assert_eq!(server.get("/count?n").text(), expected);
}
