import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { SimulatedDisk } from "@holdfast/disk/simulated-disk";
import { makeMemoryStore } from "@holdfast/object-store/memory-store";
import type { ObjectStore } from "@holdfast/object-store/object-store";
import { sql } from "kysely";
import { makeTestFolder, startTestDatabases, type TestDatabases } from "../../base/db/testing.ts";
import { type BlockCells, openBlockCells } from "../cells/open-block-cells.ts";
import { type KeySource, keySourceOf } from "./key-encryption-key.ts";
import { readDataKeyRows } from "./keyring.ts";
import { rotateKeyEncryptionKey } from "../cells/rotate-key-encryption-key.ts";
import { signAwsRequest } from "./sign-aws-request.ts";
import { startKeyService, type TestKeyService } from "./testing-key-service.ts";
import { makeTestClock, silentBlockLog } from "../testing.ts";

let databases: TestDatabases;
let service: TestKeyService;
let store: ObjectStore;
let disk: SimulatedDisk;

before(async () => {
  databases = await startTestDatabases({ fsync: false });
  service = await startKeyService();
});
after(async () => {
  await service.stop();
  await databases.stop();
});

const kinds = {
  vault: () => `vault:${service.url}/transit/holdfast`,
  "aws-kms": () => `aws-kms:alias/holdfast?region=eu-test-1&endpoint=${encodeURIComponent(service.url)}`,
};

for (const [kind, address] of Object.entries(kinds)) {
  test(`${kind}: data keys are wrapped by the external key, open again, and are never stored in the clear`, async () => {
    await clear();
    const key = await newestOf(await open({ key: address() }));
    assert.deepEqual(await newestOf(await open({ key: address() })), key);
    const [row] = await readDataKeyRows(db());
    assert.equal(row?.wrapped[0], 3);
    assert.ok(!Buffer.from(row.wrapped).includes(key));
  });

  test(`${kind}: a changed creation time is detected`, async () => {
    await clear();
    await open({ key: address() });
    await sql`update cell.data_keys set created_at = created_at + 1`.execute(db());
    await assert.rejects(open({ key: address() }), { code: "failed" });
  });

  test(`${kind}: keys can be moved from a file to the service, and from it to a given key`, async () => {
    await clear();
    const key = await newestOf(await open({}));
    const own = randomBytes(32).toString("base64");
    for (const [now, next] of [
      [undefined, address()],
      [address(), own],
    ] as const) {
      await rotate({ ...(now === undefined ? {} : { key: now }), next });
      assert.deepEqual(await newestOf(await open({ key: next })), key);
      await assert.rejects(open(now === undefined ? {} : { key: now }), { code: "failed" });
    }
  });
}

test("a rotation uses the newest version of the service's key", async () => {
  await clear();
  const key = await newestOf(await open({ key: kinds.vault() }));
  await service.rotate();
  const { cells } = await rotate({ key: kinds.vault() });
  assert.deepEqual(cells, [{ id: "main", epoch: 1, dataKeys: 1 }]);
  const [row] = await readDataKeyRows(db());
  assert.match(Buffer.from(row?.wrapped ?? []).toString("latin1"), /^.vault:v2:/s);
  assert.deepEqual(await newestOf(await open({ key: kinds.vault() })), key);
});

test("a running server survives an outage of the key service, and a start fails without changes", async () => {
  await clear();
  const running = await open({ key: kinds.vault() });
  const key = await newestOf(running);
  const kept = await readDataKeyRows(db());
  const port = Number(new URL(service.url).port);
  await service.stop();
  try {
    await running.all()[0]?.keyring.refresh();
    assert.deepEqual(await newestOf(running), key);
    await assert.rejects(open({ key: kinds.vault() }), { code: "unavailable", message: /vault:http.*cannot be used/ });
  } finally {
    service = await startKeyService(port);
  }
  assert.deepEqual(await readDataKeyRows(db()), kept);
  assert.deepEqual(await newestOf(await open({ key: kinds.vault() })), key);
});

test("a wrong token, a missing token and invalid addresses are rejected, and a token file is accepted", async () => {
  await clear();
  await assert.rejects(open({ key: kinds.vault(), environment: { VAULT_TOKEN: "wrong" } }), {
    code: "failed",
    message: /denied this server access .*\(403\)/,
  });
  await assert.rejects(open({ key: kinds.vault(), environment: {} }), { code: "usage", message: /VAULT_TOKEN/ });
  const file = join(makeTestFolder(), "token");
  writeFileSync(file, `${service.token}\n`);
  await open({ key: kinds.vault(), environment: { VAULT_TOKEN_FILE: file } });
  for (const key of ["vault:", "vault:transit/x", `vault:${service.url}/x`, "aws-kms:x", "aws-kms:x?region=../../y"]) {
    await assert.rejects(open({ key }), { code: "usage", message: /is not a valid key/ }, key);
  }
});

test("a request is signed as in AWS's example (aws-sig-v4-test-suite, post-vanilla)", () => {
  const request = { url: new URL("https://example.amazonaws.com/"), headers: {}, body: "" };
  const { authorization } = signAwsRequest(request, {
    accessKeyId: "AKIDEXAMPLE",
    secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
    sessionToken: undefined,
    service: "service",
    region: "us-east-1",
    at: new Date("2015-08-30T12:36:00Z"),
  });
  assert.equal(
    authorization,
    "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date, " +
      "Signature=5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
  );
});

interface Keys {
  readonly key?: string;
  readonly next?: string;
  readonly environment?: Readonly<Record<string, string>>;
}

async function clear(): Promise<void> {
  store = makeMemoryStore({ nowMs: () => Date.now() });
  disk = new SimulatedDisk();
  await disk.mkdir("/data");
  await sql`truncate cell.data_keys, cell.packs, cell.facts`.execute(db());
}

function source({ key, next, environment }: Keys): KeySource {
  return keySourceOf(disk, "/data", {
    HOLDFAST_KEY_ENCRYPTION_KEY: key,
    HOLDFAST_NEW_KEY_ENCRYPTION_KEY: next,
    AWS_ACCESS_KEY_ID: "AK",
    AWS_SECRET_ACCESS_KEY: "SK",
    ...(environment ?? { VAULT_TOKEN: service.token }),
  });
}

function open(keys: Keys): Promise<BlockCells> {
  const ports = { clock: makeTestClock(), random: randomBytes, log: silentBlockLog };
  return openBlockCells({ cells: databases.cells, storeOf: () => store, keySource: source(keys), ...ports });
}

async function rotate(keys: Keys) {
  const cells = await open(keys);
  return rotateKeyEncryptionKey({ cells: cells.all(), source: source(keys), random: randomBytes, log: silentBlockLog });
}

async function newestOf(cells: BlockCells): Promise<Buffer> {
  return Buffer.from((await cells.all()[0]?.keyring.current())?.key ?? []);
}

function db() {
  return databases.cells.all()[0]?.db ?? assert.fail();
}
