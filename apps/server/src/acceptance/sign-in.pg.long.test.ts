import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { administrator, Api, eventually, holdfast, makeFolder, removeFolder, startServer } from "./testing.ts";

const perMinute = 2;

test("60 wrong passwords from one address do not lock out the owner, and a flood from many not the owner's device", async (t) => {
  const folder = makeFolder("sign-in");
  const server = await startServer({
    dataFolder: join(folder, "data"),
    args: ["--behind-proxy"],
    env: { HOLDFAST_RATE_LIMIT_SIGN_IN: String(perMinute) },
  });
  t.after(async () => {
    await server.stop();
    removeFolder(folder);
  });
  const signIn = async (password: string, address: string) => {
    const headers = { "x-forwarded-for": address };
    return (await new Api(server.url).call("POST", "/sessions", { ...administrator, password }, { headers })).status;
  };
  const login = (home: string) =>
    holdfast(["login", server.url, "--email", administrator.email, "--password-stdin"], {
      input: `${administrator.password}\n`,
      env: { HOLDFAST_CONFIG_DIR: join(folder, home) },
    });
  assert.equal((await login("laptop")).code, 0);
  const statuses: number[] = [];
  for (let attempt = 0; attempt < 60; attempt += 1) statuses.push(await signIn("wrong password", "192.0.2.66"));
  assert.ok(statuses.filter((status) => status === 401).length <= 2 * perMinute, String(statuses));
  assert.equal(statuses.at(-1), 429);
  assert.equal(await signIn(administrator.password, "192.0.2.66"), 429);
  assert.equal(await signIn(administrator.password, "192.0.2.1"), 200);
  // Attempts of one round run in parallel, so that the bucket does not refill between them.
  const guess = async (round: number): Promise<number> => {
    const tried = await Promise.all(
      Array.from({ length: 10 }, (_, at) => signIn("wrong password", `198.51.${round % 256}.${at}`)),
    );
    return tried.filter((status) => status === 401).length;
  };
  let guesses = 0;
  let round = 0;
  for (; round < 10; round += 1) guesses += await guess(round);
  assert.ok(guesses < 20 * perMinute, `${guesses} guesses were let in`);
  // The bucket refills meanwhile. If it has let the owner in, further guesses empty it again, and another try follows.
  let elsewhere = 1;
  await eventually("the owner is refused at an address that nobody has used", 60_000, async () => {
    assert.ok((await guess(round++)) < 10, "a round leaves nothing in the bucket");
    return (await signIn(administrator.password, `192.0.2.${(elsewhere += 1)}`)) === 429 ? true : undefined;
  });
  // The program retries after a refusal, so only the log proves that there was none.
  for (const attempt of ["first", "second, with the secret of the first"]) {
    const { code, stderr } = await login("laptop");
    assert.equal(code, 0, `${attempt}: ${stderr}`);
  }
  const refused = readFileSync(server.logFile, "utf8")
    .split("\n")
    .filter((line) => line.includes('"status":429') && line.includes('"address":"127.0.0.1"'));
  assert.deepEqual(refused, []);
});
