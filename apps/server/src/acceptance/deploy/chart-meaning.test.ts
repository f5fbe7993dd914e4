import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { type ServerRole, serverRoles } from "@holdfast/protocol/operation-routes";
import type { Route } from "@holdfast/protocol/route";
import { routes, routeUrl } from "@holdfast/protocol/routes";
import { settingNames } from "@holdfast/protocol/setting-names";
import { parser } from "@prometheus-io/lezer-promql";
import { parse } from "yaml";
import { fileVariables } from "../../base/config/file-values.ts";
import { readConfig } from "../../base/config/read-config.ts";
import { openMetrics } from "../../base/operation/metrics.ts";
import {
  backendOf,
  type Container,
  containerOf,
  environmentOf,
  type Manifest,
  named,
  ofKind,
  type PodSpec,
  rendered,
  selectedBy,
  serversOf,
  workloadsOf,
} from "./testing-manifests.ts";

/** One test for the manifests of all examples. */
function eachExample(name: string, check: (manifests: readonly Manifest[], example: string) => void): void {
  test(name, () => {
    for (const [example, manifests] of rendered) check(manifests, example);
  });
}

const labelsOf = (selector: Manifest["spec"]["selector"]) =>
  (selector !== undefined && "matchLabels" in selector ? selector.matchLabels : selector) as Record<string, string>;

eachExample("each selector matches exactly the pods of its workload", (manifests) => {
  const all = workloadsOf(manifests).map(({ metadata }) => metadata.name);
  for (const { metadata, spec } of ofKind(manifests, "Deployment", "StatefulSet", "Service", "PodDisruptionBudget")) {
    assert.deepEqual(selectedBy(manifests, labelsOf(spec.selector)), [metadata.name]);
  }
  for (const { metadata, spec } of serversOf(manifests)) {
    for (const { labelSelector } of spec.template.spec.topologySpreadConstraints ?? [])
      assert.deepEqual(selectedBy(manifests, labelSelector.matchLabels), [metadata.name]);
  }
  for (const { spec } of ofKind(manifests, "NetworkPolicy"))
    assert.deepEqual(selectedBy(manifests, labelsOf(spec.podSelector)), all);
  for (const { spec } of ofKind(manifests, "PodMonitor"))
    assert.deepEqual(selectedBy(manifests, labelsOf(spec.selector)), all);
});

eachExample("only proxies and Prometheus can connect, and only to the server's port", (manifests) => {
  const [policy, ...others] = ofKind(manifests, "NetworkPolicy");
  assert.deepEqual(others, []);
  const [rule, ...more] = policy?.spec.ingress ?? [];
  assert.deepEqual(more, []);
  // Without peers, everything would be allowed.
  assert.ok(rule !== undefined && rule.from.length > 0);
  for (const peer of rule.from) assert.ok(Object.keys(peer).length > 0);
  assert.deepEqual(rule.ports, [{ protocol: "TCP", port: 8420 }]);
});

eachExample("autoscalers and disruption budgets exist for the right workloads", (manifests) => {
  const scalers = ofKind(manifests, "HorizontalPodAutoscaler");
  for (const { metadata, spec } of scalers) {
    assert.deepEqual(spec.scaleTargetRef, { apiVersion: "apps/v1", kind: "Deployment", name: metadata.name });
  }
  const several: string[] = [];
  for (const { kind, metadata, spec } of serversOf(manifests)) {
    const scaler = scalers.find((each) => each.metadata.name === metadata.name);
    // An upgrade would otherwise reset the number of pods.
    assert.equal(spec.replicas === undefined, scaler !== undefined, `${kind} ${metadata.name}`);
    if ((scaler?.spec.minReplicas ?? spec.replicas ?? 0) > 1) several.push(metadata.name);
  }
  const budgets = ofKind(manifests, "PodDisruptionBudget").map(({ metadata }) => metadata.name);
  assert.deepEqual(budgets.toSorted(), several.toSorted());
});

eachExample("the probes are routes of every process, and no restart depends on a database or store", (manifests) => {
  for (const server of serversOf(manifests)) {
    const { startupProbe, livenessProbe, readinessProbe, ports } = containerOf(server);
    assert.deepEqual(ports, [{ name: "http", containerPort: 8420 }]);
    for (const { httpGet } of [startupProbe, livenessProbe, readinessProbe]) {
      assert.equal(httpGet.port, "http");
      const { pathname } = new URL(httpGet.path, "http://pod");
      const route = Object.values<Route>(routes).find((each) => routeUrl(each) === pathname && each.method === "GET");
      assert.equal(route?.role, "any");
    }
    assert.equal(startupProbe.httpGet.path, routeUrl(routes.live));
    assert.equal(livenessProbe.httpGet.path, routeUrl(routes.live));
    const ready = new URL(readinessProbe.httpGet.path, "http://pod");
    assert.equal(ready.pathname, routeUrl(routes.ready));
    const { role } = routes.ready.query.parse(Object.fromEntries(ready.searchParams));
    assert.ok(role !== undefined && rolesOf(server).includes(role));
  }
});

/** Values that the server accepts. */
const secretValues: Readonly<Record<string, string>> = {
  AWS_ACCESS_KEY_ID: "holdfast",
  AWS_SECRET_ACCESS_KEY: "sesame",
  HOLDFAST_DATABASE_URL: "postgres://holdfast:sesame@db/holdfast",
  HOLDFAST_KEY_ENCRYPTION_KEY: Buffer.alloc(32).toString("base64"),
  HOLDFAST_OIDC: JSON.stringify({ issuer: "https://id.example.org", client_id: "holdfast", client_secret: "sesame" }),
  HOLDFAST_REDIS_URL: "redis://:sesame@redis:6379",
  HOLDFAST_SMTP_URL: "smtps://holdfast:sesame@mail.example.org",
  HOLDFAST_TOPOLOGY: JSON.stringify({
    shards: [{ id: "main", buckets: [[0, 4095]], database_url: "postgres://holdfast:sesame@db/holdfast" }],
    cells: [{ id: "main", buckets: [[0, 4095]], store: "s3://holdfast/main" }],
  }),
};

test("the server accepts the variables, the files of secrets and the settings file", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-chart-"));
  t.after(() => rmSync(folder, { recursive: true }));
  for (const [name, value] of Object.entries(secretValues)) writeFileSync(join(folder, name), value);
  const known = new Set([...settingNames.map((name) => `HOLDFAST_${name.toUpperCase()}`), ...fileVariables()]);
  for (const manifests of rendered.values()) {
    for (const workload of workloadsOf(manifests)) {
      const given = Object.entries(environmentOf(workload));
      for (const [name] of given)
        assert.ok(
          known.has(name) || ["HOLDFAST_CONFIG", "NODE_EXTRA_CA_CERTS", "VAULT_NAMESPACE"].includes(name),
          name,
        );
      const environment = Object.fromEntries(
        given.map(([name, value]) => [name, value.replace("/etc/holdfast/secrets", folder)]),
      );
      const config = readConfig({ environment, file: fileOf(manifests, workload) });
      assert.equal(config.publicUrl, "https://drive.example.org");
      assert.ok(config.proxyHops > 0);
      assert.equal(config.dataFolder, "/data");
      if (workload.kind !== "Job") assert.deepEqual(config.listen, { host: "0.0.0.0", port: 8420 });
    }
  }
});

test("each secret that the server reads from a file can be set", () => {
  const schema = readFileSync(new URL("deploy/helm/holdfast/values.schema.json", root), "utf8");
  const { properties } = JSON.parse(schema) as {
    readonly properties: { readonly secrets: { readonly propertyNames: { readonly pattern: string } } };
  };
  const pattern = new RegExp(properties.secrets.propertyNames.pattern);
  for (const name of fileVariables()) assert.match(name.replace(/_FILE$/, ""), pattern);
});

/** The settings file that the pods read. */
function fileOf(manifests: readonly Manifest[], workload: Manifest): string {
  const { volumes } = workload.spec.template.spec;
  const mounted = containerOf(workload).volumeMounts.find(({ mountPath }) => mountPath === "/etc/holdfast/config");
  const name = volumes.find((volume) => volume.name === mounted?.name)?.configMap?.name ?? "";
  assert.equal(environmentOf(workload)["HOLDFAST_CONFIG"], `${mounted?.mountPath}/config.json`);
  const maps = ofKind(manifests, "ConfigMap");
  return named(maps, name).data?.["config.json"] ?? "";
}

eachExample("secrets are files of existing Secrets, and in no manifest", (manifests) => {
  assert.deepEqual(ofKind(manifests, "Secret"), []);
  for (const workload of workloadsOf(manifests)) {
    const { env } = containerOf(workload);
    for (const variable of env) assert.deepEqual(Object.keys(variable), ["name", "value"]);
    const files = env.filter(({ name }) => name.endsWith("_FILE")).map(({ value }) => value);
    const secrets = workload.spec.template.spec.volumes.find(({ name }) => name === "secrets")?.projected?.sources;
    const paths = (secrets ?? []).flatMap(({ secret }) => secret.items.map(({ path }) => path));
    assert.deepEqual(files.toSorted(), paths.map((path) => `/etc/holdfast/secrets/${path}`).toSorted());
    const hidden = Object.keys(secretValues).filter((name) => env.some((variable) => variable.name === name));
    assert.deepEqual(hidden, []);
  }
});

test("the chart keeps settings with passwords out of the settings file", () => {
  const checks = readFileSync(new URL("deploy/helm/holdfast/templates/checks.yaml", root), "utf8");
  const [own = "", secret = ""] = [...checks.matchAll(/range list (.*) \}\}/g)].map(([, names]) => names ?? "");
  const namesIn = (text: string) => [...text.matchAll(/"(\w+)"/g)].map(([, name]) => name ?? "");
  for (const name of [...namesIn(own), ...namesIn(secret)])
    assert.ok([...settingNames, "key_encryption_key"].includes(name), name);
  const withPasswords = Object.keys(secretValues).filter((variable) => variable.startsWith("HOLDFAST_"));
  for (const variable of [...withPasswords, "HOLDFAST_ADMIN_PASSWORD", "HOLDFAST_LDAP"])
    assert.ok(namesIn(secret).includes(variable.replace("HOLDFAST_", "").toLowerCase()), variable);
});

const root = new URL("../../../../../", import.meta.url);

eachExample("each request reaches a workload with its role, and every role runs", (manifests) => {
  const services = ofKind(manifests, "Service");
  const servers = serversOf(manifests);
  const [proxy, ...others] = ofKind(manifests, "Ingress", "HTTPRoute");
  assert.ok(proxy);
  assert.deepEqual(others, []);
  const rolesAt = (path: string) =>
    rolesOf(named(servers, named(services, backendOf(proxy, path) ?? "").metadata.name));
  for (const [name, route] of Object.entries<Route>(routes)) {
    const { role = "api" } = route;
    const roles = rolesAt(routeUrl(route));
    const place = `${name}: ${routeUrl(route)}`;
    if (role !== "any") assert.ok(roles.includes(role), place);
    // Downloads have a parameter before their name, so no Prefix matches them.
    const own = servers.some((server) => rolesOf(server).join(",") === role) && name !== "download";
    if (own) assert.deepEqual(roles, [role], place);
  }
  for (const path of [
    "/",
    "/files/ID",
    "/s/LINK",
    "/oauth/token",
    "/scim/v2/Users",
    "/.well-known/openid-configuration",
  ])
    assert.ok(rolesAt(path).includes("api"), path);
  assert.deepEqual(new Set(servers.flatMap(rolesOf)), new Set(serverRoles));
});

function rolesOf(server: Manifest): ServerRole[] {
  return environmentOf(server)["HOLDFAST_ROLES"]?.split(",") as ServerRole[];
}

eachExample("all pods meet the restricted Pod Security Standard, with read-only root filesystems", (manifests) => {
  for (const { spec } of workloadsOf(manifests)) assert.deepEqual(restrictedProblems(spec.template.spec), []);
});

test("a root user, a volume of the node and a capability violate the standard", () => {
  const [{ spec } = assert.fail()] = workloadsOf(rendered.get("cluster") ?? []);
  const { containers, volumes, ...pod } = spec.template.spec;
  const node = { name: "node", hostPath: { path: "/" } };
  const capabilities = { drop: ["ALL"], add: ["NET_ADMIN"] };
  const problems = restrictedProblems({
    ...pod,
    securityContext: { ...pod.securityContext, runAsUser: 0 },
    volumes: [...volumes, node],
    containers: containers.map((each) =>
      Object.assign({}, each, { securityContext: { ...each.securityContext, capabilities } }),
    ),
  });
  assert.deepEqual(problems, ["user", "volume node", "capabilities of holdfast"]);
});

/** https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted, and a read-only root filesystem. */
function restrictedProblems(pod: PodSpec): string[] {
  const { securityContext, volumes, containers, initContainers = [] } = pod;
  const allowed = new Set(["configMap", "emptyDir", "projected", "secret", "persistentVolumeClaim"]);
  return [
    ...(pod.hostNetwork || pod.hostPID || pod.hostIPC ? ["host namespaces"] : []),
    ...(securityContext.runAsNonRoot && securityContext.runAsUser !== 0 ? [] : ["user"]),
    ...(securityContext.seccompProfile?.type === "RuntimeDefault" ? [] : ["seccomp"]),
    ...(pod.automountServiceAccountToken === false ? [] : ["token"]),
    ...(pod.enableServiceLinks === false ? [] : ["service links"]),
    ...volumes.flatMap(({ name, ...source }) =>
      Object.keys(source).every((kind) => allowed.has(kind)) ? [] : [`volume ${name}`],
    ),
    ...[...containers, ...initContainers].flatMap(containerProblems),
  ];
}

function containerProblems({ name, ports = [], securityContext }: Container): string[] {
  const { privileged, allowPrivilegeEscalation, readOnlyRootFilesystem, capabilities } = securityContext;
  return [
    ...(privileged || allowPrivilegeEscalation !== false ? [`privileges of ${name}`] : []),
    ...(readOnlyRootFilesystem ? [] : [`root filesystem of ${name}`]),
    ...(capabilities?.drop?.includes("ALL") && !capabilities.add ? [] : [`capabilities of ${name}`]),
    ...(ports.some(({ hostPort }) => hostPort !== undefined) ? [`ports of ${name}`] : []),
  ];
}

eachExample("all containers have one image, limited memory and exactly the mounted volumes", (manifests, example) => {
  const workloads = workloadsOf(manifests);
  const images = new Set(workloads.map((workload) => containerOf(workload).image));
  const { version } = JSON.parse(readFileSync(new URL("apps/server/package.json", root), "utf8")) as {
    version: string;
  };
  const tag = example === "full" ? `@sha256:${"0".repeat(64)}` : `:${version}`;
  assert.deepEqual([...images], [`registry.example.org/holdfast${tag}`]);
  for (const workload of workloads) {
    const { resources, volumeMounts } = containerOf(workload);
    assert.ok(resources.requests?.["cpu"] && resources.requests["memory"] && resources.limits?.["memory"]);
    const { volumeClaimTemplates = [], template } = workload.spec;
    const volumes = [
      ...template.spec.volumes.map(({ name }) => name),
      ...volumeClaimTemplates.map((each) => each.metadata.name),
    ];
    assert.deepEqual(volumeMounts.map(({ name }) => name).toSorted(), volumes.toSorted());
    for (const { emptyDir } of template.spec.volumes) if (emptyDir !== undefined) assert.ok(emptyDir.sizeLimit);
  }
});

eachExample("the migration runs before everything else, with the settings of the servers", (manifests, example) => {
  const [job] = ofKind(manifests, "Job");
  if (example === "single") return assert.equal(job, undefined);
  assert.ok(job);
  const settings = named(ofKind(manifests, "ConfigMap"), "drive-migrate");
  for (const [{ metadata }, weight] of [[settings, "-1"] as const, [job, "0"] as const]) {
    assert.deepEqual(metadata.annotations, {
      "helm.sh/hook": "pre-install,pre-upgrade",
      "helm.sh/hook-weight": weight,
      "helm.sh/hook-delete-policy": "before-hook-creation,hook-succeeded",
    });
  }
  // Nothing else exists before the installation.
  const { serviceAccountName, volumes } = job.spec.template.spec;
  assert.equal(serviceAccountName, undefined);
  const maps = volumes.flatMap(({ configMap }) => configMap?.name ?? []);
  assert.deepEqual(
    maps.filter((name) => name.startsWith("drive")),
    ["drive-migrate"],
  );

  const server = named(serversOf(manifests), "drive-worker");
  assert.equal(fileOf(manifests, job), fileOf(manifests, server));
  const { HOLDFAST_LISTEN: _listen, HOLDFAST_ROLES: _roles, ...shared } = environmentOf(server);
  assert.deepEqual(environmentOf(job), shared);
  const others = (spec: PodSpec) => spec.volumes.filter(({ name }) => name !== "config");
  assert.deepEqual(others(job.spec.template.spec), others(server.spec.template.spec));
  assert.deepEqual(containerOf(job).args, ["admin", "migrate"]);
});

test("the single mode has one pod with all roles on a claim", () => {
  const manifests = rendered.get("single") ?? [];
  const [server, ...others] = workloadsOf(manifests);
  assert.deepEqual(others, []);
  assert.ok(server?.kind === "StatefulSet" && server.spec.replicas === 1);
  assert.deepEqual(rolesOf(server), serverRoles);
  assert.deepEqual(
    server.spec.volumeClaimTemplates?.map(({ metadata }) => metadata.name),
    ["data"],
  );
  assert.deepEqual(ofKind(manifests, "HorizontalPodAutoscaler", "PodDisruptionBudget"), []);
});

interface AdapterRule {
  readonly seriesQuery: string;
  readonly metricsQuery: string;
  readonly name: { readonly as: string };
}

test("the server exports the metrics of the autoscalers", async () => {
  const { rules } = parse(readFileSync(new URL("deploy/prometheus/adapter-values.yaml", root), "utf8")) as {
    readonly rules: Readonly<Record<"custom" | "external", readonly AdapterRule[]>>;
  };
  const { text } = await openMetrics({ queue: () => Promise.resolve([]) }).render();
  const exported = new Set([...text.matchAll(/^# TYPE (\S+) gauge$/gm)].map(([, name]) => name));
  for (const { seriesQuery, metricsQuery } of [...rules.custom, ...rules.external]) {
    const [series = ""] = /^\w+/.exec(seriesQuery) ?? [];
    assert.ok(exported.has(series), series);
    const query = metricsQuery
      .replace("<<.Series>>", series)
      .replace("<<.LabelMatchers>>", 'namespace="holdfast"')
      .replace("<<.GroupBy>>", "pod");
    parser.parse(query).iterate({
      enter: ({ type, from, to, node }) => {
        assert.ok(!type.isError, query);
        const isMetric = type.name === "Identifier" && node.parent?.name === "VectorSelector";
        assert.ok(!isMetric || exported.has(query.slice(from, to)), query);
      },
    });
  }
  const used = ofKind(rendered.get("full") ?? [], "HorizontalPodAutoscaler").flatMap(({ spec }) => spec.metrics ?? []);
  const namesOf = (group: readonly AdapterRule[]) => group.map(({ name }) => name.as);
  assert.deepEqual(
    used.flatMap(({ pods }) => pods?.metric.name ?? []),
    namesOf(rules.custom),
  );
  assert.deepEqual(
    used.flatMap(({ external }) => external?.metric.name ?? []),
    namesOf(rules.external),
  );
});
