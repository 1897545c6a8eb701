//! A new version beside the stable one, behind a real Gateway: what each gets, and what clients get.

use crate::canary::{CANARY, STABLE, one_pod};
use crate::harness::{
    Api, Applied, Cluster, GATEWAY, METRICS, Prometheus, QUESTION, eventually, predict, prediction,
};
use crate::http::{Client, Request};
use crate::manifests::{deployed_with, with};
use crate::rollout::{Done, IMAGE};
use crate::service::{JOB, filled_in, has_number, is_of_outcomes, targets};
use serde_json::Value;
use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

const SHADOW: &str = "model-api-service-shadow";
/// The connections of a rolling update's clients.
const CLIENTS: usize = 8;
/// Both versions, where a person chooses jobs.
const BOTH: &str = "model-api-service(-canary)?";

#[test]
fn a_canary_gets_its_share_of_5000_requests_and_each_is_counted_once() {
    let cluster = Cluster::take();
    let applied = cluster.apply(with(&["image", "alerts", "dashboard", "canary", "traefik"]));
    applied.ready(2);
    one_pod(&applied, CANARY);
    let gateway = cluster.gateway();
    let prometheus = cluster.prometheus(JOB);
    prometheus.reaches(&format!("sum(up{{job=~{BOTH:?}}})"), 3.0);
    gateway.serves();

    // Each is counted, by the versions and by the Gateway.
    ask(5000);
    prometheus.reaches("sum(model_predictions_total)", 5000.0);
    prometheus.reaches(r#"sum(traefik_service_requests_total{method="POST",code="200"})"#, 5000.0);
    // Each version got its share.
    let [stable, canary] = [STABLE, CANARY].map(|job| {
        let counted = format!("sum(model_predictions_total{{job={job:?}}})");
        prometheus.value(&counted).unwrap()
    });
    println!("{stable} were answered by the stable version, and {canary} by the canary");
    let least = 1000.0 - most(5000);
    assert!((least..=most(5000)).contains(&canary), "{canary}");

    // Rules and dashboard see it.
    has_rate(&prometheus, STABLE);
    has_rate(&prometheus, CANARY);
    panels_have_both_jobs(&prometheus, &applied);
}

/// Waits until the Gateway's rule has a rate, of the counters that Traefik has and by their labels.
fn has_rate(prometheus: &Prometheus, job: &str) {
    let labels = format!(r#"namespace="default",job={job:?},code="200""#);
    let rate = format!("code:gateway_requests:rate5m{{{labels}}}");
    eventually(&format!("{rate} is over 0"), || {
        ask(20);
        prometheus.value(&rate).filter(|rate| *rate > 0.0)
    });
}

/// Every panel whose legend has the job.
fn panels_have_both_jobs(prometheus: &Prometheus, applied: &Applied<'_>) {
    let by_job = |target: &&(String, Value)| {
        target.1["legendFormat"].as_str().is_some_and(|legend| legend.contains("{{job}}"))
    };
    let targets = targets(applied);
    for (title, target) in targets.iter().filter(by_job) {
        let query = filled_in(target["expr"].as_str().unwrap(), BOTH);
        if is_of_outcomes(&query) {
            continue;
        }
        let results = eventually(&format!("{title} has both jobs: {query}"), || {
            ask(20);
            let mut results = prometheus.query(&query);
            results.retain(|result| has_number(std::slice::from_ref(result)));
            let has = |job| results.iter().any(|result| result["metric"]["job"] == job);
            (has(STABLE) && has(CANARY)).then_some(results)
        });
        for result in results {
            println!("{title}: {} is {}", result["metric"], result["value"][1]);
        }
    }
}

#[test]
fn nothing_is_lost_when_a_canary_is_given_up() {
    let cluster = Cluster::take();
    let applied = cluster.apply(with(&["image", "canary"]));
    applied.ready(2);
    let canary = one_pod(&applied, CANARY);
    let gateway = cluster.gateway();
    gateway.serves();

    let statuses = statuses_while(|| {
        // The canary gets nothing any more, as docs/canary.md says.
        let weights = r#"[
            {"op": "replace", "path": "/spec/rules/0/backendRefs/0/weight", "value": 100},
            {"op": "replace", "path": "/spec/rules/0/backendRefs/1/weight", "value": 0}]"#;
        cluster.kubectl(&["patch", "httproute", STABLE, "--type=json", "-p", weights]);
        eventually("the canary gets nothing", || {
            let before = predictions(canary);
            ask(100);
            (predictions(canary) == before).then_some(())
        });
        // It goes.
        let overlay = with(&["image", "http-route"]);
        cluster.kubectl(&["apply", "-k", overlay.to_str().unwrap()]);
        cluster.kubectl(&["delete", "spinapp,serviceaccount", CANARY]);
        cluster.kubectl(&["delete", "servicemonitor", "model-api-servicemonitor-canary"]);
        eventually("the canary is gone", || {
            applied.object("api/v1", "services", CANARY).is_none().then_some(())
        });
        ask(1000);
    });
    println!("{} requests were answered meanwhile", statuses.len());
    all_answered(&statuses);
}

#[test]
fn a_rolling_update_of_a_spin_app_loses_none_of_20000_requests() {
    let cluster = Cluster::take();
    let applied = cluster.apply(with(&["image", "http-route"]));
    applied.ready(2);
    cluster.apply_as("model-api", "k8s/rollout/deployment.yaml");
    rolled(&applied, |pod| !pod["spec"]["containers"][0]["lifecycle"]["preStop"].is_null());
    let gateway = cluster.gateway();
    gateway.serves();
    roll_under_load(&applied);
}

#[test]
fn a_rolling_update_of_a_deployment_loses_none_of_20000_requests() {
    let cluster = Cluster::take();
    let applied = cluster.apply(deployed_with(&["image", "canary/deployment"]));
    applied.ready(2);
    let canary = one_pod(&applied, CANARY);
    let prometheus = cluster.prometheus(&format!("{JOB}-canary"));
    prometheus.reaches(&format!("sum(up{{job={CANARY:?}}})"), 1.0);
    let gateway = cluster.gateway();
    gateway.serves();
    let before = predictions(canary);
    let answered = roll_under_load(&applied);
    let share = (predictions(canary) - before) / answered as f64;
    println!("the canary answered {share:.3} of them");
    assert!((0.09..=0.11).contains(&share), "{share}");
}

/// Gives the stable version another image while clients ask, and returns how many requests were answered: all.
fn roll_under_load(applied: &Applied<'_>) -> usize {
    let (asked, done) = (AtomicUsize::new(0), AtomicBool::new(false));
    let ask = || {
        let mut client = Client::connect(GATEWAY);
        let mut statuses = Vec::new();
        while asked.fetch_add(1, Ordering::Relaxed) < 20_000 || !done.load(Ordering::Relaxed) {
            statuses.push(client.send(&prediction(QUESTION)).status);
        }
        statuses
    };
    let statuses: Vec<u16> = thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS).map(|_| scope.spawn(ask)).collect();
        {
            let _done = Done(&done);
            eventually("there is load", || (asked.load(Ordering::Relaxed) > 1000).then_some(()));
            applied.set_image(IMAGE);
            rolled(applied, |pod| pod["spec"]["containers"][0]["image"] == IMAGE);
            println!("rolled after {} requests", asked.load(Ordering::Relaxed));
        }
        clients.into_iter().flat_map(|client| client.join().unwrap()).collect()
    });
    println!("{} requests were answered", statuses.len());
    assert!(statuses.len() >= 20_000);
    all_answered(&statuses);
    statuses.len()
}

/// Waits until there are two pods, ready and of a kind, and none else.
fn rolled(applied: &Applied<'_>, new: impl Fn(&Value) -> bool) {
    eventually("every pod is new", || {
        let pods = pods_of(applied, STABLE);
        let ready =
            |pod: &&Value| pod["status"]["containerStatuses"][0]["ready"] == true && new(pod);
        (pods.len() == 2 && pods.iter().filter(ready).count() == 2).then_some(())
    });
}

#[test]
fn a_canary_that_dies_costs_no_more_than_its_share_and_nothing_with_retries() {
    let cluster = Cluster::take();
    let applied = cluster.apply(with(&["image", "canary"]));
    applied.ready(2);
    let gateway = cluster.gateway();
    let prometheus = cluster.prometheus(JOB);
    gateway.serves();

    // Its share is lost while it has no pod.
    let statuses = statuses_while(|| lose(&applied, CANARY));
    let [answered, unreachable, absent] =
        [200, 502, 503].map(|status| statuses.iter().filter(|other| **other == status).count());
    println!("{answered} requests were answered, {unreachable} were 502, and {absent} 503");
    assert_eq!(answered + unreachable + absent, statuses.len());
    let lost = (unreachable + absent) as f64;
    assert!(unreachable > 0 && absent > 0 && lost <= most(statuses.len()));
    // Traefik counts what it could not reach, and not what there was not.
    let counted = r#"sum(traefik_service_requests_total{service=~".+-canary-1@.+",code=~"5.."})"#;
    prometheus.reaches(counted, unreachable as f64);

    // Another replica is asked.
    let overlay = with(&["image", "canary", "traefik"]);
    cluster.kubectl(&["apply", "-k", overlay.to_str().unwrap()]);
    // A new Traefik retries from its first answer on.
    drop(gateway);
    let gateway = cluster.gateway();
    gateway.serves();
    let statuses = statuses_while(|| lose(&applied, CANARY));
    println!("{} requests were answered, with retries", statuses.len());
    all_answered(&statuses);
}

#[test]
fn a_shadow_counts_what_the_stable_version_answers() {
    let cluster = Cluster::take();
    let applied = cluster.apply(with(&["image", "shadow"]));
    applied.ready(2);
    one_pod(&applied, SHADOW);
    // Traefik refuses what it does not know, as the Gateway API says, and answers nothing but 500.
    let route = applied.object("apis/gateway.networking.k8s.io/v1", "httproutes", STABLE).unwrap();
    assert_eq!(route["spec"]["rules"][0]["filters"][0]["type"], "RequestMirror");
    let gateway = cluster.gateway();
    eventually("Traefik has no RequestMirror", || {
        (predict(GATEWAY, QUESTION).status == 500).then_some(())
    });

    // It copies requests by a resource of its own.
    let overlay = with(&["image", "traefik/shadow", "traefik"]);
    cluster.kubectl(&["apply", "-k", overlay.to_str().unwrap()]);
    let prometheus = cluster.prometheus(JOB);
    prometheus.reaches(r#"sum(up{job=~"model-api-service(-shadow)?"})"#, 3.0);
    gateway.serves();
    ask(1000);
    for job in [STABLE, SHADOW] {
        prometheus.reaches(&format!("sum(model_predictions_total{{job={job:?}}})"), 1000.0);
    }
    has_rate(&prometheus, STABLE);
    // No client sees what the shadow answers, nor that it does not.
    let statuses = statuses_while(|| lose(&applied, SHADOW));
    all_answered(&statuses);
}

/// Asks the Gateway so many times for a prediction, and gets each.
fn ask(times: usize) {
    let mut client = Client::connect(GATEWAY);
    for _ in 0..times {
        assert_eq!(client.send(&prediction(QUESTION)).status, 200);
    }
}

/// Asks the Gateway while something is done, and returns the status of each answer.
fn statuses_while(act: impl FnOnce()) -> Vec<u16> {
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let asking = scope.spawn(|| {
            let mut client = Client::connect(GATEWAY);
            let mut statuses = Vec::new();
            while !done.load(Ordering::Relaxed) {
                statuses.push(client.send(&prediction(QUESTION)).status);
            }
            statuses
        });
        {
            // Also if `act` fails.
            let _done = Done(&done);
            act();
        }
        asking.join().unwrap()
    })
}

fn all_answered(statuses: &[u16]) {
    let others: BTreeSet<_> = statuses.iter().filter(|status| **status != 200).collect();
    assert!(others.is_empty(), "{others:?} in {} answers", statuses.len());
}

/// Ends an app's only pod at once, and each that takes its place, until the Gateway has seen that there is
/// none. Waits until it asks the next one.
fn lose(applied: &Applied<'_>, app: &str) {
    let reloads = reloads();
    eventually("the Gateway has nobody to ask", || {
        for pod in pods_of(applied, app) {
            let name = pod["metadata"]["name"].as_str().unwrap();
            Api.delete_now(&format!("/api/v1/namespaces/default/pods/{name}"));
        }
        (self::reloads() > reloads).then_some(())
    });
    for _ in 0..100 {
        predict(GATEWAY, QUESTION);
    }
    eventually("the Gateway asks another pod", || {
        let next = pods_of(applied, app).into_iter().next()?;
        let ready = next["status"]["containerStatuses"][0]["ready"] == true;
        let address: IpAddr = next["status"]["podIP"].as_str()?.parse().unwrap();
        (ready && predictions((address, 80).into()) > 0.0).then_some(())
    });
}

/// The configurations that Traefik has taken.
fn reloads() -> f64 {
    sum_of(METRICS, "traefik_config_reloads_total")
}

fn pods_of(applied: &Applied<'_>, app: &str) -> Vec<Value> {
    let mut pods = applied.objects("api/v1", "pods");
    pods.retain(|pod| pod["metadata"]["labels"]["core.spinkube.dev/app-name"] == app);
    pods
}

/// Three standard deviations over a tenth of so many requests.
fn most(requests: usize) -> f64 {
    let requests = requests as f64;
    requests * 0.1 + 3.0 * (requests * 0.1 * 0.9).sqrt()
}

/// The predictions that a pod has counted.
fn predictions(pod: SocketAddr) -> f64 {
    sum_of(pod, "model_predictions_total")
}

/// The sum of a counter's series, in a server's metrics.
fn sum_of(server: SocketAddr, counter: &str) -> f64 {
    let metrics = Client::connect(server).send(&Request::get("/metrics"));
    let series = metrics.text().lines().filter(|line| line.starts_with(counter));
    series.map(|line| line.rsplit(' ').next().unwrap().parse::<f64>().unwrap()).sum()
}
