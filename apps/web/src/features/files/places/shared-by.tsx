import { useQuery } from "@tanstack/react-query";
import { ownerOf } from "../../../data/people.ts";
import { useDrive } from "../../../data/use-drive.ts";
import { useMessages } from "../../../messages/use-messages.ts";

export function SharedBy({ id }: { readonly id: string }) {
  const { message } = useMessages();
  const { data: owner } = useQuery(ownerOf(useDrive(), id));
  if (owner == null) return null;
  return (
    <p className="hidden min-w-16 shrink truncate text-sm text-muted sm:block" title={owner.email}>
      {message("share.owner")}: <bdi>{owner.name || owner.email}</bdi>
    </p>
  );
}
