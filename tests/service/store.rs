//! The counters' store fails.

use super::{ANSWER, EXAMPLE, serve_changed};
use crate::support::http::Request;

#[test]
fn predictions_go_on_without_a_store_and_the_loss_is_logged() {
    let server = serve_changed(|text| text.replace("[\"default\"]", "[]"));
    let response = server.send(&Request::post("/predict", EXAMPLE));
    assert_eq!((response.status, response.text()), (200, ANSWER));
    let line = server.logged("not counted");
    assert!(line.contains("spin.toml does not grant it"), "{line}");
}

#[test]
fn a_scrape_without_a_store_is_503_and_not_a_page_of_zeros() {
    let server = serve_changed(|text| text.replace("[\"default\"]", "[]"));
    assert_eq!(server.get("/metrics").status, 503);
}
