import { useQuery } from "@tanstack/react-query";
import { useDrive } from "../../../data/use-drive.ts";
import { useMessages } from "../../../messages/use-messages.ts";

const pageItems = 200;

/** The owner of an item that is shared with the account. */
export function SharedBy({ id }: { readonly id: string }) {
  const { client } = useDrive();
  const { message } = useMessages();
  const { data: owner } = useQuery({
    queryKey: ["owner", id],
    queryFn: async ({ signal }) => {
      let cursor: string | undefined;
      do {
        const query = { limit: pageItems, cursor };
        const { items, next_cursor: next } = await client.call("listSharedWithMe", { query, signal });
        const found = items.find(({ node }) => node.id === id);
        if (found !== undefined) return found.owner;
        cursor = next ?? undefined;
      } while (cursor !== undefined);
      return null;
    },
  });
  if (owner == null) return null;
  return (
    <p className="hidden min-w-16 shrink truncate text-sm text-muted sm:block" title={owner.email}>
      {message("share.owner")}: <bdi>{owner.name || owner.email}</bdi>
    </p>
  );
}
