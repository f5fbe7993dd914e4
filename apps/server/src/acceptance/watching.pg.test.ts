import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { longTest, testShards } from "@holdfast/tools/tiers";
import { parser } from "@prometheus-io/lezer-promql";
import { parse } from "yaml";
import { Api, eventually, holdfast, makeFolder, removeFolder, type RunningServer, startServer } from "./testing.ts";

const deploy = (path: string) =>
  readFileSync(fileURLToPath(new URL(`../../../../deploy/${path}`, import.meta.url)), "utf8");

interface Rule {
  readonly record?: string;
  readonly alert?: string;
  readonly expr: string;
  readonly annotations?: { readonly summary: string; readonly action: string };
}

const rules = (parse(deploy("prometheus/holdfast.rules.yml")) as { groups: { rules: Rule[] }[] }).groups.flatMap(
  (group) => group.rules,
);
const recorded = rules.flatMap(({ record }) => record ?? []);

/** Series that Prometheus adds to the scraped ones. */
const ofPrometheus = ["up"];
/** This server has no TLS. */
const ofTls = ["certificate_left_seconds"];
/** It has no LDAP server either. */
const ofLdap = ["ldap_sync_stopped"];

describe("Prometheus rules and dashboard", () => {
  let folder: string;
  let server: RunningServer;
  let api: Api;

  before(async () => {
    folder = makeFolder("watching");
    server = await startServer({ dataFolder: `${folder}/data` });
    api = await Api.signIn(server.url);
  });
  after(async () => {
    await server?.stop();
    removeFolder(folder);
  });

  // On several shards the databases are backed up by their own means.
  const skip = testShards > 1 && "metrics of the metadata copy";
  test("use only metrics that a running server exports", { skip }, async () => {
    const exported = new Set([...(await series()), ...recorded, ...ofPrometheus, ...ofTls, ...ofLdap]);
    const expressions = [...rules.map(({ expr }) => expr), ...dashboardExpressions()];
    assert.ok(expressions.length > 30, `${expressions.length} expressions`);
    for (const expression of expressions) {
      for (const name of metricsOf(expression)) assert.ok(exported.has(name), `${name}, of ${expression}`);
    }
    assert.throws(() => metricsOf("sum(rate(bytes[5m])"), /cannot be read/);
    assert.deepEqual(metricsOf('max by (kind) (queue_dead{job="x"}) > 0'), ["queue_dead"]);
  });

  test("each alert has a summary and an action", () => {
    const alerts = rules.filter(({ alert }) => alert !== undefined);
    assert.ok(alerts.length >= 8);
    for (const { alert, annotations } of alerts)
      assert.ok(annotations?.summary && annotations.action, `${alert} without a word`);
  });

  test("metrics show held polls, sync latency and the absence of damage and backups", async () => {
    assert.equal(await figure("sync_latency_seconds_count"), 0);
    const { token } = (await api.call("GET", "/changes/start_token")).body;
    const headers = { timeout: "60" };
    const answer = api.call("GET", `/notifications/poll?since_token=${token}`, undefined, { headers });
    const waits = async () => (await figure("active_notification_connections")) === 1 || undefined;
    await eventually("the poll is held", 60_000, waits);
    await api.put("/notes.txt", "what is said about the garden\n".repeat(1000));
    assert.equal((await answer).status, 200);
    assert.equal(await figure("sync_latency_seconds_count"), 1);
    assert.equal(await figure("damaged_blocks"), 0);
    assert.equal(await figure("backup_age_seconds"), undefined);
  });

  longTest("the backup age is exported once a backup exists", async () => {
    const { code, stderr } = await holdfast(["admin", "backup", `${folder}/backup`, "--data", `${folder}/data`]);
    assert.equal(code, 0, stderr);
    // Values from the database are read once a minute.
    await server.stop();
    server = await startServer({ dataFolder: `${folder}/data` });
    const age = await figure("backup_age_seconds");
    assert.ok(age !== undefined && age > 0 && age < 600, String(age));
  });

  /** Names as stored by Prometheus, with the suffixes of histograms. */
  async function series(): Promise<string[]> {
    const types = (await metrics()).matchAll(/^# TYPE (\S+) (\S+)$/gm);
    return [...types].flatMap(([, name, type]) =>
      type === "histogram" ? ["_bucket", "_sum", "_count"].map((suffix) => `${name}${suffix}`) : [name ?? ""],
    );
  }

  async function figure(name: string): Promise<number | undefined> {
    const [, value] = new RegExp(`^${name} (\\S+)$`, "m").exec(await metrics()) ?? [];
    return value === undefined ? undefined : Number(value);
  }

  async function metrics(): Promise<string> {
    return (await fetch(`${server.url}/metrics`)).text();
  }
});

function dashboardExpressions(): string[] {
  const { panels } = JSON.parse(deploy("grafana/holdfast.json")) as {
    panels: { targets?: { expr: string }[] }[];
  };
  return panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
}

/** Metric names in it, by the grammar of Prometheus' own editor. */
function metricsOf(expression: string): string[] {
  const names: string[] = [];
  parser.parse(expression).iterate({
    enter: ({ type, from, to, node }) => {
      assert.ok(!type.isError, `${expression} cannot be read at ${from}`);
      if (type.name === "Identifier" && node.parent?.name === "VectorSelector") names.push(expression.slice(from, to));
    },
  });
  return names;
}
