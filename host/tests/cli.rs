//! Tests of the binary: its output and its exit code.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::time::Duration;

const STATIC: &str = "spin_manifest_version = 2\n[application]\nname = \"static\"\n\
                      [[trigger.http]]\nroute = \"/hello\"\nstatic_response.body = \"hi\"\n";

#[test]
fn the_server_prints_its_address_and_exits_with_0_on_sigterm() {
    for stop in ["-TERM", "-INT"] {
        let (mut host, mut stdout) = serve(&manifest("serves", STATIC));
        let address = line(&mut stdout).replace("Serving http://", "");
        assert_eq!(line(&mut stdout), format!("  http://{address}/hello  a static response"));
        let mut client = TcpStream::connect(&address).unwrap();
        client.write_all(b"GET /hello HTTP/1.0\r\n\r\n").unwrap();
        let mut response = String::new();
        client.read_to_string(&mut response).unwrap();
        assert!(response.ends_with("\r\n\r\nhi"), "{response}");

        Command::new("kill").args([stop, &host.0.id().to_string()]).status().unwrap();
        assert!(host.0.wait().unwrap().success());
    }
}

#[test]
fn a_stop_is_a_failure_if_it_cuts_off_a_request() {
    let mut command = host(&["--listen", "127.0.0.1:0", "--from"]);
    command.arg(manifest("cut-off", STATIC)).env("MODEL_API_DRAIN_TIMEOUT", "0");
    command.env("MODEL_API_STOP_NOTICE", "0");
    let (mut host, mut stdout) = start(command.stderr(Stdio::piped()));
    let mut client = TcpStream::connect(line(&mut stdout).replace("Serving http://", "")).unwrap();
    // The client has its answer, but the server still waits for the announced body.
    client.write_all(b"POST /hello HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\n").unwrap();
    assert!(line(&mut BufReader::new(&client)).starts_with("HTTP/1.1 200"));
    Command::new("kill").args(["-TERM", &host.0.id().to_string()]).status().unwrap();
    assert_eq!(host.0.wait().unwrap().code(), Some(1));
    let error = line(&mut BufReader::new(host.0.stderr.take().unwrap()));
    assert!(error.contains("stopped with unfinished requests: 1"), "{error}");
}

#[cfg(target_os = "linux")]
#[test]
fn the_server_goes_on_if_its_log_cannot_be_written() {
    let variables = "[variables]\nlog_requests = { default = \"true\" }\n";
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let mut command = host(&["--listen", "127.0.0.1:0", "--from"]);
    command.arg(manifest("full", &format!("{STATIC}{variables}")));
    let (_host, mut stdout) = start(command.stderr(full));
    let address = line(&mut stdout).replace("Serving http://", "");
    drop(stdout);
    for _ in 0..3 {
        let mut client = TcpStream::connect(&address).unwrap();
        client.write_all(b"GET /nothing HTTP/1.0\r\n\r\n").unwrap();
        assert!(line(&mut BufReader::new(client)).contains(" 404 "));
    }
}

#[test]
fn idle_clients_with_every_file_descriptor_keep_no_client_out() {
    let mut shell = Command::new("sh");
    let program = env!("CARGO_BIN_EXE_model-api-host");
    let script = "ulimit -n 64; exec \"$0\" --listen 127.0.0.1:0 --from \"$1\"";
    shell.args(["-c", script, program]).arg(manifest("descriptors", STATIC));
    // Nothing else closes them in time.
    shell.env("MODEL_API_FIRST_REQUEST_TIMEOUT", "3600");
    let (_host, mut stdout) = start(shell.stderr(Stdio::null()));
    let address = line(&mut stdout).replace("Serving http://", "");
    let _idle: Vec<_> = (0..100).map(|_| TcpStream::connect(&address).unwrap()).collect();
    let mut client = TcpStream::connect(&address).unwrap();
    client.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    client.write_all(b"GET /hello HTTP/1.0\r\n\r\n").unwrap();
    assert!(line(&mut BufReader::new(client)).contains(" 200 "));
}

#[test]
fn a_busy_port_is_an_error_with_a_remedy() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let manifest = manifest("busy", STATIC);
    let output = run(&["--from", manifest.to_str().unwrap(), "--listen", &address.to_string()]);
    let remedy =
        format!("cannot listen on {address}; choose a free port with --listen 127.0.0.1:0");
    assert_error(&output, &remedy);
}

#[test]
fn a_missing_manifest_is_an_error_with_a_remedy() {
    assert_error(&run(&["--from", "nowhere.toml"]), "cannot read nowhere.toml; name a manifest");
}

#[test]
fn a_broken_manifest_is_an_error_with_its_place() {
    let path = manifest("broken", &STATIC.replace("route", "rout"));
    assert_error(&run(&["--from", path.to_str().unwrap()]), "spin.toml: line 5, column 1: ");
}

#[test]
fn a_missing_component_is_an_error_with_its_build_command() {
    let component = "[[trigger.http]]\nroute = \"/\"\ncomponent = \"c\"\n[component.c]\n\
                     source = \"c.wasm\"\nbuild.command = [\"make m\", \"make c\"]\n";
    let path = manifest("unbuilt", &format!("{STATIC}{component}"));
    let output = run(&["--no-build", "--listen", "127.0.0.1:0", "-f", path.to_str().unwrap()]);
    assert_error(&output, "c.wasm; build it with `make m && make c`, or leave out --no-build");
}

#[test]
fn a_limit_must_be_a_number() {
    let output = host(&[]).env("MODEL_API_CONNECTIONS", "many").output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert!(stderr.contains("'many' for '--connections <CONNECTIONS>'"), "{stderr}");
}

#[test]
fn help_and_version_are_printed() {
    assert!(String::from_utf8(run(&["--help"]).stdout).unwrap().contains("Usage: model-api-host"));
    let version = concat!("model-api-host ", env!("CARGO_PKG_VERSION"), "\n");
    assert_eq!(String::from_utf8(run(&["--version"]).stdout).unwrap(), version);
}

/// Writes `text` as a manifest and returns its path.
fn manifest(name: &str, text: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("spin.toml");
    std::fs::write(&path, text).unwrap();
    path
}

fn host(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_model-api-host"));
    command.args(arguments);
    command
}

fn run(arguments: &[&str]) -> Output {
    host(arguments).output().unwrap()
}

/// A running host. It is killed at the end of the test, even if the test fails.
struct Host(Child);

impl Drop for Host {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn serve(manifest: &Path) -> (Host, BufReader<ChildStdout>) {
    start(host(&["--listen", "127.0.0.1:0", "--from"]).arg(manifest))
}

fn start(command: &mut Command) -> (Host, BufReader<ChildStdout>) {
    let mut host = command.stdout(Stdio::piped()).spawn().unwrap();
    let stdout = BufReader::new(host.stdout.take().unwrap());
    (Host(host), stdout)
}

fn line(reader: &mut impl BufRead) -> String {
    let mut line = String::new();
    reader.read_line(&mut line).unwrap();
    line.trim_end().to_owned()
}

/// Checks for exit code 1 and a single line with `part` on standard error.
fn assert_error(output: &Output, part: &str) {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(stderr.starts_with("error: ") && stderr.contains(part), "{stderr}");
    assert_eq!(stderr.trim_end().lines().count(), 1, "{stderr}");
}
