import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { requireComponent } from "@holdfast/tools/components";
import { newPerson } from "./new-person.ts";
import { Api, eventually, makeFolder, ok, removeFolder, startServer } from "./testing.ts";

/**
 * Program from Debian's package oidc-agent-cli. It signs in by the device flow, keeps the refresh token and provides
 * access tokens.
 */
const agentProgram = "oidc-agent";

test("oidc-agent signs in with a device code, refreshes its token and loses access when revoked", async (t) => {
  if (!requireComponent(t, agentProgram)) return;
  const folder = makeFolder("oidc-agent");
  const server = await startServer({ dataFolder: `${folder}/data` });
  const env = { PATH: process.env["PATH"], HOME: folder, TMPDIR: folder, OIDC_ENCRYPTION_PW: "between us" };
  const socket = `${folder}/agent`;
  // Without this option, the agent would start a new authorization and wait for the user.
  const options = ["--console", "--no-webserver", "--no-autoreauthenticate", `--socket-path=${socket}`];
  const agent = spawn(agentProgram, options, { env });
  const ended = once(agent, "exit");
  const start = (program: string, ...args: string[]) => {
    const stdio = ["ignore", "pipe", "pipe"] as ["ignore", "pipe", "pipe"];
    const child = spawn(program, args, { env: { ...env, OIDC_SOCK: socket }, stdio, timeout: 60_000 });
    const said: string[] = [];
    child.stdout.on("data", (text: Buffer) => said.push(text.toString()));
    const lines = createInterface({ input: child.stderr });
    lines.on("line", (line) => said.push(line));
    return { lines, said, end: once(child, "close").then(([code]) => code as number | null) };
  };
  const token = async (...args: string[]) => {
    const { said, end } = start("oidc-token", ...args, "holdfast");
    const code = await end;
    return { code, token: said.join("").trim() };
  };
  try {
    await eventually("the agent listens", 60_000, () => (existsSync(socket) ? true : undefined));
    const admin = await Api.signIn(server.url);
    const ann = await newPerson(admin);
    await ann.api.put("/a.txt", "hello");
    const made = await ok(admin, "POST", "/admin/oauth-clients", {
      name: "oidc-agent",
      redirect_uris: [],
      scopes: ["files:read"],
    });
    const generating = start(
      "oidc-gen",
      "holdfast",
      "--manual",
      `--issuer=${server.url}`,
      `--client-id=${made.id}`,
      `--client-secret=${made.secret}`,
      "--scope=openid offline_access files:read",
      "--flow=device",
      "--pw-env",
      "--prompt=none",
      "--confirm-default",
      "--no-url-call",
    );
    const shown = new Promise<string>((resolve) => {
      generating.lines.on("line", (line) => {
        const code = /enter the code: ([A-Z]{4}-[A-Z]{4})/.exec(line)?.[1];
        if (code !== undefined) resolve(code);
      });
    });
    const user_code = await Promise.race([
      shown,
      generating.end.then(() => assert.fail(`no code was shown: ${generating.said.join("\n")}`)),
    ]);
    await ok(ann.api, "POST", "/account/device-requests/answer", { user_code, allow: true });
    assert.equal(await generating.end, 0, generating.said.slice(-5).join("\n"));
    const first = await token();
    assert.equal(first.code, 0, first.token);
    assert.equal(String((await new Api(server.url, first.token).download("/a.txt")).body), "hello");
    const next = await token("--force-new");
    assert.notEqual(next.token, first.token);
    assert.equal(String((await new Api(server.url, next.token).download("/a.txt")).body), "hello");
    const [entry] = (await ok(ann.api, "GET", "/account/authorized-programs")).items;
    assert.deepEqual([entry.name, entry.scopes], ["oidc-agent", ["files:read"]]);
    await ok(ann.api, "DELETE", `/account/authorized-programs/${entry.id}`);
    assert.equal((await new Api(server.url, next.token).call("GET", "/account")).status, 401);
    const refused = await token("--force-new");
    assert.notEqual(refused.code, 0);
    assert.match(refused.token, /invalid_grant/);
  } finally {
    agent.kill();
    await ended;
    await server.stop();
    removeFolder(folder);
  }
});
