import assert from "node:assert/strict";
import { test } from "node:test";
import { administrator, Api } from "@holdfast/server/acceptance/testing";
import { bothPlaces, useSignedIn } from "./testing-signed-in.ts";

const command = useSignedIn("admin-reports");
const { run } = command;

for (const [where, flags] of bothPlaces(command)) {
  test(`${where}, an administrator lists reports and ends a link`, async () => {
    const json = (...args: string[]) => command.json("admin", "reports", ...args, ...flags);
    const owner = await Api.signIn(command.server.url);
    const { body: node } = await owner.call("POST", "/metadata", { path: `/${where}`, kind: "folder" });
    const { body: link } = await owner.call("POST", `/files/${node.id}/share`, { link: true, role: "viewer" });
    const fields = { token: link.token, reason: "malware", text: "two\nlines \u202e and more" };
    assert.equal((await new Api(command.server.url).call("POST", "/links/report", fields)).status, 204);
    const [report] = (await json("ls", "--open")).items;
    assert.deepEqual([report.permission_id, report.reason, report.state], [link.id, "malware", "open"]);
    const { stdout } = await run(["admin", "reports", "ls", ...flags]);
    const line = stdout.split("\n").find((each) => each.includes(report.id)) ?? "";
    assert.match(line, new RegExp(`malware +open +${administrator.email} +${where} +two lines `));
    assert.doesNotMatch(line, /\u202e/);
    assert.match(
      (await run(["admin", "reports", "resolve", report.id, "--action", "end", ...flags])).stderr,
      /one of none, /,
    );
    const resolved = await json("resolve", report.id, "--action", "disable_link");
    assert.deepEqual([resolved.id, resolved.state, resolved.action], [report.id, "resolved", "disable_link"]);
    assert.equal((await new Api(command.server.url, link.token).call("GET", "/links/current")).status, 401);
    assert.deepEqual((await json("ls", "--open")).items, []);
    const milder = await run(["admin", "reports", "resolve", report.id, "--action", "none", ...flags]);
    assert.equal(milder.code, 5, milder.stderr);
    const missing = await run(["admin", "reports", "resolve", node.id, "--action", "none", ...flags]);
    assert.equal(missing.code, 4, missing.stderr);
  });
}
