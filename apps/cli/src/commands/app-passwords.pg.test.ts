import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { administrator, Api } from "@holdfast/server/acceptance/testing";
import { useSignedIn } from "./testing-signed-in.ts";

describe("app-passwords", () => {
  const command = useSignedIn("app-passwords");
  const { run } = command;
  const { email, password } = administrator;
  const add = (...args: string[]) => run(["app-passwords", "add", ...args, "--password-stdin"], `${password}\n`);
  const withIt = (secret: string) => Api.withBasic(command.server.url, email, secret.trim());

  test("an app password is created, shown once, used, listed and revoked", async () => {
    const made = await add("tv", "--read-only", "--expires", "90d");
    assert.match(made.stderr, /^It expires 20\d\d-\d\d-\d\d \d\d:\d\d:\d\dZ\.$/m);
    assert.equal(made.code, 0, made.stderr);
    assert.match(made.stdout, /^([a-z]{5}-){3}[a-z]{5}\n$/);
    assert.match(made.stderr, /not shown again\. Use it with the name admin@example\.com/);
    const app = withIt(made.stdout);
    assert.equal((await app.call("GET", "/folders/root/contents")).status, 200);
    assert.equal((await app.put("/x", "x")).status, 403);
    assert.equal((await run(["token", "create", "backup"])).code, 0);
    assert.match((await run(["token", "rm", "backup"])).stdout, /^revoked /);
    const unknown = await run(["token", "rm", "backup"]);
    assert.deepEqual(
      [unknown.code, unknown.stderr],
      [4, "holdfast: There is no such token. 'holdfast token ls' lists the IDs.\n"],
    );
    const { stdout } = await run(["app-passwords", "ls"]);
    assert.match(stdout, /^\S+ +tv +reads +all files +expires .+ +used .+\n$/, "tokens are not among them");
    const [id = ""] = stdout.split(" ");
    assert.equal((await run(["app-passwords", "rm", "tv"])).stdout, `revoked ${id}\n`);
    assert.equal((await app.call("GET", "/account")).status, 401);
  });

  test("an app password for a folder gives access only to that folder, and its list shows the current path", async () => {
    assert.equal((await run(["mkdir", "/Photos", "/Letters"])).code, 0);
    const made = await add("camera", "--folder", "/Photos");
    assert.equal(made.code, 0, made.stderr);
    assert.match((await run(["permissions", "/Photos"])).stdout, /^app password +camera +editor /);
    assert.match((await run(["activity"])).stdout, / added app password +Photos /);
    assert.equal((await run(["link", "/Photos"])).code, 0);
    for (const links of [
      ["link", "ls"],
      ["link", "ls", "/Photos"],
    ])
      assert.match((await run(links)).stdout, /^\S+ +viewer [^\n]*\/Photos *\n$/, "the app password is no link");
    const app = withIt(made.stdout);
    assert.equal((await app.put("/a.jpg", "a")).status, 201);
    assert.equal((await run(["cat", "/Photos/a.jpg"])).stdout, "a");
    assert.equal((await app.call("GET", "/metadata?path=%2FLetters")).status, 404);
    assert.equal((await run(["mv", "/Photos", "/Pictures"])).code, 0);
    assert.match((await run(["app-passwords", "ls"])).stdout, /camera +reads and writes +\/Pictures /);
    assert.equal((await add("x", "--folder", "/nowhere")).code, 4);
  });

  test("a wrong password creates no app password", async () => {
    const { code, stderr } = await run(["app-passwords", "add", "x", "--password-stdin"], "a guess\n");
    assert.deepEqual([code, stderr.includes("Wrong password.")], [3, true], stderr);
  });
});
