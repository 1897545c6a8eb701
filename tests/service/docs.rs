//! `GET /docs` and `GET /ask`: the pages and their files. That they work in a browser,
//! `tests/suites` shows.

use super::{scrape, serve};
use crate::support::http::Request;

const FILES: [(&str, &str); 4] = [
    ("swagger-ui-bundle.js", "text/javascript; charset=utf-8"),
    ("swagger-ui.css", "text/css; charset=utf-8"),
    ("favicon-32x32.png", "image/png"),
    ("initializer.js", "text/javascript; charset=utf-8"),
];

/// The files of the form at `/ask`.
const ASK_FILES: [(&str, &str); 8] = [
    ("ask.css", "text/css; charset=utf-8"),
    ("main.js", "text/javascript; charset=utf-8"),
    ("words.js", "text/javascript; charset=utf-8"),
    ("form.js", "text/javascript; charset=utf-8"),
    ("answer.js", "text/javascript; charset=utf-8"),
    ("card.js", "text/javascript; charset=utf-8"),
    ("charts.js", "text/javascript; charset=utf-8"),
    ("what_if.js", "text/javascript; charset=utf-8"),
];

#[test]
fn the_page_may_run_only_its_own_scripts() {
    let server = serve();
    for page in ["/docs", "/ask"] {
        let response = server.get(page);
        assert_eq!(response.status, 200);
        assert_eq!(response.header("content-type"), Some("text/html; charset=utf-8"));
        let policy = response.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'; script-src 'self';"), "{policy}");
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(response.header("referrer-policy"), Some("no-referrer"));
        assert_eq!(response.header("cache-control"), Some("no-cache"));
    }
}

#[test]
fn the_form_and_its_files_are_small_and_name_nothing_from_elsewhere() {
    let server = serve();
    let page = server.get("/ask");
    let mut bytes = page.body.len();
    let mut texts = page.text().to_owned();
    for (name, content_type) in ASK_FILES {
        let path = format!("/ask/{name}");
        let response = server.get(&path);
        assert_eq!(response.status, 200, "{name}");
        assert_eq!(response.header("content-type"), Some(content_type), "{name}");
        let etag = response.header("etag").unwrap();
        let again = server.send(&Request::get(&path).header("if-none-match", etag));
        assert_eq!((again.status, again.body.len()), (304, 0), "{name}");
        let packed = server.send(&Request::get(&path).header("accept-encoding", "gzip"));
        assert_eq!(packed.header("content-encoding"), Some("gzip"), "{name}");
        bytes += response.body.len();
        texts += response.text();
    }
    assert!(bytes < 44 * 1024, "{bytes} bytes");
    for elsewhere in ["http:", "https:", "\"//", "url(", "=\"/", "eval(", "innerHTML", "style=\""] {
        assert!(!texts.contains(elsewhere), "{elsewhere}");
    }
}

#[test]
fn a_page_has_only_its_own_files() {
    let server = serve();
    for path in ["/docs/ask.css", "/ask/swagger-ui.css", "/ask/initializer.js", "/ask/index.html"] {
        assert_eq!(server.get(path).status, 404, "{path}");
    }
}

#[test]
fn every_file_of_the_page_is_there() {
    let server = serve();
    let page = server.get("/docs");
    let names: Vec<_> = page
        .text()
        .split("docs/")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap().to_owned())
        .collect();
    assert_eq!(names.len(), FILES.len());
    for (name, content_type) in FILES {
        assert!(names.iter().any(|named| named == name), "{name}");
        let response = server.get(&format!("/docs/{name}"));
        assert_eq!(response.status, 200, "{name}");
        assert_eq!(response.header("content-type"), Some(content_type), "{name}");
    }
}

#[test]
fn a_file_is_compressed_if_the_client_accepts_gzip() {
    let server = serve();
    let request = || Request::get("/docs/swagger-ui-bundle.js");
    let plain = server.send(&request());
    let gzip = server.send(&request().header("accept-encoding", "gzip, deflate, br"));
    assert_eq!(plain.header("content-encoding"), None);
    assert_eq!(gzip.header("content-encoding"), Some("gzip"));
    assert!(gzip.body.len() * 2 < plain.body.len());
    assert_eq!(gzip.body[..2], [0x1f, 0x8b]);
    assert!(gzip.headers.contains(&("vary".to_owned(), "accept-encoding".to_owned())));
    assert_ne!(gzip.header("etag"), plain.header("etag"));
    let refused = server.send(&request().header("accept-encoding", "gzip;q=0"));
    assert_eq!(refused.body, plain.body);
}

#[test]
fn a_cached_file_is_not_sent_again() {
    let server = serve();
    for (name, _) in FILES {
        let request = || Request::get(&format!("/docs/{name}")).header("accept-encoding", "gzip");
        let response = server.send(&request());
        let etag = response.header("etag").unwrap();
        let again = server.send(&request().header("if-none-match", etag));
        assert_eq!((again.status, again.body.len()), (304, 0), "{name}");
        let changed = server.send(&request().header("if-none-match", "\"other\""));
        assert_eq!(changed.status, 200, "{name}");
    }
}

#[test]
fn the_documentation_has_the_manners_of_the_service() {
    let server = serve();
    let response = server.post("/docs", "{}");
    assert_eq!((response.status, response.header("allow")), (405, Some("GET, HEAD, OPTIONS")));
    let response = server.get("/docs/other");
    assert_eq!((response.status, response.text()), (404, r#"{"detail":"Not Found"}"#));
    assert!(response.header("x-request-id").is_some());
    assert_eq!(server.send(&Request::new("HEAD", "/docs")).status, 200);
    let response = server.post("/ask", "{}");
    assert_eq!((response.status, response.header("allow")), (405, Some("GET, HEAD, OPTIONS")));
    assert_eq!(server.get("/ask/").header("location"), Some("../ask"));
    assert_eq!(server.send(&Request::new("HEAD", "/ask")).status, 200);
}

#[test]
fn the_documentation_is_counted_with_the_service() {
    let server = serve();
    server.get("/docs");
    server.get("/docs/swagger-ui.css");
    server.get("/docs/initializer.js");
    server.get("/ask");
    server.get("/ask/ask.css");
    server.get("/openapi.json");
    let scrape = scrape(&mut server.client());
    let requests =
        |handler: &str| scrape.sum("http_requests_total", &format!("handler=\"{handler}\""));
    assert_eq!(requests("/docs"), 1.0);
    assert_eq!(requests("/docs/{file}"), 2.0);
    assert_eq!(requests("/ask"), 1.0);
    assert_eq!(requests("/ask/{file}"), 1.0);
    assert_eq!(requests("/openapi.json"), 1.0);
}

#[test]
fn a_complete_answer_is_not_logged_as_cut_off() {
    let server = serve();
    for accept in ["gzip", "identity"] {
        let request = Request::get("/docs/swagger-ui-bundle.js").header("accept-encoding", accept);
        assert!(server.send(&request).body.len() > 400_000);
    }
    assert_eq!(server.stop(), [""; 0]);
}
