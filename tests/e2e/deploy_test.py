#!/usr/bin/env python3
"""deploy/kubernetes: the manifests under the schemas of Kubernetes and the Gateway API, under what ties them to each
other, and under the real program. Each check is shown to fail on manifests that are broken in memory."""
import copy, importlib.util, os, re, shutil, signal, subprocess, sys

from harness import GOOD_ROW, MODEL, ROOT, Case, Server, main, turnout

if importlib.util.find_spec("kubernetes_validate") is None:
    python = subprocess.run([ROOT / "tools" / "python" / "venv", "deploy"], check=True, stdout=subprocess.PIPE, text=True)
    os.execv(python.stdout.strip(), [python.stdout.strip(), "-B", *sys.argv])

from manifests import (FOLDER, config_map, differences, documents, label, of_kind, patched, pods, probes, read,
                       schema_problems, tie_problems)

# Whoever writes these chooses the keys: a schema can't know a wrong one.
FREE = {"labels", "matchLabels", "data", "requests", "limits"}
INT_OR_STRING = {"maxSurge", "maxUnavailable", "port", "targetPort"}


def places(value, path=()):
    """(path, value) of everything inside."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield (*path, key), inner
        yield from places(inner, (*path, key))


def inside(document, path):
    for key in path:
        document = document[key]
    return document


def named(manifests, name):
    return next(document for document in manifests if label(document) == name)


class Schemas(Case):
    def test_every_manifest_is_one(self):
        kinds = [document["kind"] for document in documents()]
        self.assertEqual({kind: kinds.count(kind) for kind in kinds}, {
            "ConfigMap": 2, "Deployment": 4, "Service": 3, "PodDisruptionBudget": 3, "HTTPRoute": 1})
        for document in documents():
            self.assertEqual(schema_problems(document), [])

    def broken(self, change, applies):
        """How many breakages there were; each must be a problem."""
        count = 0
        for document in documents():
            for path, value in places(document):
                if not applies(document, path, value):
                    continue
                damaged = copy.deepcopy(document)
                change(inside(damaged, path[:-1]), path[-1])
                self.assertNotEqual(schema_problems(damaged), [], f"{label(document)} {path} was broken, and nobody saw it")
                count += 1
        return count

    def test_a_wrong_name_of_a_field_is_refused(self):
        def change(mapping, key):
            mapping[key + "s"] = mapping.pop(key)

        def applies(document, path, value):
            free = path[-2:-1] and (path[-2] in FREE or path[-2] == "selector" and document["kind"] == "Service")
            return isinstance(path[-1], str) and not free
        self.assertGreater(self.broken(change, applies), 300)

    def test_a_text_in_place_of_a_number_is_refused(self):
        def change(mapping, key):
            mapping[key] = "three"
        count = self.broken(change, lambda document, path, value: type(value) is int
                            and path[-1] not in INT_OR_STRING - {"port"})
        self.assertGreater(count, 50)

    def test_a_number_in_place_of_a_text_is_refused(self):
        """What YAML makes of `version: 2` or `on`."""
        def change(mapping, key):
            mapping[key] = 2
        count = self.broken(change, lambda document, path, value: type(value) is str and FREE.isdisjoint(path)
                            and path[-2:-1] != ("selector",) and path[-1] not in INT_OR_STRING)
        self.assertGreater(count, 100)

    def test_what_must_be_there_is_missed(self):
        for kind, *path in (("Deployment", "spec", "selector"), ("Deployment", "spec", "template"),
                            ("Deployment", "spec", "template", "spec", "containers"),
                            ("Deployment", "spec", "template", "spec", "containers", 0, "name"),
                            ("Deployment", "spec", "template", "spec", "containers", 0, "readinessProbe", "httpGet", "port"),
                            ("Service", "spec", "ports", 0, "port"), ("HTTPRoute", "spec"),
                            ("HTTPRoute", "spec", "parentRefs", 0, "name"),
                            ("HTTPRoute", "spec", "rules", 1, "backendRefs", 1, "name")):
            for document in of_kind(documents(), kind):
                del inside(document, path[:-1])[path[-1]]
                self.assertRegex("\n".join(schema_problems(document)), f"'{path[-1]}' is a required property")

    def test_values_out_of_bounds_are_refused_in_a_route(self):
        for path, value in ((("rules", 1, "backendRefs", 0, "weight"), -1), (("rules", 1, "backendRefs", 0, "port"), 70000),
                            (("rules", 1, "matches", 0, "path", "type"), "Prefix"), (("hostnames", 0), "churn_example")):
            document = named(documents(), "HTTPRoute/churn")
            inside(document["spec"], path[:-1])[path[-1]] = value
            self.assertEqual(len(schema_problems(document)), 1, f"{path} = {value}")

    def test_what_no_cluster_knows_is_refused(self):
        document = named(documents(), "Deployment/churn")
        self.assertRegex(schema_problems({**document, "apiVersion": "extensions/v1beta1"})[0], "has no Deployment in")


class Ties(Case):
    def test_they_hold(self):
        self.assertEqual(tie_problems(documents()), [])

    def test_each_broken_one_is_found(self):
        churn, spec = "Deployment/churn", ("spec", "template", "spec")
        container = (*spec, "containers", 0)
        # manifest, path, what is put there (None: it is taken away), the problem
        cases = (
            (churn, ("spec", "template", "metadata", "labels", "track"), "canary", r"churn: its selector is for the pods of \[\]"),
            (churn, ("spec", "selector", "matchLabels", "track"), None, r"pods of \['Deployment/churn-canary', 'Deployment/churn'\]"),
            (churn, (*container, "ports", 0, "name"), "web", r"readinessProbe: no port is called http"),
            (churn, (*container, "readinessProbe", "httpGet", "port"), "web", r"readinessProbe: no port is called web"),
            (churn, (*container, "livenessProbe"), None, r"no livenessProbe that asks by HTTP"),
            (churn, (*container, "resources", "requests"), None, r"no requests of cpu and memory"),
            (churn, (*container, "securityContext", "readOnlyRootFilesystem"), False, r"may do more than it needs"),
            (churn, (*spec, "securityContext", "runAsUser"), 0, r"it runs as root"),
            (churn, (*container, "lifecycle", "preStop", "sleep", "seconds"), 30, r"more than preStop and drain, 50 s"),
            (churn, (*spec, "terminationGracePeriodSeconds"), 30, r"more than preStop and drain, 30 s"),
            (churn, (*spec, "volumes", 0, "configMap", "name"), "churn", r"no ConfigMap has the configuration"),
            (churn, (*container, "volumeMounts", 0, "mountPath"), "/etc/turnout", r"no ConfigMap has the configuration"),
            ("ConfigMap/churn-v2.1.0", ("immutable",), None, r"it can be changed under pods"),
            ("Service/churn", ("spec", "selector"), None, r"Service/churn: its selector is for the pods of \[\]"),
            ("Service/churn", ("spec", "selector", "track"), None, r"'Deployment/churn-canary', .*, not of one Deployment"),
            ("Service/ml-model-svc", ("spec", "selector", "color"), "red", r"ml-model-svc: its selector is for the pods of \[\]"),
            ("Service/ml-model-svc", ("spec", "ports", 0, "targetPort"), "web", r"no port of Deployment/ml-model-blue is called web"),
            ("PodDisruptionBudget/churn", ("spec", "selector", "matchLabels", "track"), "x", r"pods of \[\]"),
            ("PodDisruptionBudget/churn", ("spec", "maxUnavailable"), 3, r"between 0 and the 3 replicas"),
            ("HTTPRoute/churn", ("spec", "rules", 1, "backendRefs", 1, "weight"), 20, r"\[90, 20\], which is not 100"),
            ("HTTPRoute/churn", ("spec", "rules", 0, "backendRefs", 0, "name"), "canary", r"rule 0: no Service canary"),
            ("HTTPRoute/churn", ("spec", "rules", 1, "backendRefs", 0, "port"), 8080, r"rule 1: no Service churn has the port"),
        )
        for name, path, value, problem in cases:
            manifests = documents()
            place = inside(named(manifests, name), path[:-1])
            if value is None:
                del place[path[-1]]
            else:
                place[path[-1]] = value
            with self.subTest(f"{name} {path}"):
                self.assertRegex("\n".join(tie_problems(manifests)), problem)
        for old, new, problem in (('"0.0.0.0:8080"', '"0.0.0.0:9090"', r"the server listens on 0\.0\.0\.0:9090"),
                                  ('"0.0.0.0:8080"', '"127.0.0.1:8080"', r"the server listens on 127\.0\.0\.1:8080"),
                                  ("drain: 20s", "drain: 2m", r"more than preStop and drain, 130 s"),
                                  ("drain: 20s", "", r"^$")):  # the default: 10 s and 30 s are still less than 45 s
            manifests = documents()
            data = named(manifests, "ConfigMap/churn-v2.1.0")["data"]
            self.assertIn(old, data["server.yaml"])
            data["server.yaml"] = data["server.yaml"].replace(old, new)
            self.assertRegex("\n".join(tie_problems(manifests)), problem)
        self.assertEqual(tie_problems([*documents(), named(documents(), "HTTPRoute/churn")]), ["HTTPRoute/churn: twice"])

    def test_a_key_that_comes_twice_is_refused(self):
        path = self.folder() / "twice.yaml"
        path.write_text("kind: Service\nspec: {ports: [], ports: []}\n")
        with self.assertRaisesRegex(Exception, "'ports' comes twice"):
            read(path)

    def test_blue_and_green_differ_in_colour_and_version_only(self):
        blue, green = (named(documents(), f"Deployment/ml-model-{colour}") for colour in ("blue", "green"))
        self.assertEqual(set(differences(blue, green).values()),
                         {("ml-model-blue", "ml-model-green"), ("blue", "green"), ("v2.1.0", "v2.2.0"),
                          ("turnout-churn:v2.1.0", "turnout-churn:v2.2.0"), ("churn-v2.1.0", "churn-v2.2.0")})

    def test_what_a_tester_asks_for_is_what_the_canary_has(self):
        manifests = documents()
        header = named(manifests, "HTTPRoute/churn")["spec"]["rules"][0]["matches"][0]["headers"][0]
        config, _, file = config_map(named(manifests, "Deployment/churn-canary"), manifests)
        self.assertIn(f"override_header: {header['name']}}}", config["data"][file])
        self.assertIn(f" {header['value']}: {{model: ", config["data"][file])

    def test_the_page_names_what_there_is(self):
        page = (FOLDER / "README.md").read_text()
        names = {label(document) for document in documents()}
        used = re.findall(r"\b(deployment|service|httproute)[/ ]([a-z][a-z-]+)", "\n".join(re.findall(r"(?m)^    .*", page)))
        self.assertGreater(len(used), 8)
        for kind, name in used:
            self.assertIn(f"{ {'httproute': 'HTTPRoute'}.get(kind, kind.title()) }/{name}", names)
        self.assertEqual(set(re.findall(r"[\w/.-]+\.yaml", page)),
                         {str(path.relative_to(FOLDER)) for path in FOLDER.rglob("*.yaml")})


class Patches(Case):
    def patch(self, manifests, name, *files):
        """The differences that the patches make, one after the other; what they make must be good."""
        before = named(manifests, name)
        after = before
        for file in files:
            (patch,) = read(FOLDER / file)
            after = patched(after, patch)
            self.assertEqual(schema_problems(after), [])
            self.assertEqual(tie_problems([after if one is before else one for one in manifests]), [])
        return differences(before, after)

    def test_blue_green(self):
        """The switch and the roll back change the selector's colour, and nothing else."""
        green, blue = "blue-green/patches/to-green.yaml", "blue-green/patches/to-blue.yaml"
        manifests, service = documents(), "Service/ml-model-svc"
        self.assertEqual(self.patch(manifests, service, green), {"spec.selector.color": ("blue", "green")})
        self.assertEqual(self.patch(manifests, service, green, blue), {})
        self.assertEqual(self.patch(manifests, service, blue), {})

    def test_rolling(self):
        self.assertEqual(self.patch(documents(), "Deployment/churn", "rolling/patches/v2.2.0.yaml"), {
            "spec.template.metadata.labels.app.kubernetes.io/version": ("v2.1.0", "v2.2.0"),
            "spec.template.spec.containers[0].image": ("turnout-churn:v2.1.0", "turnout-churn:v2.2.0"),
            "spec.template.spec.volumes[0].configMap.name": ("churn-v2.1.0", "churn-v2.2.0")})

    def test_canary(self):
        for share in (0, 50, 100):
            weights = "spec.rules[1].backendRefs[{}].weight"
            self.assertEqual(self.patch(documents(), "HTTPRoute/churn", f"canary/patches/share-{share}.yaml"),
                             {weights.format(0): (90, 100 - share), weights.format(1): (10, share)})
        self.assertEqual(self.patch(documents(), "HTTPRoute/churn", "canary/patches/share-100.yaml", "canary/patches/share-0.yaml"),
                         {weights.format(0): (90, 100), weights.format(1): (10, 0)})

    def test_a_patch_for_another_route_is_refused(self):
        route = named(documents(), "HTTPRoute/churn")
        route["spec"]["rules"].reverse()
        with self.assertRaisesRegex(ValueError, "/spec/rules/1/backendRefs/0/name is 'churn-canary', not 'churn'"):
            patched(route, read(FOLDER / "canary/patches/share-50.yaml")[0])


class Pod(Case):
    """The program with the files that the pod gives it."""

    def pod(self, deployment, manifests):
        """The path of the configuration, in a folder as the container has it: config/ as the kubelet lays it out (files
        are links through ..data), models/ as the image has it. There is one model, which stands for each version's."""
        config, mount, file = config_map(deployment, manifests)
        root = self.folder()
        data = root / mount.lstrip("/") / "..2026"
        data.mkdir(parents=True)
        (data.parent / "..data").symlink_to(data.name)
        for name, text in config["data"].items():
            (data / name).write_text(text)
            (data.parent / name).symlink_to(f"..data/{name}")
        models = root / "srv/turnout/models"
        models.mkdir()
        shutil.copy(ROOT / MODEL, models / f"{config['metadata']['name']}.pkl")
        return data.parent / file

    def test_configurations_are_good(self):
        manifests = documents()
        for deployment in of_kind(manifests, "Deployment"):
            done = turnout("check", self.pod(deployment, manifests))
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_a_broken_configuration_is_refused(self):
        for old, new in (("drain:", "drains:"), ("threads: 2", "threads: two"), ("contract.yaml", "contracts.yaml"),
                         ("../models/", "models/")):
            manifests = documents()
            data = named(manifests, "ConfigMap/churn-v2.1.0")["data"]
            self.assertIn(old, data["server.yaml"])
            data["server.yaml"] = data["server.yaml"].replace(old, new)
            self.assertNotEqual(turnout("check", self.pod(named(manifests, "Deployment/churn"), manifests)).returncode, 0, new)

    def test_the_contract_is_the_example(self):
        for one in of_kind(documents(), "ConfigMap"):
            self.assertEqual(one["data"]["contract.yaml"], (ROOT / "examples/churn/contract.yaml").read_text())

    def test_the_server_answers_the_probes_and_the_callers(self):
        manifests = documents()
        for deployment in of_kind(manifests, "Deployment"):
            version = pods(deployment)["metadata"]["labels"]["app.kubernetes.io/version"]
            with self.subTest(label(deployment)), Server(self.pod(deployment, manifests)) as server:
                self.assertEqual(set(probes(deployment)), {"startupProbe", "readinessProbe", "livenessProbe"})
                for name, probe in probes(deployment).items():
                    reply = server.ask("GET", probe["path"])
                    self.assertEqual(reply.status, 200, name)
                    self.assertEqual(reply.json(), {"status": "alive" if name == "livenessProbe" else "ready"})
                self.assertEqual(server.ask("GET", "/health/readiness").status, 404)  # a wrong path is seen
                reply = server.ask("POST", "/predict", GOOD_ROW, X_Turnout_Force_Version=version)
                self.assertEqual((reply.status, reply.fields["x-turnout-version"]), (200, version))
                self.assertEqual(server.ask("POST", "/predict", GOOD_ROW, X_Turnout_Force_Version="v9").status, 422)
                server.signal(signal.SIGTERM)
                self.assertEqual(server.wait(), 0, server.text())


if __name__ == "__main__":
    main()
