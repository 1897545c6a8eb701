//! Plays the kubelet: each pod of a SpinApp or of a Deployment is an embedded host with the real component, at
//! the pod's own address, with the pod's variables, and ready when its probes say so.

use super::api::Api;
use super::control_plane::NODE;
use super::process::Logs;
use super::root;
use crate::http::{Client, Request};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::process::{Child, Command};
use std::thread;
use std::time::Duration;

/// The pods of the service.
const OURS: &str = "labelSelector=core.spinkube.dev/app-name";

/// A pod that was seen, by its uid.
type Pods = BTreeMap<String, Pod>;

struct Pod {
    path: String,
    address: Ipv4Addr,
    /// Until it is told to stop.
    host: Option<Child>,
    ready: bool,
}

/// Registers the node, and looks after its pods for as long as the run lasts.
pub fn start() {
    let node = json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "node"}});
    Api.post("/api/v1/nodes", &node);
    thread::spawn(|| {
        let mut pods = Pods::new();
        loop {
            synchronise(&mut pods);
            thread::sleep(Duration::from_millis(150));
        }
    });
}

fn synchronise(pods: &mut Pods) {
    let objects = Api.list(&format!("/api/v1/pods?{OURS}"));
    for object in &objects {
        let uid = text(&object["metadata"]["uid"]);
        let going = !object["metadata"]["deletionTimestamp"].is_null();
        match pods.get_mut(&uid) {
            None if !going => {
                let pod = run(object, free_address(pods));
                pods.insert(uid, pod);
            }
            None => drop(Api.delete_now(&pod_path(object))),
            Some(pod) if going => stop(pod, object),
            Some(pod) if !pod.ready => probe(pod, object),
            Some(_) => {}
        }
    }
    let exists = |uid: &String| objects.iter().any(|object| object["metadata"]["uid"] == **uid);
    for (_, gone) in pods.extract_if(.., |uid, _| !exists(uid)) {
        if let Some(mut host) = gone.host {
            host.kill().and_then(|()| host.wait()).expect("the host can be stopped");
        }
    }
}

/// Binds the pod to the node, and starts what its container would.
fn run(object: &Value, address: Ipv4Addr) -> Pod {
    let path = pod_path(object);
    let target = json!({"apiVersion": "v1", "kind": "Node", "name": "node"});
    Api.post(
        &format!("{path}/binding"),
        &json!({
            "apiVersion": "v1", "kind": "Binding",
            "metadata": {"name": object["metadata"]["name"]}, "target": target,
        }),
    );
    let pod = Pod { path, address, host: Some(start_host(object, address)), ready: false };
    report(&pod, object);
    pod
}

fn start_host(object: &Value, address: Ipv4Addr) -> Child {
    let container = &object["spec"]["containers"][0];
    let is_spins = object["spec"]["runtimeClassName"].is_string();
    let mut host = if is_spins { shim(address) } else { image(address) };
    host.current_dir(root()).arg("--no-build");
    for variable in container["env"].as_array().into_iter().flatten() {
        let name = text(&variable["name"]);
        if name.starts_with("SPIN_VARIABLE_") {
            host.env(name, text(&variable["value"]));
        }
    }
    Logs::of_this_run().start(&text(&object["metadata"]["name"]), &mut host)
}

/// In place of Spin.
fn shim(address: Ipv4Addr) -> Command {
    let mut host = Command::new(root().join("target/debug/model-api-host"));
    host.args(["--listen", &format!("{address}:80")]);
    host
}

/// The command of the image that k8s/deployment builds, for the application of this repository.
fn image(address: Ipv4Addr) -> Command {
    let recipe = fs::read_to_string(root().join("k8s/deployment/Dockerfile")).unwrap();
    let command = recipe.lines().find_map(|line| line.strip_prefix("CMD "));
    let command: Vec<String> = serde_json::from_str(command.expect("it has one")).unwrap();
    let mut program = Command::new(root().join("target/debug/model-api"));
    for word in command {
        // A pod has addresses and files of its own.
        let word = word.replace("0.0.0.0", &address.to_string()).replace("/app/", "");
        program.arg(word);
    }
    program
}

/// Ready is what the container's own probes say is ready.
fn probe(pod: &mut Pod, object: &Value) {
    let container = &object["spec"]["containers"][0];
    let answers = |probe: &str| {
        let get = &container[probe]["httpGet"];
        let port = port(container, &get["port"]);
        let server = SocketAddr::from((pod.address, port));
        TcpStream::connect(server).is_ok()
            && Client::connect(server).send(&Request::get(&text(&get["path"]))).status == 200
    };
    if answers("livenessProbe") && answers("readinessProbe") {
        pod.ready = true;
        report(pod, object);
    }
}

/// The number of a container's port.
fn port(container: &Value, named: &Value) -> u16 {
    let mut ports = container["ports"].as_array().into_iter().flatten();
    let of_name = || ports.find(|port| port["name"] == *named)?["containerPort"].as_u64();
    let port = named.as_u64().or_else(of_name).expect("the container has the port");
    port.try_into().expect("it is one")
}

/// Tells a host to stop, after the pause that its container asks for. The others are looked after meanwhile.
fn stop(pod: &mut Pod, object: &Value) {
    let Some(mut host) = pod.host.take() else { return };
    let pause = &object["spec"]["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"];
    let pause = Duration::from_secs(pause.as_u64().unwrap_or_default());
    let path = pod.path.clone();
    thread::spawn(move || {
        thread::sleep(pause);
        Command::new("kill")
            .args(["-TERM", &host.id().to_string()])
            .status()
            .expect("there is a kill");
        host.wait().expect("the host ends");
        Api.delete_now(&path);
    });
}

fn report(pod: &Pod, object: &Value) {
    let ready = if pod.ready { "True" } else { "False" };
    let condition = |kind: &str| json!({"type": kind, "status": ready});
    let container = &object["spec"]["containers"][0];
    let started = &object["metadata"]["creationTimestamp"];
    let status = json!({
        "phase": "Running",
        "hostIP": NODE,
        "podIP": pod.address,
        "podIPs": [{"ip": pod.address}],
        "startTime": started,
        "conditions": [condition("Ready"), condition("ContainersReady")],
        "containerStatuses": [{
            "name": container["name"], "image": container["image"], "imageID": "",
            "ready": pod.ready, "restartCount": 0, "state": {"running": {"startedAt": started}},
        }],
    });
    Api.patch(&format!("{}/status", pod.path), &json!({"status": status}));
}

fn free_address(pods: &Pods) -> Ipv4Addr {
    let free = |address: &Ipv4Addr| pods.values().all(|pod| pod.address != *address);
    let mut addresses = (2..=60).map(|last| Ipv4Addr::new(10, 244, 0, last));
    addresses.find(free).expect("an address is free")
}

fn pod_path(object: &Value) -> String {
    let metadata = &object["metadata"];
    format!("/api/v1/namespaces/{}/pods/{}", text(&metadata["namespace"]), text(&metadata["name"]))
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
