import type { ApiClient } from "@holdfast/api-client/api-client";
import { queryOptions, useQuery } from "@tanstack/react-query";
import { signedAddress } from "../../data/signed-address.ts";
import { useDrive } from "../../data/use-drive.ts";

/** The server signs for 15 minutes. */
const goodMs = 14 * 60_000;

/** Signs URLs for content that the browser loads itself. `refetch` signs again. */
export function useSignedAddress(id: string, version: number | undefined, contentId: string | null) {
  const { client } = useDrive();
  return useQuery(signedQuery(client, id, version, contentId));
}

export function signedQuery(client: ApiClient, id: string, version: number | undefined, contentId: string | null) {
  return queryOptions({
    queryKey: ["signed", id, version ?? contentId],
    staleTime: goodMs,
    gcTime: goodMs,
    queryFn: () => signedAddress(client, { id, version, use: "media" }),
  });
}
