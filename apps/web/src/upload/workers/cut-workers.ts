import type { ManifestEntry } from "@holdfast/core/manifest";
import type { Cutter } from "../engine/cutter.ts";
import { type Calls, connect, type Port } from "./calls.ts";
import type { CutHandlers } from "./cut.worker.ts";

interface Cutting {
  readonly calls: Calls<CutHandlers>;
  tasks: number;
}

/** Each task goes to the least busy worker. */
export function cutWorkers(ports: readonly Port[]): Cutter {
  const workers: Cutting[] = ports.map((port) => ({ calls: connect<CutHandlers>(port, {}), tasks: 0 }));
  const idlest = (): Cutting => workers.reduce((least, each) => (each.tasks < least.tasks ? each : least));
  return {
    cut: (file, signal) => cutIn(idlest(), file, signal),
    readFiles: async (files) => {
      const worker = idlest();
      worker.tasks += 1;
      try {
        return await worker.calls.read(files);
      } finally {
        worker.tasks -= 1;
      }
    },
  };
}

async function* cutIn(worker: Cutting, file: Blob, signal: AbortSignal): AsyncGenerator<readonly ManifestEntry[]> {
  worker.tasks += 1;
  const id = await worker.calls.begin(file);
  try {
    let next = worker.calls.next(id);
    for (let group = await next; group !== undefined; group = await next) {
      signal.throwIfAborted();
      next = worker.calls.next(id);
      next.catch(() => {});
      yield group;
    }
  } finally {
    worker.tasks -= 1;
    void worker.calls.end(id);
  }
}
