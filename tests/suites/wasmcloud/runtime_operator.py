"""What wasmCloud's operator sends a host for a WorkloadDeployment, as its workload_controller.go makes
it. The operator itself is not run."""

import asyncio
import json

import nats
import yaml

from hosts import ROOT

NAMESPACE = "default"


def deployment():
    """The project's own, with the images of its kustomization."""
    folder = ROOT / "k8s" / "wasmcloud"
    workload = yaml.safe_load((folder / "workload-deployment.yaml").read_text())
    kustomization = yaml.safe_load((folder / "kustomization.yaml").read_text())
    images = {image["name"]: image for image in kustomization["images"]}
    for component in components(workload):
        image = images[component["image"]]
        component["image"] = f"{image['newName']}:{image['newTag']}"
    return workload


def components(workload):
    return workload["spec"]["template"]["spec"]["components"]


def start_request(workload, workload_id):
    """The message that starts a replica."""
    spec = workload["spec"]["template"]["spec"]
    interfaces = [dict(interface) for interface in spec["hostInterfaces"]]
    service = f"{spec['kubernetes']['service']['name']}.{NAMESPACE}"
    for interface in interfaces:
        if "incoming-handler" in interface["interfaces"]:
            aliases = {"host-aliases": f"{service},{service}.svc"}
            interface["config"] = interface.get("config", {}) | aliases
    wanted = [
        {
            "name": component["name"],
            "image": component["image"],
            "localResources": _resources(component.get("localResources", {})),
        }
        for component in spec["components"]
    ]
    return {
        "workloadId": workload_id,
        "workload": {
            "namespace": NAMESPACE,
            "name": workload["metadata"]["name"],
            "witWorld": {"components": wanted, "hostInterfaces": interfaces},
        },
    }


def _resources(local):
    return {
        "environment": local.get("environment", {}).get("config", {}),
        "allowedHosts": local.get("allowedHosts", []),
    }


def start(nats_url, workload):
    """Starts a replica on each of as many hosts as there are replicas; returns when all run."""
    asyncio.run(_start(nats_url, workload))


async def _start(nats_url, workload):
    client = await nats.connect(nats_url)
    hosts = asyncio.Queue()
    known = set()

    async def heartbeat(message):
        host = json.loads(message.data)["id"]
        if host not in known:
            known.add(host)
            await hosts.put(host)

    await client.subscribe("runtime.operator.heartbeat.>", cb=heartbeat)
    for replica in range(workload["spec"]["replicas"]):
        host = await asyncio.wait_for(hosts.get(), 60)
        request = json.dumps(start_request(workload, f"replica-{replica}")).encode()
        answer = await client.request(f"runtime.host.{host}.workload.start", request, timeout=120)
        status = json.loads(answer.data)["workloadStatus"]
        assert status["workloadState"] == "WORKLOAD_STATE_RUNNING", status
    await client.close()
