import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { NodeJson } from "@holdfast/protocol/values";
import { isLongTier, longTest } from "@holdfast/tools/tiers";
import { Api, type ApiAnswer, makeFolder, removeFolder, type RunningServer, startServer } from "./testing.ts";

const bases = {
  "If-Match": { refusal: "precondition", of: (seen: Seen) => `"${seen.revision}"` },
  base_revision: { refusal: "conflict", of: (seen: Seen) => seen.revision },
  base_version: { refusal: "conflict", of: (seen: Seen) => seen.version_id ?? "" },
} as const;
type Base = keyof typeof bases;
type Seen = Pick<NodeJson, "revision" | "version_id">;

const histories = {
  fresh: { outdates: [] as readonly Base[] },
  renamed: { outdates: ["If-Match", "base_revision"] as readonly Base[] },
  changed: { outdates: ["If-Match", "base_revision", "base_version"] as readonly Base[] },
} as const;
type History = keyof typeof histories;

const places = ["live", "trashed"] as const;

/**
 * Returns true for the cases of the short run. The base does not matter for a node that is not found, so one history is enough there.
 * A change and a rename outdate revisions by the same comparison, so the rename is enough. It does not outdate a `base_version`, and
 * thus replaces the fresh file there.
 */
function isInGate({ takes }: Route, base: Base, history: History, place: (typeof places)[number]): boolean {
  if (!takes.includes(place)) return history === "changed";
  return history !== (base === "base_version" ? "fresh" : "changed");
}

interface Route {
  /** Accepted places of the node. A node in the wrong place is refused regardless of the base. */
  readonly takes: readonly (typeof places)[number][];
  readonly call: (world: World, file: Seen & { id: string }, said: Said) => Promise<Outcome>;
}

interface Said {
  readonly headers: Record<string, string>;
  readonly fields: Record<string, string>;
  readonly query: string;
}

interface World {
  readonly api: Api;
  readonly content: { size: number; blocks: { hash: string; size: number }[] };
  readonly name: () => string;
}

interface Outcome {
  readonly status: number;
  readonly code: string | undefined;
  readonly node: NodeJson | undefined;
}

const content = "the content of these puts";
const hash = createHash("sha256").update(content).digest("hex");

const routes: Readonly<Record<string, Route>> = {
  "PATCH, to rename": {
    takes: ["live"],
    call: ({ api, name }, { id }, { headers, fields }) =>
      ask(api.call("PATCH", `/files/${id}`, { name: name(), ...fields }, { headers })),
  },
  "PATCH, to set": {
    takes: ["live"],
    call: ({ api }, { id }, { headers, fields }) =>
      ask(api.call("PATCH", `/files/${id}`, { executable: true, ...fields }, { headers })),
  },
  DELETE: {
    takes: ["live"],
    call: ({ api }, { id }, { headers, query }) =>
      ask(api.call("DELETE", `/files/${id}?${query}`, undefined, { headers })),
  },
  "DELETE for good": {
    takes: ["live", "trashed"],
    call: ({ api }, { id }, { headers, query }) =>
      ask(api.call("DELETE", `/files/${id}?permanent=true&${query}`, undefined, { headers })),
  },
  "DELETE from the trash": {
    takes: ["trashed"],
    call: ({ api }, { id }, { headers, query }) =>
      ask(api.call("DELETE", `/trash/${id}?${query}`, undefined, { headers })),
  },
  "POST copy": {
    takes: ["live"],
    call: ({ api, name }, { id }, { headers, fields }) =>
      ask(api.call("POST", `/files/${id}/copy`, { parent_id: "root", name: name(), ...fields }, { headers })),
  },
  "POST restore of a version": {
    takes: ["live"],
    call: ({ api }, { id }, { headers, query }) =>
      ask(api.call("POST", `/files/${id}/restore?version=1&${query}`, undefined, { headers })),
  },
  "POST restore from the trash": {
    takes: ["live", "trashed"],
    call: ({ api, name }, { id }, { headers, fields }) =>
      ask(api.call("POST", `/trash/${id}/restore`, { name: name(), ...fields }, { headers })),
  },
  "POST upload": {
    takes: ["live"],
    call: ({ api }, { id }, { headers, query }) =>
      ask(
        api.call("POST", `/files/upload?uploadType=media&file_id=${id}&${query}`, undefined, {
          headers,
          body: content,
        }),
      ),
  },
  "POST upload, resumable, at its start": {
    takes: ["live"],
    call: async ({ api }, { id }, { headers, fields }) => {
      const start = await api.call(
        "POST",
        "/files/upload?uploadType=resumable",
        { file_id: id, ...fields },
        { headers },
      );
      return start.status === 200
        ? ask(api.call("PUT", start.body.upload_url, undefined, { body: content }))
        : outcomeOf(start);
    },
  },
  "POST commit of an upload": {
    takes: ["live"],
    call: async ({ api, name }, { id }, { headers, fields }) => {
      const start = { name: name(), parent_id: "root", sha256: hash };
      const { body } = await api.call("POST", "/files/upload?uploadType=resumable", start);
      const wrong = await api.call("PUT", body.upload_url, undefined, {
        body: content,
        headers: { "if-match": '"none"' },
      });
      assert.equal(wrong.body.complete, true);
      return ask(api.call("POST", `/upload/${body.upload_id}/commit`, { file_id: id, ...fields }, { headers }));
    },
  },
  ...Object.fromEntries(
    (
      [
        ["put", ["live"], ({ content: put }) => put],
        ["move", ["live"], ({ name }) => ({ name: name() })],
        ["copy", ["live"], ({ name }) => ({ name: name(), parent_id: "root" })],
        ["set", ["live"], () => ({ executable: true })],
        ["delete", ["live"], () => ({})],
        ["restore", ["live", "trashed"], ({ name }) => ({ name: name() })],
      ] satisfies [string, Route["takes"], (world: World) => object][]
    ).map(([op, takes, more]): [string, Route] => [
      `${op} in a batch`,
      {
        takes,
        call: async (world, { id }, { fields }) => {
          const operation_id = randomBytes(16).toString("hex");
          const operations = [{ op, operation_id, file_id: id, ...more(world), ...fields }];
          const { body } = await world.api.call("POST", "/sync/delta", { operations });
          const [result] = body.results;
          const status = result.status === "committed" ? 200 : 409;
          return { status, code: result.code, node: result.node };
        },
      },
    ]),
  ),
};

async function ask(answer: Promise<ApiAnswer>): Promise<Outcome> {
  return outcomeOf(await answer);
}

function outcomeOf({ status, body }: ApiAnswer): Outcome {
  return status < 300 ? { status, code: undefined, node: undefined } : { status, code: body.code, node: body.node };
}

describe("Preconditions on a node's state", () => {
  let folder: string;
  let server: RunningServer;
  let world: World;
  before(async () => {
    folder = makeFolder("preconditions");
    server = await startServer({ dataFolder: join(folder, "data") });
    const api = await Api.signIn(server.url);
    let made = 0;
    const size = Buffer.byteLength(content);
    world = { api, content: { size, blocks: [{ hash, size }] }, name: () => `name ${(made += 1)}` };
    await api.put("/the content", content);
  });
  after(async () => {
    await server?.stop();
    removeFolder(folder);
  });

  const makeFile = async (): Promise<NodeJson> => (await world.api.put(`/${world.name()}`, "one")).body;
  const write = async (id: string): Promise<NodeJson> =>
    (await world.api.call("POST", `/files/upload?uploadType=media&file_id=${id}`, undefined, { body: randomBytes(20) }))
      .body;
  const stateOf = async (id: string) => (await world.api.call("GET", `/files/${id}`)).body;
  const trash = async (id: string) => (await world.api.call("DELETE", `/files/${id}`)).body;

  /** A file as the caller saw it, and its current state. In the trash, its state there counts. */
  const prepare = async (history: History, place: (typeof places)[number]) => {
    const { id } = await makeFile();
    const written = await write(id);
    const seen: NodeJson = place === "trashed" ? await trash(id) : written;
    if (history === "fresh") return { id, seen, now: seen };
    if (place === "trashed") await world.api.call("POST", `/trash/${id}/restore`, {});
    const renamed = async () => (await world.api.call("PATCH", `/files/${id}`, { name: world.name() })).body;
    const changed: NodeJson = history === "renamed" ? await renamed() : await write(id);
    return { id, seen, now: place === "trashed" ? await trash(id) : changed };
  };

  const refusedOnes = new Map<string, ReturnType<typeof prepare>>();
  /** Prepares one file for all calls that must be refused, and thus change nothing. */
  const prepareOnce = (history: History, place: (typeof places)[number]) => {
    const key = `${history}, ${place}`;
    const prepared = refusedOnes.get(key) ?? prepare(history, place);
    refusedOnes.set(key, prepared);
    return prepared;
  };

  const say = (base: Base, text: string): Said => ({
    headers: base === "If-Match" ? { "if-match": text } : {},
    fields: base === "If-Match" ? {} : { [base]: text },
    query: base === "If-Match" ? "" : `${base}=${text}`,
  });

  for (const [index, [name, route]] of Object.entries(routes).entries()) {
    for (const base of Object.keys(bases) as Base[]) {
      if (base === "If-Match" && name.endsWith("in a batch")) continue;
      // Both are the same comparison, so the gate has one of them.
      const isAlternative = !name.endsWith("in a batch") && base === (index % 2 === 0 ? "If-Match" : "base_revision");
      (isAlternative ? longTest : test)(`${name} checks ${base}`, async () => {
        for (const history of Object.keys(histories) as History[]) {
          for (const place of places) {
            if (!isLongTier && !isInGate(route, base, history, place)) continue;
            const cell = `${history}, ${place}`;
            const isTaken = route.takes.includes(place);
            const refused = histories[history].outdates.includes(base);
            const { id, seen, now } = await (isTaken && !refused ? prepare : prepareOnce)(history, place);
            const said = say(base, bases[base].of(seen));
            const { code, node } = await route.call(world, seen, said);
            if (!isTaken) {
              assert.equal(code, place === "trashed" ? "trashed" : "not_found", cell);
              continue;
            }
            assert.equal(code, refused ? bases[base].refusal : undefined, cell);
            if (refused) assert.equal(node?.revision, now.revision, `${cell}: the node as it is comes along`);
            if (refused) assert.deepEqual((await stateOf(id)).revision, now.revision, `${cell}: nothing is changed`);
          }
        }
      });
    }
    test(`${name} rejects a version of another file as base`, async () => {
      const [file, other] = [await makeFile(), await makeFile()];
      for (const base of ["base_version", "base_revision"] as const) {
        if (route.takes[0] === "trashed") await trash(file.id);
        const { code } = await route.call(world, file, say(base, bases[base].of(other)));
        assert.equal(code, "conflict", base);
      }
    });
  }

  test("no route serves, restores or compares a version of another file by this file's id", async () => {
    const [file, other] = [await makeFile(), await makeFile()];
    await write(other.id);
    const foreign = (await stateOf(other.id)).version_id;
    const { api } = world;
    const answers = [
      await api.call("GET", `/files/${file.id}/download?version=${foreign}`),
      await api.call("HEAD", `/files/${file.id}/download?version=${foreign}`),
      await api.call("GET", `/files/${file.id}/manifest?version=${foreign}`),
      await api.call("GET", `/files/${file.id}/manifest?base=${foreign}`),
      await api.call("POST", `/files/${file.id}/restore?version=${foreign}`),
      await api.call("GET", `/files/${file.id}/download?version=2`),
      await api.call("POST", `/files/${file.id}/restore?version=2`),
    ];
    assert.deepEqual(
      answers.map(({ status }) => status),
      answers.map(() => 404),
    );
    const sync = { current_version: foreign, new_block_hashes: [hash] };
    assert.equal((await api.call("POST", `/files/${file.id}/sync`, sync)).status, 409);
    assert.equal((await stateOf(file.id)).version, 1);
  });

  test("a condition on a route without a node is rejected", async () => {
    const { api } = world;
    for (const headers of [{ "if-match": '"a"' }, { "if-none-match": "*" }]) {
      const answers = [
        await api.call("POST", "/sync/delta", { operations: [] }, { headers }),
        await api.call("DELETE", "/trash", undefined, { headers }),
      ];
      for (const { status, body } of answers) assert.deepEqual([status, body.code], [400, "bad_request"]);
    }
  });
});
