import type { Api } from "@holdfast/server/acceptance/testing";
import type { Row } from "../report.ts";
import { at, expect, timedCall } from "./latencies.ts";
import { addPeople, fillFolder, shareWithAll } from "./made-rows.ts";
import type { SharingServer } from "./sharing-server.ts";
import { costNote } from "./statement-counts.ts";

const goalMs = 50;
const orders = ["name", "-name", "modified_at", "-modified_at", "created_at", "-created_at", "size", "-size"];

/** Reads every page of another account's folder in every order, as a viewer through the mount. */
export async function measureSharedListing(world: SharingServer, files: number): Promise<Row[]> {
  const { owner } = world;
  const [viewer] = await addPeople(world, 1);
  const folder = (await owner.call("POST", "/metadata", { path: "/large", kind: "folder" })).body.id as string;
  await fillFolder(world, folder, files);
  await shareWithAll(world, { nodeId: folder, role: "viewer", people: 1 });
  const mount = await viewer!.idOf("/shared");
  const rows: Row[] = [];
  for (const order of orders) {
    let pagesMs: number[] = [];
    const cost = await world.cost(async () => {
      pagesMs = await listAll(viewer!, `/folders/${mount}/contents?sort=${order}`, files);
    });
    const note = `of ${pagesMs.length}, median ${at(pagesMs, 0.5).toFixed(1)} ms, first ${pagesMs[0]?.toFixed(1)} ms, last ${pagesMs.at(-1)?.toFixed(1)} ms; ${costNote(cost, pagesMs.length)}`;
    const work = `page of a shared folder of ${files} by ${order}, p99`;
    rows.push({ work, by: "holdfast", value: at(pagesMs, 0.99), unit: "ms", goal: { atMost: goalMs }, note });
  }
  return rows;
}

async function listAll(api: Api, list: string, files: number): Promise<number[]> {
  const tookMs: number[] = [];
  const seen = new Set<string>();
  let cursor: string | null = null;
  do {
    const next: string = cursor === null ? list : `${list}&cursor=${encodeURIComponent(cursor)}`;
    const { ms, body } = expect(await timedCall(api, "GET", next), 200);
    tookMs.push(ms);
    for (const { id } of body.items) seen.add(id);
    cursor = body.next_cursor;
  } while (cursor !== null && tookMs.length <= files);
  if (seen.size !== files) throw new Error(`${seen.size} of ${files} files were listed.`);
  return tookMs;
}
