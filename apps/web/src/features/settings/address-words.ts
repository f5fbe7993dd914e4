import type { ApiClient } from "@holdfast/api-client/api-client";
import type { HoldfastError } from "@holdfast/core/errors";
import { queryOptions, useQuery } from "@tanstack/react-query";
import { useDrive } from "../../data/use-drive.ts";
import { useMessages } from "../../messages/use-messages.ts";

/** From where the account lets itself be used, and from where this browser asks. */
export function ownAddressesQuery(client: ApiClient) {
  return queryOptions({
    queryKey: ["own-addresses"],
    queryFn: ({ signal }) => client.call("getOwnAddresses", { signal }),
  });
}

/** Of a field with one in each line; commas do as well. */
export function linesOf(text: string): string[] {
  return text.split(/[\s,;]+/).filter((line) => line !== "");
}

/** What is wrong with addresses that somebody wrote. */
export function useAddressWords(): (failure: HoldfastError) => string {
  const { message } = useMessages();
  const { client } = useDrive();
  const { data } = useQuery(ownAddressesQuery(client));
  return ({ code }) =>
    code === "conflict" ? message("access.shutsOut", { address: data?.address ?? "…" }) : message("access.noNetwork");
}
