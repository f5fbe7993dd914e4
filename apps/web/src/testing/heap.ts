import type { Page } from "@holdfast/tools/testing-browser";

export interface Heap {
  readonly bytes: number;
  /** Includes detached nodes that are still referenced. */
  readonly nodes: number;
  readonly listeners: number;
}

type Session = Awaited<ReturnType<ReturnType<Page["context"]>["newCDPSession"]>>;

/** Measures after garbage collection. */
export function heapOf(page: Page): Promise<Heap> {
  return collected(page, async (session) => (await session.send("Runtime.getHeapUsage")).usedSize);
}

/** Excludes compiled code, which grows over a thousand rounds independent of leaks. */
export function heapWithoutCode(page: Page): Promise<Heap> {
  return collected(page, async (session) => {
    const parts: string[] = [];
    session.on("HeapProfiler.addHeapSnapshotChunk", ({ chunk }) => parts.push(chunk));
    await session.send("HeapProfiler.takeHeapSnapshot", {});
    const { snapshot, nodes } = JSON.parse(parts.join("")) as Snapshot;
    const { node_fields: fields, node_types: types } = snapshot.meta;
    const [kind, size] = [fields.indexOf("type"), fields.indexOf("self_size")];
    let bytes = 0;
    for (let at = 0; at < nodes.length; at += fields.length)
      if (types[0][nodes[at + kind] ?? 0] !== "code") bytes += nodes[at + size] ?? 0;
    return bytes;
  });
}

interface Snapshot {
  readonly snapshot: { readonly meta: { readonly node_fields: string[]; readonly node_types: [string[]] } };
  /** Flat; each node has as many numbers as there are fields. */
  readonly nodes: number[];
}

async function collected(page: Page, bytesOf: (session: Session) => Promise<number>): Promise<Heap> {
  const session = await page.context().newCDPSession(page);
  try {
    // The second round frees what finalizers released.
    for (let round = 0; round < 2; round += 1) await session.send("HeapProfiler.collectGarbage");
    const { nodes, jsEventListeners } = await session.send("Memory.getDOMCounters");
    return { bytes: await bytesOf(session), nodes, listeners: jsEventListeners };
  } finally {
    await session.detach();
  }
}
