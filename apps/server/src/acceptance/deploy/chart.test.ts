import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { findProgram } from "@holdfast/tools/components";
import { chartExamples, digestLine, readRendered, renderChart } from "@holdfast/tools/render-chart";
import { longTest } from "@holdfast/tools/tiers";
import { parse, parseAllDocuments } from "yaml";
import { named, rendered, workloadsOf } from "./testing-manifests.ts";
import { findProblems, type Typed } from "./testing-schema.ts";

test("the committed manifests were made from the chart and its examples", () => {
  for (const example of chartExamples) {
    const [line] = readRendered(example).split("\n", 1);
    assert.equal(line, digestLine(example), `${example}: run npm run chart, with helm on the PATH`);
  }
});

longTest("helm renders the committed manifests", (t) => {
  if (findProgram("helm") === undefined) return t.skip("helm is not installed");
  for (const example of chartExamples) assert.equal(renderChart(example), readRendered(example), example);
});

const database = "secrets.HOLDFAST_DATABASE_URL.name=x,secrets.HOLDFAST_DATABASE_URL.key=x";
const key = "secrets.HOLDFAST_KEY_ENCRYPTION_KEY.name=x,secrets.HOLDFAST_KEY_ENCRYPTION_KEY.key=x";

/** Changes to the values of an example, and the start of the message. */
const refusals: readonly (readonly [example: string, change: string, message: RegExp])[] = [
  ["cluster", "image.repository=", /Set image\.repository/],
  ["cluster", "publicUrl=", /Set publicUrl/],
  ["cluster", "publicUrl=http://drive.example.org", /publicUrl: Does not match/],
  ["single", "single.enabled=false", /Set secrets\.HOLDFAST_DATABASE_URL/],
  ["single", `single.enabled=false,${database}`, /Set secrets\.HOLDFAST_KEY_ENCRYPTION_KEY/],
  ["single", `single.enabled=false,${database},${key}`, /Set settings\.store/],
  ["cluster", "settings.store=/data/store", /settings\.store must be an S3 bucket/],
  ["cluster", "settings.second_store=/data/second", /settings\.second_store must be an S3 bucket/],
  ["cluster", "settings.database_url=postgres://user:password@db/holdfast", /use secrets\.HOLDFAST_DATABASE_URL/],
  ["cluster", "settings.roles=api", /settings\.roles is set by the chart/],
  [
    "cluster",
    "api.env[0].name=HOLDFAST_DATABASE_URL,api.env[0].value=x",
    /env has HOLDFAST_DATABASE_URL, which can contain a password/,
  ],
  ["cluster", "env[0].name=HOLDFAST_ROLES,env[0].value=api", /env has HOLDFAST_ROLES, which is set by the chart/],
  ["cluster", "settings.Store=x", /settings: Property name of "Store"/],
  ["cluster", "secrets.PATH.name=x,secrets.PATH.key=x", /secrets: Property name of "PATH"/],
  ["cluster", "networkPolicy.proxies=[]", /Set networkPolicy\.proxies/],
  ["cluster", "podMonitor.enabled=true", /Set podMonitor\.tokenSecret\.name/],
  ["cluster", "replicas=3", /Additional property replicas/],
];

longTest("helm rejects values that are missing, unknown or unsafe, with a reason", (t) => {
  if (findProgram("helm") === undefined) return t.skip("helm is not installed");
  for (const [example, change, message] of refusals)
    assert.throws(() => renderChart(example, [change.endsWith("=[]") ? "--set-json" : "--set", change]), message);
});

longTest(
  "names that YAML reads as other types stay strings, and names that Kubernetes rejects are rejected",
  async (t) => {
    if (findProgram("helm") === undefined) return t.skip("helm is not installed");
    const unusual = [
      "--namespace",
      "123",
      "--set-string",
      "secrets.HOLDFAST_REDIS_URL.name=1e3,secrets.HOLDFAST_REDIS_URL.key=true",
    ];
    const manifests = parseAllDocuments(
      renderChart("cluster", [...unusual, "--set", "publicUrl=https://Drive.Example.ORG"], "null"),
    );
    for (const each of manifests) {
      const manifest = each.toJS() as Typed | null;
      if (manifest !== null) assert.deepEqual(await findProblems(manifest), [], String(each));
    }
    assert.match(manifests.join(""), /- host: drive\.example\.org/);
    for (const [example, release] of [
      ["cluster", "1drive"],
      ["cluster", "my.drive"],
      ["single", "a".repeat(46)],
    ] as const)
      assert.throws(() => renderChart(example, [], release), /name of the release/, release);
    renderChart("single", [], "a".repeat(45));
  },
);

test("the manifests conform to the schemas of Kubernetes, without unknown fields", async () => {
  let checked = 0;
  for (const [example, manifests] of rendered) {
    for (const manifest of manifests) {
      const problems = await findProblems(manifest);
      assert.deepEqual(problems, [], `${example}: ${manifest.kind} ${manifest.metadata.name}`);
      checked += 1;
    }
  }
  assert.ok(checked > 40, `${checked} manifests`);
});

test("the schemas find a misspelled field, a wrong type and a missing field", async () => {
  const api = JSON.stringify(named(workloadsOf(rendered.get("full") ?? []), "drive-api"));
  const findIn = async (from: string | RegExp, to: string) => {
    const changed = api.replace(from, to);
    assert.notEqual(changed, api);
    return findProblems(JSON.parse(changed));
  };
  const container = "/spec/template/spec/containers/0";
  assert.deepEqual(await findIn('"livenessProbe"', '"liveness"'), [`${container}/liveness is unknown`]);
  assert.deepEqual(await findIn('"readOnlyRootFilesystem":true', '"readOnlyRootFilesystem":"yes"'), [
    `${container}/securityContext/readOnlyRootFilesystem type {"type":"boolean"}`,
  ]);
  assert.deepEqual(await findIn(/"selector":\{.*?\}\},/, ""), ['/spec required {"missingProperty":"selector"}']);
  await assert.rejects(findIn('"Deployment"', '"Deploiment"'), { code: "ERR_MODULE_NOT_FOUND" });
  const route = rendered.get("full")?.find(({ kind }) => kind === "HTTPRoute");
  assert.ok(route);
  assert.deepEqual(await findProblems({ ...route, status: {} } as Typed), ['/ Unrecognized key: "status"']);
});

/** Fields whose loss interrupts requests, blocks a node's drain or exposes a secret, by kind. */
const needed: Readonly<Record<string, readonly string[]>> = {
  Deployment: [
    '"rollingUpdate":{"maxSurge":1,"maxUnavailable":0}',
    // The server stops within 10 seconds after preStop.
    '"terminationGracePeriodSeconds":30',
    '"preStop":{"exec":{"command":["sleep","5"]}}',
    '"periodSeconds":2,"timeoutSeconds":5,"failureThreshold":300',
    '"whenUnsatisfiable":"ScheduleAnyway"',
    '"annotations":{"checksum/config":"',
    // 0440
    '"defaultMode":288',
    '"name":"NODE_EXTRA_CA_CERTS","value":"/etc/holdfast/ca/ca.crt"',
  ],
  StatefulSet: ['"fsGroupChangePolicy":"OnRootMismatch"', '"annotations":{"checksum/config":"'],
  PodDisruptionBudget: ['"maxUnavailable":1', '"unhealthyPodEvictionPolicy":"AlwaysAllow"'],
  Job: [
    '"action":"FailJob","onExitCodes":{"containerName":"migrate","operator":"In","values":[2]}',
    '"activeDeadlineSeconds":3000',
  ],
  NetworkPolicy: ['"egress":[{"ports":[{"protocol":"UDP","port":53},{"protocol":"TCP","port":53}]}'],
};

test("the manifests have the fields that keep the service available and secrets private", () => {
  const manifests = [...(rendered.get("full") ?? []), ...workloadsOf(rendered.get("single") ?? [])];
  for (const [kind, fields] of Object.entries(needed)) {
    const ofKind = manifests.filter((manifest) => manifest.kind === kind);
    assert.ok(ofKind.length > 0, kind);
    for (const manifest of ofKind)
      for (const field of fields)
        assert.ok(JSON.stringify(manifest).includes(field), `${kind} ${manifest.metadata.name}: ${field}`);
  }
});

test("the chart installs the version that it is part of", () => {
  const read = (path: string) => readFileSync(new URL(`../../../../../${path}`, import.meta.url), "utf8");
  const { version } = JSON.parse(read("apps/server/package.json")) as { readonly version: string };
  const chart = parse(read("deploy/helm/holdfast/Chart.yaml")) as {
    readonly version: string;
    readonly appVersion: string;
  };
  assert.deepEqual([chart.version, chart.appVersion], [version, version]);
});
