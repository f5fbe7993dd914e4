import type { FileCall, FileDeed } from "./file-call.ts";

interface Line {
  readonly id: string;
  readonly state: "began" | "ended";
  readonly deeds: readonly (readonly [what: FileDeed, path: string, to?: string])[];
}

/** Reads the output of `spy-on-calls.ts`, in the order in which calls ended. */
export function readSpied(output: string): FileCall[] {
  const began = new Map<string, number>();
  const calls: FileCall[] = [];
  for (const [at, text] of output.split("\n").entries()) {
    if (text === "") continue;
    const { id, state, deeds } = JSON.parse(text) as Line;
    if (state === "began") began.set(id, at);
    else
      for (const [what, path, to] of deeds) calls.push({ what, path, to, beganAt: began.get(id) ?? at, endedAt: at });
  }
  return calls;
}
