import type { Page } from "@holdfast/tools/testing-browser";

export interface Heap {
  readonly bytes: number;
  /** Of the page's tree, also those that are in no tree any more and that something still holds. */
  readonly nodes: number;
  readonly listeners: number;
}

type Session = Awaited<ReturnType<ReturnType<Page["context"]>["newCDPSession"]>>;

/** What the page still holds once all that nothing holds was collected. */
export function heapOf(page: Page): Promise<Heap> {
  return collected(page, async (session) => (await session.send("Runtime.getHeapUsage")).usedSize);
}

/**
 * The same without the machine code that the browser makes of what runs often: it makes more of it for a thousand rounds, whatever the page
 * holds.
 */
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
  /** As many numbers for each as there are fields. */
  readonly nodes: number[];
}

async function collected(page: Page, bytesOf: (session: Session) => Promise<number>): Promise<Heap> {
  const session = await page.context().newCDPSession(page);
  try {
    // What only finalizers let go is gone with the second.
    for (let round = 0; round < 2; round += 1) await session.send("HeapProfiler.collectGarbage");
    const { nodes, jsEventListeners } = await session.send("Memory.getDOMCounters");
    return { bytes: await bytesOf(session), nodes, listeners: jsEventListeners };
  } finally {
    await session.detach();
  }
}
