/**
 * Reads the first piece before the response begins. An early failure, such as a damaged block, then becomes an error
 * response and not a cut connection. Ending the result ends
 * the source, even before the first piece was taken.
 */
export async function primed(source: AsyncGenerator<Uint8Array>): Promise<AsyncGenerator<Uint8Array>> {
  let first: IteratorResult<Uint8Array> | undefined = await source.next();
  return {
    next: () => {
      const piece = first;
      first = undefined;
      return piece === undefined ? source.next() : Promise.resolve(piece);
    },
    return: (value: unknown) => source.return(value),
    throw: (thrown: unknown) => source.throw(thrown),
    [Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
      return this as AsyncGenerator<Uint8Array>;
    },
    [Symbol.asyncDispose]: async () => {
      await source.return(undefined);
    },
  };
}
