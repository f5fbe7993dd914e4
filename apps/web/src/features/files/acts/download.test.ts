import assert from "node:assert/strict";
import { test } from "node:test";
import { limits } from "@holdfast/core/limits";
import type { Drive } from "../../../data/drive.ts";
import { download } from "./download.ts";
import type { ListedRow } from "../rows/row-source.ts";

test("a download of more items than a zip can hold becomes several zips with each item in exactly one", async () => {
  const saved: { readonly ids: readonly string[]; readonly name: string }[] = [];
  const viewer = { save: (_: unknown, wanted: (typeof saved)[number]) => Promise.resolve(void saved.push(wanted)) };
  const many = limits.zippedNodesMax;
  const rows = Array.from({ length: many + 1 }, (_, index) => ({ id: `${index}`, name: `${index}.txt`, kind: "file" }));
  await download({ viewer } as unknown as Drive, rows as unknown as ListedRow[], "Trip");
  assert.deepEqual(
    saved.map(({ ids, name }) => [ids.length, name]),
    [
      [many, "Trip (1).zip"],
      [1, "Trip (2).zip"],
    ],
  );
  assert.deepEqual(
    saved.flatMap(({ ids }) => ids),
    rows.map(({ id }) => id),
  );
  await download({ viewer } as unknown as Drive, rows.slice(0, many) as unknown as ListedRow[], "Trip");
  assert.equal(saved[2]?.name, "Trip.zip");
});
