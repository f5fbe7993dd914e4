import assert from "node:assert/strict";
import { Alone } from "./alone.ts";

export const hourMicros = 3_600_000_000;
export const names = (count: number): string[] => Array.from({ length: count }, (_, index) => `file ${index}`);

export async function withVersions(count: number, devices = 1): Promise<Alone> {
  const alone = new Alone({ devices });
  for (const name of names(count)) alone.write(name, `yesterday's ${name}`);
  await alone.once({ brake: undefined });
  alone.world.scheduler.nowMicros += 24 * hourMicros;
  for (const name of names(count)) {
    alone.write(name, `today's ${name}`);
    alone.write(`new ${name}`, `new ${name}`);
  }
  assert.ok((await alone.once({ brake: undefined })).inSync);
  alone.world.scheduler.nowMicros += hourMicros;
  return alone;
}

export function restore(alone: Alone, name: string, ageMicros = 25 * hourMicros): void {
  alone.write(name, `yesterday's ${name}`);
  setTime(alone, name, alone.root.timeNs() - BigInt(ageMicros) * 1000n);
}

export function setTime(alone: Alone, name: string, mtimeNs: bigint): void {
  alone.root.write(alone.root.mustBeAt(name), { mtimeNs }, true);
}

export function onServer(alone: Alone, prefix: string): number {
  return [...alone.serverContents().values()].filter((text) => text.startsWith(prefix)).length;
}
