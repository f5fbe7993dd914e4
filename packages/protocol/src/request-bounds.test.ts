import assert from "node:assert/strict";
import { test } from "node:test";
import { limits } from "@holdfast/core/limits";
import { z } from "zod";
import { parseJson } from "./parse-json.ts";
import { jsonBytesMax, type Route } from "./route.ts";
import { routes } from "./routes.ts";

const table = Object.entries(routes) as [string, Route][];

/** Yields every list in a schema with its path. */
function* listsIn(schema: unknown, path: string): Generator<[path: string, list: z.ZodArray]> {
  if (schema instanceof z.ZodArray) {
    yield [path, schema];
    yield* listsIn(schema.element, `${path}[]`);
  } else if (schema instanceof z.ZodObject) {
    for (const [name, member] of Object.entries(schema.shape)) yield* listsIn(member, `${path}.${name}`);
  } else if (schema instanceof z.ZodUnion) {
    for (const [index, option] of schema.options.entries()) yield* listsIn(option, `${path}|${index}`);
  } else if (schema instanceof z.ZodRecord) yield* listsIn(schema.valueType, `${path}.*`);
  else if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable) yield* listsIn(schema.unwrap(), path);
  else if (schema instanceof z.ZodPipe) yield* listsIn(schema.in, path);
}

function mostOf(list: z.ZodArray): number | undefined {
  const most = list._zod.def.checks?.map(({ _zod }) => _zod.def).find(({ check }) => check === "max_length");
  return (most as z.core.$ZodCheckMaxLengthDef | undefined)?.maximum;
}

test("every list in a request has a maximum, and no entry of a longer list is read", () => {
  let count = 0;
  for (const [name, route] of table) {
    for (const [path, list] of [...listsIn(route.body, name), ...listsIn(route.query, name)]) {
      const entriesMax = mostOf(list);
      assert.ok(entriesMax !== undefined && entriesMax <= limits.requestEntriesMax, `${path} has no most`);
      let looks = 0;
      const entries = new Proxy(Array.from({ length: entriesMax + 1 }), {
        get: (target, key, receiver) => {
          if (typeof key === "string" && /^\d+$/.test(key)) looks += 1;
          return Reflect.get(target, key, receiver) as unknown;
        },
      });
      assert.equal(list.safeParse(entries).success, false, path);
      assert.equal(looks, 0, `${path} was validated though it is too long`);
      count += 1;
    }
  }
  assert.ok(count >= 10, `only ${count} lists were found`);
});

test("only routes with long lists accept large JSON, and public requests are short", () => {
  const long = new Set<string>(["syncFile", "syncDelta", "fetchBlocks"]);
  for (const [name, route] of table) {
    const entriesMax = [...listsIn(route.body, name)].reduce((sum, [, list]) => sum + Number(mostOf(list)), 0);
    assert.equal(route.longLists === true, long.has(name), name);
    if (route.access === "open") assert.equal(jsonBytesMax(route), limits.requestOpenBytesMax, name);
    // A quoted hash or id, a comma, and indentation.
    else if (route.longLists !== true)
      assert.ok(jsonBytesMax(route) > entriesMax * 80, `${name} has ${entriesMax} entries`);
  }
});

test("JSON with too many values or members is rejected, and a full batch is accepted", () => {
  const refused = (text: string) => {
    try {
      parseJson(Buffer.from(text));
    } catch (error) {
      return (error as { code?: string }).code;
    }
    return "none";
  };
  for (const piece of ["{},", "[],", "0,", '"",']) {
    assert.equal(refused(`[${piece.repeat(limits.requestJsonValuesMax)}0]`), "too_large", piece);
  }
  const members = (count: number) =>
    JSON.stringify(Object.fromEntries(Array.from({ length: count }, (_, at) => [`k${at}`, at])));
  assert.equal(refused(members(limits.requestMembersMax)), "none");
  assert.equal(refused(`[{"a":${members(limits.requestMembersMax + 1)}}]`), "bad_request");
  const entry = JSON.stringify({ hash: "0".repeat(64), size: 262_144 });
  const count = Math.floor((limits.requestJsonBytesMax - 2) / (entry.length + 1));
  const full = `[${Array.from({ length: count }, () => entry).join(",")}]`;
  assert.ok(full.length > limits.requestJsonBytesMax - 2 * entry.length);
  assert.equal(refused(full), "none");
});
