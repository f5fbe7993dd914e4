/**
 * What goes wrong with one does not keep the others from their turn.
 * @throws what went wrong first, after all had theirs
 */
export async function eachInTurn<Item>(items: readonly Item[], act: (item: Item) => Promise<unknown>): Promise<void> {
  let first: { readonly error: unknown } | undefined;
  for (const item of items) {
    try {
      await act(item);
    } catch (error) {
      first ??= { error };
    }
  }
  if (first !== undefined) throw first.error;
}
