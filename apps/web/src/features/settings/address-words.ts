import type { ApiClient } from "@holdfast/api-client/api-client";
import type { HoldfastError } from "@holdfast/core/errors";
import { queryOptions, useQuery } from "@tanstack/react-query";
import { useDrive } from "../../data/use-drive.ts";
import { useMessages } from "../../messages/use-messages.ts";

/** Allowed networks of the account, and this browser's address. */
export function ownAddressesQuery(client: ApiClient) {
  return queryOptions({
    queryKey: ["own-addresses"],
    queryFn: ({ signal }) => client.call("getOwnAddresses", { signal }),
  });
}

export function linesOf(text: string): string[] {
  return text.split(/[\s,;]+/).filter((line) => line !== "");
}

export function useAddressWords(): (failure: HoldfastError) => string {
  const { message } = useMessages();
  const { client } = useDrive();
  const { data } = useQuery(ownAddressesQuery(client));
  return ({ code }) =>
    code === "conflict" ? message("access.shutsOut", { address: data?.address ?? "…" }) : message("access.noNetwork");
}
