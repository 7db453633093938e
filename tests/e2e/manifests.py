"""The manifests of deploy/kubernetes as a cluster would look at them: each by its schema, all by what ties them.

Needs the packages of tools/python/deploy.txt; deploy_test.py starts itself with the Python that has them.
"""
import copy, functools, json, pathlib, re, subprocess

import jsonschema, kubernetes_validate, referencing, yaml

from harness import ROOT

FOLDER = ROOT / "deploy" / "kubernetes"
KUBERNETES = "v1.37.0"
SCHEMAS = pathlib.Path(kubernetes_validate.__file__).parent / "kubernetes-json-schema" / f"{KUBERNETES}-local-strict"
ROUTES = ("gateway.networking.k8s.io/v1", "HTTPRoute")


# ---- reading --------------------------------------------------------------------------------------------------------

class Loader(yaml.CSafeLoader):
    """Refuses a key that comes twice, as kubectl does; PyYAML takes the last."""

    def construct_mapping(self, node, deep=False):
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        if double := [key for key in keys if keys.count(key) > 1]:
            raise yaml.constructor.ConstructorError(None, None, f"key {double[0]!r} comes twice", node.start_mark)
        return super().construct_mapping(node, deep)


def read(path):
    """The documents of a file; a patch is one document too."""
    with open(path) as file:
        return list(yaml.load_all(file, Loader))


def documents():
    """All manifests, without the patches, in the order of their files."""
    return [document for path in sorted(FOLDER.rglob("*.yaml")) if path.parent.name != "patches" for document in read(path)]


def label(document):
    return f"{document.get('kind')}/{(document.get('metadata') or {}).get('name')}"


# ---- schemas --------------------------------------------------------------------------------------------------------

@functools.cache
def kubernetes_schema(name):
    return json.loads((SCHEMAS / f"{name}.json").read_text())


@functools.cache
def kubernetes_validator(kind, api_version):
    group, _, version = api_version.rpartition("/")
    name = "-".join([kind.lower(), *filter(None, [group.split(".")[0]]), version])
    return validator(kubernetes_schema(name))


def validator(schema):
    """What it refers to is in the package, or it is an error: nothing is fetched."""
    definitions = referencing.Resource.from_contents(kubernetes_schema("_definitions"))
    return jsonschema.Draft202012Validator(schema, registry=definitions @ referencing.Registry())


@functools.cache
def route_validator():
    """By the definition that a cluster has: where it lists properties, it knows no others (kubectl's strict fields)."""
    path = subprocess.run([ROOT / "tools" / "gateway-api"], check=True, capture_output=True, text=True).stdout.strip()
    definition = read(path)[0]["spec"]
    assert definition["names"]["kind"] == ROUTES[1]
    version = next(one for one in definition["versions"] if one["name"] == ROUTES[0].rpartition("/")[2])

    def close(schema):
        if "properties" in schema:
            schema.setdefault("additionalProperties", False)
            for inner in schema["properties"].values():
                close(inner)
        if "items" in schema:
            close(schema["items"])

    schema = version["schema"]["openAPIV3Schema"]
    close(schema)
    # The definition leaves metadata to the cluster, for which it is the same in every kind.
    other = kubernetes_schema("configmap-v1")
    schema |= {"$id": other["$id"]}  # what its references start from
    schema["properties"]["metadata"] = other["properties"]["metadata"]
    return validator(schema)


def schema_problems(document):
    kind, api_version = document.get("kind"), document.get("apiVersion")
    if not isinstance(kind, str) or not isinstance(api_version, str):
        return [f"{label(document)}: no kind or no apiVersion"]
    try:
        checks = route_validator() if (api_version, kind) == ROUTES else kubernetes_validator(kind, api_version)
    except FileNotFoundError:
        return [f"{label(document)}: Kubernetes {KUBERNETES} has no {kind} in {api_version}"]
    return [f"{label(document)} {error.json_path}: {error.message}" for error in checks.iter_errors(document)]


# ---- what ties them -------------------------------------------------------------------------------------------------

def seconds(text):
    number, unit = re.fullmatch(r"(\d+)(ms|s|m|h)", text).groups()
    return int(number) * {"ms": 0.001, "s": 1, "m": 60, "h": 3600}[unit]


def of_kind(manifests, kind):
    return [document for document in manifests if document["kind"] == kind]


def pods(deployment):
    return deployment["spec"]["template"]


def selected(selector, manifests):
    """The Deployments whose pods have these labels. An empty selector selects nothing here: no manifest means it."""
    return [deployment for deployment in of_kind(manifests, "Deployment")
            if selector and selector.items() <= pods(deployment)["metadata"].get("labels", {}).items()]


def port_names(deployment):
    return {port["name"]: port["containerPort"] for container in pods(deployment)["spec"]["containers"]
            for port in container.get("ports", [])}


def probes(deployment):
    """{probe: its httpGet}"""
    container = pods(deployment)["spec"]["containers"][0]
    return {name: container[name]["httpGet"] for name in ("startupProbe", "readinessProbe", "livenessProbe")
            if "httpGet" in container.get(name, {})}


def config_map(deployment, manifests):
    """(the ConfigMap, the folder where its files are in the pod, the file that the command names)"""
    spec = pods(deployment)["spec"]
    container = spec["containers"][0]
    volume = next((one for one in spec.get("volumes", []) if "configMap" in one), None)
    mount = next((one for one in container.get("volumeMounts", []) if volume and one["name"] == volume["name"]), None)
    if mount is None:
        return None
    found = [one for one in of_kind(manifests, "ConfigMap") if one["metadata"]["name"] == volume["configMap"]["name"]]
    path = pathlib.PurePath(container["command"][-1])
    if not found or str(path.parent) != mount["mountPath"] or path.name not in found[0]["data"]:
        return None
    return found[0], mount["mountPath"], path.name


def deployment_problems(deployment, manifests):
    spec, inside = deployment["spec"], pods(deployment)["spec"]
    container = inside["containers"][0]
    labels = spec["selector"].get("matchLabels", {})
    ports = port_names(deployment)
    if selected(labels, manifests) != [deployment]:
        yield f"its selector is for the pods of {[label(one) for one in selected(labels, manifests)]}"
    if any(one["labelSelector"].get("matchLabels") != labels for one in inside.get("topologySpreadConstraints", [])):
        yield "it spreads other pods than its own"
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        if probe not in probes(deployment):
            yield f"no {probe} that asks by HTTP"
        elif probes(deployment)[probe]["port"] not in ports:
            yield f"{probe}: no port is called {probes(deployment)[probe]['port']}"
    if not (inside["securityContext"]["runAsNonRoot"] and inside["securityContext"]["runAsUser"] > 0):
        yield "it runs as root"
    if container["securityContext"] != {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True,
                                        "capabilities": {"drop": ["ALL"]}}:
        yield "its container may do more than it needs"
    if not {"cpu", "memory"} <= container.get("resources", {}).get("requests", {}).keys():
        yield "no requests of cpu and memory"
    found = config_map(deployment, manifests)
    if found is None:
        yield "no ConfigMap has the configuration that its command names"
        return
    config = yaml.load(found[0]["data"][found[2]], Loader)
    address, _, port = config["listen"]["http"].rpartition(":")
    if address not in ("0.0.0.0", "[::]") or int(port) not in ports.values():
        yield f"the server listens on {config['listen']['http']}, the ports are {ports}"
    needed = container["lifecycle"]["preStop"]["sleep"]["seconds"] + seconds(config.get("drain", "30s"))
    if inside.get("terminationGracePeriodSeconds", 30) <= needed:
        yield f"terminationGracePeriodSeconds must be more than preStop and drain, {needed:.0f} s"


def service_problems(service, manifests):
    found = selected(service["spec"].get("selector"), manifests)
    if len(found) != 1:
        yield f"its selector is for the pods of {[label(one) for one in found]}, not of one Deployment"
    for port in service["spec"]["ports"]:
        for deployment in found:
            if port.get("targetPort") not in port_names(deployment):
                yield f"no port of {label(deployment)} is called {port.get('targetPort')}"


def budget_problems(budget, manifests):
    found = selected(budget["spec"].get("selector", {}).get("matchLabels"), manifests)
    if len(found) != 1:
        yield f"its selector is for the pods of {[label(one) for one in found]}, not of one Deployment"
    for deployment in found:
        if not 0 < budget["spec"].get("maxUnavailable", 0) < deployment["spec"]["replicas"]:
            yield f"maxUnavailable must be between 0 and the {deployment['spec']['replicas']} replicas of {label(deployment)}"


def route_problems(route, manifests):
    services = {(one["metadata"]["name"], port["port"]) for one in of_kind(manifests, "Service") for port in one["spec"]["ports"]}
    for number, rule in enumerate(route["spec"]["rules"]):
        for backend in rule["backendRefs"]:
            if (backend["name"], backend.get("port")) not in services:
                yield f"rule {number}: no Service {backend['name']} has the port {backend.get('port')}"
        weights = [backend.get("weight", 1) for backend in rule["backendRefs"]]
        if len(weights) > 1 and sum(weights) != 100:
            yield f"rule {number}: the weights are {weights}, which is not 100 together"


def config_map_problems(one, manifests):
    if not one.get("immutable"):
        yield "it can be changed under pods that a roll back returns to"


def tie_problems(manifests):
    """Of manifests that their schemas accept."""
    checks = {"Deployment": deployment_problems, "Service": service_problems, "PodDisruptionBudget": budget_problems,
              "HTTPRoute": route_problems, "ConfigMap": config_map_problems}
    names = [label(document) for document in manifests]
    problems = [f"{name}: twice" for name in sorted(set(names)) if names.count(name) > 1]
    for document in manifests:
        problems += [f"{label(document)}: {problem}" for problem in checks[document["kind"]](document, manifests)]
    return problems


# ---- patches --------------------------------------------------------------------------------------------------------

def patched(document, patch):
    """By kubectl patch: a list is a JSON patch (--type=json), anything else a strategic merge, whose lists go by name."""
    if not isinstance(patch, list):
        return merged(document, patch)
    document = copy.deepcopy(document)
    for step in patch:
        *way, last = [int(key) if key.isdigit() else key for key in step["path"].split("/")[1:]]
        place = functools.reduce(lambda inner, key: inner[key], way, document)
        if step["op"] == "test":
            if place[last] != step["value"]:
                raise ValueError(f"{step['path']} is {place[last]!r}, not {step['value']!r}")
        elif step["op"] == "replace":
            place[last]  # it must be there
            place[last] = step["value"]
        else:
            raise ValueError(f"{step['op']}: no patch here needs it")
    return document


def merged(old, new):
    if isinstance(old, dict) and isinstance(new, dict):
        return {**old, **{key: merged(old.get(key), value) for key, value in new.items()}}
    if isinstance(old, list) and isinstance(new, list) and all("name" in one for one in old + new):
        by_name = {one["name"]: one for one in old}
        return list({**by_name, **{one["name"]: merged(by_name.get(one["name"]), one) for one in new}}.values())
    return copy.deepcopy(new)


def differences(old, new, path=""):
    """{path: (old, new)} of the leaves that differ."""
    if isinstance(old, dict) and isinstance(new, dict):
        return {place: pair for key in sorted({*old, *new})
                for place, pair in differences(old.get(key), new.get(key), f"{path}.{key}".lstrip(".")).items()}
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        return {place: pair for i, (before, after) in enumerate(zip(old, new))
                for place, pair in differences(before, after, f"{path}[{i}]").items()}
    return {} if old == new else {path: (old, new)}
