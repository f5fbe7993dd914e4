import type { Goal, Row } from "../report.ts";
import type { Observation } from "./observe.ts";
import type { Traffic } from "./wire.ts";

/** Returns the largest traffic in a direction of either device. */
export function wireRow(work: string, by: string, { a, b }: Observation, goal?: Goal): Row {
  const most = Math.max(a.upBytes, a.downBytes, b.upBytes, b.downBytes);
  return {
    work: `${work}, bytes each way`,
    by,
    value: most / 1024,
    unit: "KB",
    ...(goal === undefined ? {} : { goal }),
    note: `A ${upDown(a)}; B ${upDown(b)}`,
  };
}

function upDown({ upBytes, downBytes }: Traffic): string {
  return `sends ${kib(upBytes)}, hears ${kib(downBytes)}`;
}

function kib(bytes: number): string {
  return (bytes / 1024).toFixed(bytes < 102_400 ? 1 : 0);
}
