/**
 * Has the first piece read before the answer begins, so that a failure at the start (a damaged block) is an answer with its
 * reason and not a connection that breaks.
 */
export async function primed(source: AsyncGenerator<Uint8Array>): Promise<AsyncGenerator<Uint8Array>> {
  const first = await source.next();
  return (async function* () {
    if (first.done === true) return;
    yield first.value;
    yield* source;
  })();
}
