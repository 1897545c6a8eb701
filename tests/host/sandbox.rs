//! The sandbox: nothing outside can be reached, and output becomes lines of the log.

use super::{manifest, serve};
use crate::support::http::Request;
use crate::support::server::TestServer;

#[test]
fn requests_to_the_outside_are_denied() {
    assert_eq!(serve().get("/outbound").text(), "ErrorCode::HttpRequestDenied");
}

#[test]
fn there_are_no_files() {
    assert_eq!(serve().get("/files").status, 500);
}

#[test]
fn the_environment_is_the_manifests_and_nothing_else() {
    assert_eq!(serve().get("/environment").text(), "[]");
    let manifest = manifest("\"/...\"", "environment = { LEVEL = \"low\" }", "");
    let server = TestServer::start(&manifest, |_| {});
    assert_eq!(server.get("/environment").text(), "[[\"LEVEL\",\"low\"]]");
}

#[test]
fn nothing_is_left_in_memory_for_the_next_request() {
    let server = serve();
    let mut client = server.client();
    for _ in 0..3 {
        assert_eq!(client.send(&Request::get("/visits")).text(), "1");
    }
}

#[test]
fn output_of_a_guest_is_logged_by_line_with_its_name() {
    let server = serve();
    assert_eq!(server.get("/print?hello").text(), "printed");
    // The last line has no end: it is logged when the guest is gone, after its response.
    server.logged("err hello");
    let lines = server.stop();
    assert_eq!(lines, ["probe: out hello", "probe: err hello"]);
}
