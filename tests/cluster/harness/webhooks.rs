//! The admission webhooks of SpinKube's operator, with a certificate of their own as cert-manager
//! makes one.

use super::api::Api;
use super::process::{run, tool};
use super::{eventually, root};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::process::Command;

/// Where the operator looks for its certificate, in the folder for temporary files.
const CERTIFICATES: &str = "k8s-webhook-server/serving-certs";
const ADDRESS: &str = "https://127.0.0.1:9443";

/// Writes the certificate, and returns the operator with its webhooks turned on.
pub fn operator(folder: &Path) -> Command {
    let certificates = folder.join(CERTIFICATES);
    fs::create_dir_all(&certificates).unwrap();
    let key = ["-newkey", "rsa:2048", "-nodes", "-keyout", "tls.key"];
    let names = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"];
    let request = ["req", "-x509", "-days", "2", "-out", "tls.crt"];
    openssl(&certificates, &[&request[..], &key, &names].concat());
    let mut operator = tool("spin-operator");
    operator.env("TMPDIR", folder).arg("--enable-webhooks");
    operator
}

/// Registers the webhooks, which the API server asks from then on, and waits until they answer.
pub fn register(folder: &Path) {
    let certificate = openssl(&folder.join(CERTIFICATES), &["base64", "-A", "-in", "tls.crt"]);
    let manifests = root().join("target/cluster/webhook/manifests.yaml");
    let manifests = manifests.to_str().unwrap();
    // Each document is one JSON object, one after the other.
    let printed = run("kubectl", &["create", "--dry-run=client", "-o", "json", "-f", manifests]);
    for configuration in serde_json::Deserializer::from_str(&printed).into_iter::<Value>() {
        let mut configuration = configuration.unwrap();
        for webhook in configuration["webhooks"].as_array_mut().unwrap() {
            let path = webhook["clientConfig"]["service"]["path"].as_str().unwrap();
            let url = format!("{ADDRESS}{path}");
            webhook["clientConfig"] = json!({"url": url, "caBundle": certificate});
        }
        let kind = configuration["kind"].as_str().unwrap().to_lowercase();
        let path = format!("/apis/admissionregistration.k8s.io/v1/{kind}s");
        let response = Api.post(&path, &configuration);
        assert_eq!(response.status, 201, "{}", response.text());
    }
    eventually("the webhooks answer", || {
        let platform = ["apply", "--dry-run=server", "-k", "k8s/platform"];
        tool("kubectl").args(platform).output().unwrap().status.success().then_some(())
    });
}

fn openssl(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new("openssl").current_dir(folder).args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}
