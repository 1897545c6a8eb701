//! The way of k8s/README.md from nothing, as far as a control plane goes.

use crate::documents::read;
use crate::harness::{Cluster, predict_as_ever};

/// The parts of lines that need the internet, a kubelet, or what is installed from there.
const ELSEWHERE: [&str; 5] = ["http", "oci://", "port-forward", "-n cert-manager", "-n monitoring"];

#[test]
fn the_readmes_lines_bring_the_service_up_in_their_order() {
    let cluster = Cluster::take();
    // What its lines apply is taken away with this.
    let applied = cluster.apply("k8s/overlays/local");
    for section in ["### The operators", "### The service"] {
        for line in lines(section) {
            let (command, _) = line.split_once(" #").unwrap_or((&line, ""));
            let arguments = command.strip_prefix("kubectl ").expect("other lines are elsewhere");
            let printed = cluster.kubectl(&arguments.split_whitespace().collect::<Vec<_>>());
            println!("$ {line}\n{printed}");
        }
    }
    predict_as_ever(applied.ready(1)[0]);
}

/// The lines of a section's commands that can be run here.
fn lines(section: &str) -> Vec<String> {
    let readme = read("k8s/README.md");
    let (_, rest) = readme.split_once(&format!("{section}\n")).expect("there is that section");
    let (section, _) = rest.split_once("\n### ").expect("another follows");
    let blocks = section.split("```sh\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    let commands = blocks.flat_map(str::lines).filter(|line| line.starts_with("kubectl "));
    let is_here = |line: &&str| !ELSEWHERE.iter().any(|part| line.contains(part));
    commands.filter(is_here).map(str::to_owned).collect()
}
