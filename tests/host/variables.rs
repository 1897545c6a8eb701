//! Variables, by both interfaces: the questions of Spin's conformance test `variables`.

use super::{load_error, manifest, serve, serve_with};

#[test]
fn a_guest_reads_its_variables_and_is_told_of_bad_names() {
    let server = serve();
    assert_eq!(server.get("/variable?level").text(), "low");
    assert_eq!(server.get("/variable?non_existent").text(), "undefined");
    for name in ["invalid-name", "invalid!name", "4invalidname", ""] {
        assert_eq!(server.get(&format!("/variable?{name}")).text(), "invalid-name", "{name}");
    }
}

#[test]
fn wasi_config_has_the_same_variables() {
    let server = serve();
    assert_eq!(server.get("/config?level").text(), "low");
    assert_eq!(server.get("/config?non_existent").text(), "none");
    assert_eq!(server.get("/config?invalid-name").text(), "none");
}

#[test]
fn the_operator_overrides_a_default() {
    let server = serve_with(|settings| {
        settings.variables.insert("level".into(), "high".into());
    });
    assert_eq!(server.get("/variable?level").text(), "high");
}

#[test]
fn a_required_variable_without_a_value_stops_the_start() {
    let variables = "[variables]\napi_key = { required = true, secret = true }";
    let error = load_error(&manifest("\"/...\"", "", variables));
    assert!(error.contains("`api_key`") && error.contains("SPIN_VARIABLE_API_KEY"), "{error}");
}

#[test]
fn a_template_can_only_name_a_variable_of_the_application() {
    let component = "variables = { url = \"https://{{ host }}\" }";
    let error = load_error(&manifest("\"/...\"", component, ""));
    assert_eq!(error, "component `probe`: variable `url`: there is no variable `host` to insert");
}
