import type { Row } from "../report.ts";
import { at, expect, timedCall } from "./latencies.ts";
import { addPeople } from "./made-rows.ts";
import type { SharingServer } from "./sharing-server.ts";
import { costNote } from "./statement-counts.ts";

const goalMs = 80;

/** Shares one folder with people one by one; queued work runs concurrently. */
export async function measureShareCall(world: SharingServer, people: number): Promise<Row[]> {
  const { owner } = world;
  await addPeople(world, people);
  const folder = (await owner.call("POST", "/metadata", { path: "/shared", kind: "folder" })).body.id as string;
  const tookMs: number[] = [];
  const share = async (person: number) => {
    const body = JSON.stringify({ email: `person${person}@example.com`, role: "editor" });
    tookMs.push(expect(await timedCall(owner, "POST", `/files/${folder}/share`, body), 201).ms);
  };
  const cost = await world.cost(async () => {
    for (let person = 1; person <= people; person += 1) await share(person);
  });
  const work = `share with one of ${people} people`;
  const note = `median ${at(tookMs, 0.5).toFixed(1)} ms, slowest ${at(tookMs, 1).toFixed(1)} ms; ${costNote(cost, people)}`;
  return [
    { work: `${work}, p99`, by: "holdfast", value: at(tookMs, 0.99), unit: "ms", goal: { atMost: goalMs }, note },
  ];
}
