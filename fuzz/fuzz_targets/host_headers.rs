//! The head of any request to the embedded host: the authority that it finds, and the headers that it
//! gives to a component.
#![no_main]

use fuzzed_host::authority;
use fuzzed_host::headers::{self, RouteHeaders};
use fuzzed_host::request_id::RequestId;
use fuzzed_host::routes::Router;
use http::request::Parts;
use http::uri::Authority;
use http::{HeaderMap, HeaderValue, Request};
use libfuzzer_sys::fuzz_target;
use model_api_fuzz::{Message, check_request_id};

const ROUTE: &str = "/v2/:model_name/...";

fuzz_target!(|bytes: &[u8]| {
    let Some(mut parts) = Message::parse(bytes).and_then(parts) else { return };
    check_request_id(RequestId::new(&parts.headers).get());
    let asked = parts.uri.clone();
    let Ok(found) = authority::find(&mut parts) else { return };

    // What is found is a host, and is found again.
    let parsed: Authority = found.parse().expect("it is an authority");
    let port = found.strip_prefix(parsed.host()).expect("there is no user");
    assert!(!parsed.host().is_empty(), "{found:?}");
    assert!(
        port.strip_prefix(':').unwrap_or_default().bytes().all(|c| c.is_ascii_digit()),
        "{found:?}"
    );
    let host = parts.headers.get("host").map(HeaderValue::as_bytes);
    assert_eq!(host.unwrap_or(b"localhost"), found.as_bytes());
    assert_eq!(authority::find(&mut parts).as_deref(), Ok(found.as_str()));

    // A component gets the host's headers, and no others that look like them.
    let router = Router::new([(ROUTE.to_owned(), ()), ("/...".to_owned(), ())]).unwrap();
    let Some(target) = router.find(asked.path()) else { return };
    let route = RouteHeaders::new(ROUTE).unwrap();
    let client = HeaderValue::from_static("192.0.2.1:7");
    headers::set(&mut parts.headers, &route, &target, &found, asked.path_and_query(), &client);
    check_spin_headers(&parts.headers);
});

fn parts(message: Message) -> Option<Parts> {
    let mut request = Request::builder().method(message.method).uri(message.uri);
    for (name, value) in message.headers {
        request = request.header(name, value);
    }
    Some(request.body(()).ok()?.into_parts().0)
}

fn check_spin_headers(headers: &HeaderMap) {
    let url = &headers["spin-full-url"];
    assert!(http::Uri::try_from(url.as_bytes()).is_ok(), "{url:?}");
    for name in headers.keys().map(|name| name.as_str()) {
        let is_of_spin = name.starts_with("spin-") || name.starts_with("spin_");
        assert!(!is_of_spin || OF_SPIN.contains(&name), "{name}");
        assert!(!is_of_spin || headers.get_all(name).iter().count() == 1, "{name}");
    }
}

const OF_SPIN: [&str; 8] = [
    "spin-base-path",
    "spin-client-addr",
    "spin-component-route",
    "spin-full-url",
    "spin-matched-route",
    "spin-path-info",
    "spin-path-match-model-name",
    "spin-raw-component-route",
];
