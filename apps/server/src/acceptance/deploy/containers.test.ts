import assert from "node:assert/strict";
import { test } from "node:test";
import { serverRoles } from "@holdfast/protocol/operation-routes";
import { parse } from "yaml";
import { fileVariables } from "../../base/config/file-values.ts";
import { optionSchemas } from "../../base/config/options.ts";
import { filesIn, instructions, read } from "./deploy.ts";

interface Service {
  readonly image: string;
  readonly environment?: Readonly<Record<string, string | number>>;
  readonly secrets?: readonly string[];
  readonly volumes?: readonly (string | { readonly target: string; readonly bind: object })[];
  readonly user?: string;
  readonly read_only?: boolean;
  readonly tmpfs?: string | readonly string[];
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly stop_grace_period?: string;
  readonly ports?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
}
interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly secrets: Readonly<Record<string, { readonly file: string }>>;
}

const composeFiles = filesIn("deploy/compose/*.yaml");
const composed = composeFiles.map((path) => parse(read(path), { merge: true }) as Compose);
const services = composed.flatMap((file) => Object.entries(file.services));
const holdfasts = services.filter(([, { image }]) => image === "holdfast");
const [data] = instructions("VOLUME");
const [port] = instructions("EXPOSE");

test("every variable of Holdfast in the Dockerfile, the compose files and the units is a setting", () => {
  const settings = Object.keys(optionSchemas).map((name) => `HOLDFAST_${name.toUpperCase()}`);
  const known = new Set([...settings, ...fileVariables(), "HOLDFAST_CONFIG_DIR"]);
  const found = ["Dockerfile", ...filesIn("deploy/{caddy,compose,systemd}/*")].flatMap((path) =>
    [...read(path).matchAll(/\b(?:HOLDFAST|AWS)_[A-Z_]+[A-Z]\b/g)].map(([name]) => ({ path, name })),
  );
  assert.ok(found.length > 10);
  assert.deepEqual(
    found.filter(({ name }) => !known.has(name)),
    [],
  );
});

test("the image runs without root, and its settings, volume, port and health check agree", () => {
  const settings = instructions("ENV").join(" ");
  assert.ok(settings.includes(`HOLDFAST_DATA=${data} `), settings);
  assert.ok(settings.includes(`HOLDFAST_LISTEN=0.0.0.0:${port} `), settings);
  // Set by the person who starts the container: the headers of a proxy are trusted.
  assert.ok(!settings.includes("HOLDFAST_BEHIND_PROXY"));
  assert.match(instructions("HEALTHCHECK").join(), new RegExp(`http://127\\.0\\.0\\.1:${port}/readyz'`));
  const user = instructions("USER", "last").at(-1);
  assert.match(user ?? "", /^[1-9]\d*$/);
  assert.ok(
    instructions("RUN").some((line) =>
      [
        `groupadd --gid ${user} `,
        `useradd --uid ${user} --gid `,
        `install -d -m 700 -o ${user} -g ${user} /data`,
      ].every((part) => line.includes(part)),
    ),
  );
  assert.ok(instructions("COPY", "last").every((line) => line.includes("--chown=0:0") || line.startsWith("LICENSE ")));
  assert.deepEqual(instructions("ENTRYPOINT"), ['["tini", "--", "holdfast"]']);
  const [, major] = /^node:(\d+)-/.exec(instructions("FROM").find((line) => line.endsWith(" AS build")) ?? "") ?? [];
  const { optionalDependencies } = JSON.parse(read("package.json")) as { optionalDependencies: Record<string, string> };
  for (const platform of ["x64", "arm64"])
    assert.ok(optionalDependencies[`node-linux-${platform}`]?.startsWith(`^${major}.`));
});

test("no container of a compose file has more rights than it needs", () => {
  assert.equal(holdfasts.length, 5);
  for (const [name, service] of services) {
    assert.equal(service.read_only, true, name);
    assert.deepEqual(service.cap_drop, ["ALL"], name);
    assert.deepEqual(service.security_opt, ["no-new-privileges:true"], name);
  }
  for (const [name, service] of holdfasts) {
    assert.equal(service.tmpfs, "/tmp", name);
    assert.equal(service.user, undefined, name);
    // SIGTERM ends the server within 10 s.
    assert.equal(service.stop_grace_period, "30s", name);
    for (const volume of service.volumes ?? []) {
      if (typeof volume === "string") assert.equal(/[^:]*$/.exec(volume)?.[0], data);
      else assert.deepEqual([volume.target, volume.bind], ["/backups", { create_host_path: false }]);
    }
  }
});

test("only the proxies have ports, and set the headers with the client's address", () => {
  const published = services.filter(([, { ports }]) => ports !== undefined).map(([name]) => name);
  assert.deepEqual(published, ["caddy", "haproxy"]);
  const linesOf = (path: string) =>
    read(path)
      .split("\n")
      .map((line) => line.trim())
      .filter((line) =>
        /^(?:option (?!httpchk)|http-request (?:del|set)-header (?!X-Forwarded-Proto)|use_backend|timeout)/.test(line),
      )
      .filter((line) => !line.startsWith("timeout tarpit"));
  const [alone, inCompose] = [linesOf("deploy/haproxy/haproxy.cfg"), linesOf("deploy/compose/haproxy.cfg")];
  assert.ok(alone.length > 10);
  assert.deepEqual(inCompose, alone);
});

test("servers start after the migration", () => {
  const split = services.filter(([, { environment }]) => environment?.["HOLDFAST_ROLES"] !== undefined);
  assert.equal(split.length, 3);
  for (const [name, { depends_on: needs }] of split)
    assert.equal(needs?.["migrate"]?.condition, "service_completed_successfully", name);
});

test("containers read secrets from files", () => {
  for (const { services: own, secrets } of composed) {
    for (const [name, service] of Object.entries(own)) {
      const files = Object.values(service.environment ?? {}).flatMap((value) => {
        return /^\/run\/secrets\/(.*)$/.exec(String(value))?.[1] ?? [];
      });
      assert.deepEqual(
        files.filter((file) => service.secrets?.includes(file) !== true),
        [],
        name,
      );
      for (const variable of Object.keys(service.environment ?? {}))
        if (/KEY|PASSWORD|DATABASE_URL/.test(variable)) assert.match(variable, /_FILE$/, name);
    }
    const used = new Set(Object.values(own).flatMap((service) => service.secrets ?? []));
    assert.deepEqual([...used].toSorted(), Object.keys(secrets).toSorted());
  }
});

test("the roles of split.yaml run once each, and its load balancer sends paths to them like that of deploy/haproxy", () => {
  const roles = holdfasts.flatMap(([, { environment }]) => String(environment?.["HOLDFAST_ROLES"] ?? "").split(","));
  assert.deepEqual(roles.filter((role) => role !== "").toSorted(), [...serverRoles].toSorted());
  const [own, shipped] = ["compose", "haproxy"].map((folder) => read(`deploy/${folder}/haproxy.cfg`).split("\n"));
  const rules = (lines: readonly string[] = []) =>
    lines.filter((line) =>
      /^ +(use_backend|default_backend|option httpchk|timeout (client|server|connect))/.test(line),
    );
  assert.ok(rules(own).length > 8);
  assert.deepEqual(rules(own), rules(shipped));
  const servers = own?.flatMap((line) => /server-template (\w+) \d+ (\S+)/.exec(line)?.slice(1, 3).join(" ") ?? []);
  assert.deepEqual(servers, [`api api:${port}`, `blocks api:${port}`, `notify notify:${port}`]);
});

test("Caddy's container forwards to the port of the server", () => {
  const caddy = services.find(([name]) => name === "caddy")?.[1].environment;
  assert.equal(caddy?.["UPSTREAM"], `holdfast:${port}`);
  for (const name of Object.keys(caddy ?? {})) assert.ok(read("deploy/caddy/Caddyfile").includes(`{$${name}:`), name);
});
