import { type Api, eventually } from "@holdfast/server/acceptance/testing";
import type { Row } from "../report.ts";
import { at, expect, timedCall } from "./latencies.ts";
import { addPeople, shareWithAll } from "./made-rows.ts";
import type { SharingServer } from "./sharing-server.ts";
import { type Cost, costNote } from "./statement-counts.ts";

const edits = 30;
const wakes = 5;
const goal = { ratio: 1.2, wakeMs: 500 };

/**
 * Measures edits of a small file in an unshared folder and in one that many have mounted, alternately; then the time
 * until all polls are answered.
 */
export async function measureSharedEdit(world: SharingServer, people: number): Promise<Row[]> {
  const { owner } = world;
  await owner.call("POST", "/metadata", { path: "/alone", kind: "folder" });
  const shared = (await owner.call("POST", "/metadata", { path: "/shared", kind: "folder" })).body.id as string;
  for (const path of ["/alone/file", "/shared/file"]) await owner.put(path, "first");
  const apis = await addPeople(world, people);
  await shareWithAll(world, { nodeId: shared, role: "viewer", people });
  const rows = await compareEdits(world, people);
  return [...rows, ...(await measureWakes(world, apis))];
}

async function compareEdits(world: SharingServer, people: number): Promise<Row[]> {
  const tookMs = { alone: [] as number[], shared: [] as number[] };
  const costs: Record<"alone" | "shared", Cost[]> = { alone: [], shared: [] };
  for (let round = 0; round <= edits; round += 1) {
    for (const folder of ["alone", "shared"] as const) {
      let ms = 0;
      const cost = await world.cost(async () => {
        ms = await edit(world.owner, `/${folder}/file`, `edit ${round} of what is ${folder}`);
      });
      // The first round warms up.
      if (round === 0) continue;
      tookMs[folder].push(ms);
      costs[folder].push(cost);
    }
  }
  const [alone, shared] = [costs.alone, costs.shared].map(medianOf) as [Cost, Cost];
  const cpuMs = ({ serverMs, databaseMs }: Cost) => serverMs + databaseMs;
  const work = `edit in a folder shared with ${people}`;
  const ratio = cpuMs(shared) / cpuMs(alone);
  return [
    {
      work: "edit in a folder that is not shared, median",
      by: "holdfast",
      value: at(tookMs.alone, 0.5),
      unit: "ms",
      note: costNote(alone, 1),
    },
    { work: `${work}, median`, by: "holdfast", value: at(tookMs.shared, 0.5), unit: "ms", note: costNote(shared, 1) },
    {
      work: `${work}, of the CPU of one that is not`,
      by: "holdfast",
      value: ratio,
      unit: "x",
      goal: { atMost: goal.ratio },
    },
  ];
}

async function edit(owner: Api, path: string, text: string): Promise<number> {
  const request = `/files/upload?uploadType=media&path=${encodeURIComponent(path)}&on_conflict=replace`;
  return expect(await timedCall(owner, "POST", request, Buffer.from(text)), 200).ms;
}

function medianOf(costs: readonly Cost[]): Cost {
  const median = (name: keyof Cost) =>
    at(
      costs.map((cost) => cost[name]),
      0.5,
    );
  return { serverMs: median("serverMs"), databaseMs: median("databaseMs"), statements: median("statements") };
}

/** Each poll belongs to another account, which requests the changes immediately like a device. */
async function measureWakes(world: SharingServer, apis: readonly Api[]): Promise<Row[]> {
  const { owner } = world;
  const firstMs: number[] = [];
  const lastMs: number[] = [];
  const heardMs: number[] = [];
  const costs: Cost[] = [];
  const heldCosts: Cost[] = [];
  let tokens = await Promise.all(
    apis.map(async (api) => expect(await timedCall(api, "GET", "/changes/start_token"), 200).body.token as string),
  );
  for (let wake = 0; wake < wakes; wake += 1) {
    const woken: number[] = [];
    const heard: number[] = [];
    let all: Promise<string[]> = Promise.resolve([]);
    heldCosts.push(
      await world.cost(async () => {
        all = Promise.all(
          apis.map(async (api, index) => {
            const token = tokens[index]!;
            expect(await timedCall(api, "GET", `/notifications/poll?since_token=${token}`), 200);
            woken.push(performance.now());
            const { body } = expect(await timedCall(api, "GET", `/changes/list?since_token=${token}`), 200);
            if (body.changes.length !== 1) throw new Error(`${body.changes.length} changes were told.`);
            heard.push(performance.now());
            return body.next_token as string;
          }),
        );
        await eventually("all polls are held", 120_000, async () => (await heldBy(owner)) === apis.length || undefined);
        // A poll is held before it has checked its changes.
        await world.quiet();
      }),
    );
    const cost = await world.cost(async () => {
      const startMs = performance.now();
      await edit(owner, "/shared/file", `wake ${wake}`);
      tokens = await all;
      firstMs.push(Math.min(...woken) - startMs);
      lastMs.push(Math.max(...woken) - startMs);
      heardMs.push(Math.max(...heard) - startMs);
    });
    costs.push(cost);
  }
  const work = `edit until`;
  const count = apis.length;
  return [
    {
      work: `${work} the last of ${count} polls is answered, median`,
      by: "holdfast",
      value: at(lastMs, 0.5),
      unit: "ms",
      goal: { atMost: goal.wakeMs },
      note: `of ${wakes}, slowest ${at(lastMs, 1).toFixed(0)} ms, the first after ${at(firstMs, 0.5).toFixed(0)} ms`,
    },
    {
      work: `${work} the last of ${count} has its changes, median`,
      by: "holdfast",
      value: at(heardMs, 0.5),
      unit: "ms",
      note: `slowest ${at(heardMs, 1).toFixed(0)} ms; for each of them ${costNote(medianOf(costs), count)}; to hold a poll ${costNote(medianOf(heldCosts), count)}`,
    },
  ];
}

async function heldBy(api: Api): Promise<number> {
  const { body } = await api.call("GET", `${api.url}/metrics`);
  return Number(/^active_notification_connections (\d+)$/m.exec(String(body))?.[1]);
}
