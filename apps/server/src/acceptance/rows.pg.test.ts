import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { NodeJson } from "@holdfast/protocol/values";
import { useSigning } from "./signing.ts";

describe("Folder contents as rows", () => {
  const { newPerson, ok, mkdir, put } = useSigning("rows");

  const always = ["id", "kind", "name", "size", "modified_at", "revision", "seq", "role"];

  test("have a subset of the node's fields, in the same order and pages", async () => {
    const { api } = await newPerson();
    await mkdir(api, "/folder");
    for (const name of ["b 10.txt", "b 9.txt", "a.jpg"]) await put(api, `/${name}`, name);
    await ok(api, "POST", "/metadata", { path: "/link", kind: "symlink", target: "a.jpg" });
    const whole = await ok(api, "GET", "/folders/root/contents?sort=natural");
    const rows = await ok(api, "GET", "/folders/root/contents?sort=natural&fields=row");
    assert.deepEqual([rows.total, rows.next_cursor, typeof rows.t], [5, null, "string"]);
    const names = rows.items.map(({ name }: NodeJson) => name);
    assert.deepEqual(names, ["folder", "a.jpg", "b 9.txt", "b 10.txt", "link"]);
    for (const [index, row] of rows.items.entries()) {
      const node = whole.items[index];
      for (const [field, value] of Object.entries(row)) assert.deepEqual(value, node[field], `${row.name}: ${field}`);
      const more = { "a.jpg": ["content_id", "thumb"], link: ["target"] }[row.name as string] ?? [];
      assert.deepEqual(Object.keys(row).toSorted(), [...always, ...more].toSorted(), row.name);
    }
    const first = await ok(api, "GET", "/folders/root/contents?sort=natural&fields=row&limit=2");
    const second = await ok(
      api,
      "GET",
      `/folders/root/contents?sort=natural&fields=row&limit=3&cursor=${first.next_cursor}`,
    );
    assert.deepEqual([...first.items, ...second.items], rows.items);
    assert.deepEqual([first.total, second.total], [5, undefined]);
  });

  test("show starred nodes of the caller and shared nodes", async () => {
    const ann = await newPerson();
    const ben = await newPerson();
    const folder = await mkdir(ann.api, "/box");
    const inner = await mkdir(ann.api, "/box/inner");
    const { id } = await put(ann.api, "/box/a.txt", "a");
    await ok(ann.api, "PUT", `/files/${id}/star`);
    await ok(ann.api, "POST", `/files/${inner}/share`, { email: ben.email, role: "viewer" });
    await ok(ann.api, "POST", `/files/${folder}/share`, { email: ben.email, role: "editor" });
    const rowsOf = async (api: typeof ann.api) =>
      (await ok(api, "GET", `/folders/${folder}/contents?fields=row`)).items;
    const facts = (rows: Record<string, unknown>[]) =>
      rows.map(({ name, role, starred, shared, granted }) => ({ name, role, starred, shared, granted }));
    const none = { starred: undefined, shared: undefined, granted: undefined };
    assert.deepEqual(facts(await rowsOf(ann.api)), [
      { ...none, name: "a.txt", role: "owner", starred: true },
      { ...none, name: "inner", role: "owner", shared: true },
    ]);
    assert.deepEqual(facts(await rowsOf(ben.api)), [
      { ...none, name: "a.txt", role: "editor", shared: true },
      { ...none, name: "inner", role: "viewer", shared: true, granted: true },
    ]);
  });

  test("cannot be recursive", async () => {
    const { api } = await newPerson();
    const { status, body } = await api.call("GET", "/folders/root/contents?fields=row&recursive=true");
    assert.deepEqual([status, body.field], [422, "fields"]);
    assert.equal((await api.call("GET", "/folders/root/contents?fields=all")).status, 400);
  });
});
