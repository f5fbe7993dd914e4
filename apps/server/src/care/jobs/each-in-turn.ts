/** One failure does not stop the others. @throws the first failure, at the end */
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
