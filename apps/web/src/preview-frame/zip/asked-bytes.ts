/** Reads bytes from `start` to before `end`. @throws Error if unreadable */
export type ReadRange = (start: number, end: number) => Promise<Uint8Array>;

interface AskedBytes {
  readonly read: ReadRange;
  readonly take: (number: number, bytes: ArrayBuffer | undefined) => void;
}

/** The surrounding page has the file. */
export function askBytes(ask: (number: number, start: number, end: number) => void): AskedBytes {
  const waiting = new Map<number, PromiseWithResolvers<Uint8Array>>();
  let last = 0;
  return {
    read: (start, end) => {
      const answered = Promise.withResolvers<Uint8Array>();
      last += 1;
      waiting.set(last, answered);
      ask(last, start, end);
      return answered.promise;
    },
    take: (number, bytes) => {
      const answered = waiting.get(number);
      waiting.delete(number);
      if (bytes === undefined) answered?.reject(new Error("The file cannot be read."));
      else answered?.resolve(new Uint8Array(bytes));
    },
  };
}
