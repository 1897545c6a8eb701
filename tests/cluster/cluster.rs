//! The manifests in `k8s/`, applied to a real API server, reconciled by the real spin-operator, and
//! scraped by a real Prometheus. `tests/cluster/run` builds what this needs, and runs it.

mod alerts;
mod canary;
mod deployment;
mod documents;
mod drift;
mod gateway;
mod gitops;
mod harness;
#[path = "../support/http.rs"]
// The client can be ruder than these tests are.
#[allow(dead_code)]
mod http;
mod manifests;
mod newcomer;
mod outcomes;
mod rollout;
mod service;
