interface Page<Item> {
  readonly items: Item[];
  readonly next_cursor: string | null;
}

export const pageItemsMax = 1000;

/** Fetches the next page while the caller processes one. */
export async function* allPages<Item>(
  fetchPage: (cursor: string | undefined) => Promise<Page<Item>>,
): AsyncGenerator<Item[], void, undefined> {
  let coming: Promise<Page<Item>> | undefined = fetchPage(undefined);
  while (coming !== undefined) {
    const page: Page<Item> = await coming;
    coming = page.next_cursor === null ? undefined : fetchPage(page.next_cursor);
    // Prevents an unhandled rejection. The await receives the failure.
    coming?.catch(() => {});
    yield page.items;
  }
}
