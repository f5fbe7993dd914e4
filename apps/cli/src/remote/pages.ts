/** One page of a listing, as every listing of the API answers it. */
interface Page<Item> {
  readonly items: Item[];
  readonly next_cursor: string | null;
}

export const pageItemsMax = 1000;

/** All pages of a listing; while the caller works on one, the next is on its way. */
export async function* allPages<Item>(
  fetchPage: (cursor: string | undefined) => Promise<Page<Item>>,
): AsyncGenerator<Item[], void, undefined> {
  let coming: Promise<Page<Item>> | undefined = fetchPage(undefined);
  while (coming !== undefined) {
    const page: Page<Item> = await coming;
    coming = page.next_cursor === null ? undefined : fetchPage(page.next_cursor);
    // Its failure is met when it is awaited.
    coming?.catch(() => {});
    yield page.items;
  }
}
