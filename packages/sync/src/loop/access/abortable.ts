import { HoldfastError } from "@holdfast/core/errors";
import { overrideMethods } from "./override-methods.ts";
import type { LocalDisk, Server } from "@holdfast/sync-ports/ports";
import type { IndexedTrees } from "../../model/trees.ts";
import type { Progress } from "../reports/progress.ts";

/** The engine was stopped or paused; nothing failed. The interrupted work is planned again later. */
export class Interrupted extends HoldfastError {
  constructor() {
    super("failed", "The sync was stopped during this operation.");
  }
}

/** True if everything else would fail in the same way. */
export function endsCycle(failure: HoldfastError): boolean {
  return failure instanceof Interrupted || failure.code === "unreachable";
}

/**
 * Every call ends when the signal aborts, even without a response. Server calls happen before or after related changes
 * of the disk, never between them.
 */
export function abortableServer(
  server: Server,
  {
    signal,
    progress,
    trees,
  }: { readonly signal: AbortSignal; readonly progress: Progress; readonly trees: IndexedTrees },
): Server {
  return makeAbortable(server, signal, {
    async snapshot(...given) {
      const page = await untilAborted(signal, server.snapshot(...given));
      progress.listed(page.items.filter(({ kind }) => kind === "file" || kind === "symlink").length);
      return page;
    },
    async commit(...given) {
      const [, operations, blocks] = given;
      const answer = await untilAborted(signal, server.commit(...given));
      progress.noteBytesUp(blocks);
      const sent = new Map(operations.map((operation) => [operation.operation_id, operation]));
      for (const { operation_id: id, status } of answer.results) {
        const operation = sent.get(id);
        if (status === "committed" && operation !== undefined) progress.noteCommitted(trees, operation);
      }
      return answer;
    },
    async putBlocks(blocks, into) {
      await untilAborted(signal, server.putBlocks(blocks, into));
      progress.noteBytesUp(blocks);
    },
    async *fetchBlocks(wanted) {
      const blocks = server.fetchBlocks(wanted)[Symbol.asyncIterator]();
      try {
        for (;;) {
          const next = await untilAborted(signal, blocks.next());
          if (next.done === true) return;
          progress.noteBytesDown(next.value.bytes.length);
          yield next.value;
        }
      } finally {
        // Not awaited, because a response may never arrive after a stop.
        void blocks.return?.().catch(() => undefined);
      }
    },
  });
}

/** Long reads end when the signal aborts. Changes are completed. A long new file keeps the part written so far. */
export function abortableDisk(
  disk: LocalDisk,
  { signal, progress }: { readonly signal: AbortSignal; readonly progress: Pick<Progress, "touch"> },
): LocalDisk {
  const readBetween = disk.readBetween?.bind(disk);
  return overrideMethods(disk, {
    // Reading a known file means sending it.
    readAt: (path, ...given) => {
      progress.touch(path);
      return disk.readAt(path, ...given);
    },
    ...(readBetween === undefined
      ? {}
      : {
          readBetween: (path, ...given) => {
            progress.touch(path);
            return readBetween(path, ...given);
          },
        }),
    list: (path) => untilAborted(signal, disk.list(path)),
    cut: (path, sink) => {
      progress.touch(path);
      return untilAborted(signal, disk.cut(path, sink));
    },
  });
}

async function untilAborted<Result>(signal: AbortSignal, result: Promise<Result>): Promise<Result> {
  if (signal.aborted) {
    result.catch(() => undefined);
    throw new Interrupted();
  }
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = (): void => reject(new Interrupted());
  const waiting = waitingFor(signal);
  waiting.add(abort);
  try {
    return await Promise.race([result, aborted]);
  } finally {
    waiting.delete(abort);
  }
}

const waitingOf = new WeakMap<AbortSignal, Set<() => void>>();

/** A listener per block and file would cost more than the wait. */
function waitingFor(signal: AbortSignal): Set<() => void> {
  const known = waitingOf.get(signal);
  if (known !== undefined) return known;
  const waiting = new Set<() => void>();
  waitingOf.set(signal, waiting);
  const abortAll = (): void => {
    for (const abort of waiting) abort();
  };
  signal.addEventListener("abort", abortAll, { once: true });
  return waiting;
}

function makeAbortable<Target extends object>(target: Target, signal: AbortSignal, own: Partial<Target>): Target {
  return overrideMethods(target, own, (call) => (...given) => {
    const result = call(...given);
    return result instanceof Promise ? untilAborted(signal, result) : result;
  });
}
