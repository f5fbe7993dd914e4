import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { after, test } from "node:test";
import type { AuditEntryJson } from "@holdfast/protocol/audit-routes";
import { longTest } from "@holdfast/tools/tiers";
import { Api, eventually, makeFolder, ok, removeFolder, startServer } from "./testing.ts";

const folder = makeFolder("audit-syslog");
after(() => removeFolder(folder));

/** RFC 5424, 6, as used by Holdfast: full header, no structured data, ASCII without control characters. */
const message =
  /^<(\d{1,3})>1 (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?Z) ([!-~]{1,255}) ([!-~]{1,48}) ([!-~]{1,128}) ([!-~]{1,32}) - ([ -~]+)$/;

function parse(text: string): AuditEntryJson {
  const [, priority, at, , application, , id, json] = message.exec(text) ?? [];
  assert.ok(json !== undefined, `no message of RFC 5424: ${text}`);
  const entry = JSON.parse(json) as AuditEntryJson;
  assert.equal(Number(priority), 13 * 8 + (entry.result === "ok" ? 6 : 4));
  assert.deepEqual([at, application, id], [entry.at, "holdfast", "audit"]);
  return entry;
}

/** Each shard has a chain. An entry may be sent twice. */
function assertNoGaps(entries: readonly AuditEntryJson[]): void {
  for (const [chain, ofChain] of Map.groupBy(entries, (entry) => entry.chain)) {
    const seqs = [...new Set(ofChain.map(({ seq }) => seq))];
    const expected = seqs.map((_, index) => index + 1);
    assert.deepEqual(seqs, expected, chain);
  }
}

/** Receives messages by RFC 6587, 3.4.1: length, space, message. */
class Receiver {
  readonly entries: AuditEntryJson[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  constructor() {
    this.#server = createServer((socket) => {
      this.#sockets.add(socket);
      let rest = Buffer.alloc(0);
      socket.on("error", () => {});
      socket.on("data", (bytes: Buffer) => {
        rest = Buffer.concat([rest, bytes]);
        for (;;) {
          const space = rest.indexOf(" ");
          if (space === -1) return;
          const count = rest.subarray(0, space).toString();
          assert.match(count, /^[1-9]\d*$/);
          const end = space + 1 + Number(count);
          if (rest.length < end) return;
          this.entries.push(parse(rest.subarray(space + 1, end).toString("latin1")));
          rest = rest.subarray(end);
        }
      });
    });
  }

  async listen(port: number): Promise<number> {
    this.#server.listen(port, "127.0.0.1");
    await once(this.#server, "listening");
    return (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, "close");
  }
}

test("audit entries reach a syslog server by TCP and resume after it was unreachable", async () => {
  const first = new Receiver();
  const port = await first.listen(0);
  const env = { HOLDFAST_AUDIT_SYSLOG: `tcp://127.0.0.1:${port}` };
  const server = await startServer({ dataFolder: `${folder}/tcp`, env });
  try {
    const admin = await Api.signIn(server.url);
    const { id } = await ok(admin, "POST", "/metadata", { path: "/Grüße", kind: "folder" });
    await eventually(
      "the folder is told",
      30_000,
      () => first.entries.some(({ node_ids: ids }) => ids?.includes(id)) || undefined,
    );
    assertNoGaps(first.entries);
    await first.close();
    const meanwhile = await ok(admin, "POST", "/tokens", { name: "meanwhile", scopes: ["files:read"] });
    const second = new Receiver();
    await second.listen(port);
    await eventually(
      "what was done meanwhile is told",
      60_000,
      () => second.entries.some(({ target }) => target === meanwhile.id) || undefined,
    );
    const batch = Array.from({ length: 30 }, (_, index) => ({
      op: "mkdir",
      operation_id: index.toString(16).padStart(32, "0"),
      path: `/f${index}`,
    }));
    await ok(admin, "POST", "/sync/delta", { operations: batch });
    const summary = await eventually("the batch is told", 30_000, () =>
      second.entries.find(({ action }) => action === "file.batch"),
    );
    assert.deepEqual(
      [summary.count, summary.node_ids?.length, (summary as { node_ids_left_off?: number }).node_ids_left_off],
      [30, 20, 10],
    );
    const all = [...first.entries, ...second.entries];
    assertNoGaps(all);
    const { items } = await ok(admin, "GET", "/admin/audit?limit=5000");
    const kept = new Map((items as AuditEntryJson[]).map((entry) => [entry.hash, entry]));
    const whole = second.entries.filter(({ action }) => action !== "file.batch");
    assert.ok(whole.length > 0);
    for (const entry of whole) assert.deepEqual(entry, kept.get(entry.hash));
    const metrics = String((await admin.call("GET", `${server.url}/metrics`)).body);
    assert.match(metrics, /^audit_syslog_dropped_total 0$/m);
    assert.ok(Number(/^audit_entries_total (\d+)$/m.exec(metrics)?.[1]) >= new Set(all.map(({ hash }) => hash)).size);
    await second.close();
  } finally {
    await server.stop();
  }
});

longTest("audit entries reach a syslog server by UDP, one per datagram", async () => {
  const socket = createSocket("udp4");
  const entries: AuditEntryJson[] = [];
  socket.on("message", (bytes) => entries.push(parse(bytes.toString("latin1"))));
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  const env = { HOLDFAST_AUDIT_SYSLOG: `udp://127.0.0.1:${socket.address().port}` };
  const server = await startServer({ dataFolder: `${folder}/udp`, env });
  try {
    await Api.signIn(server.url);
    await eventually(
      "the sign-in is told",
      30_000,
      () => entries.some(({ action }) => action === "session.start") || undefined,
    );
  } finally {
    await server.stop();
    socket.close();
  }
});
