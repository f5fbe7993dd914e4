import type { ApiClient } from "@holdfast/api-client/api-client";
import { queryOptions, useQuery } from "@tanstack/react-query";
import { useDrive } from "./use-drive.ts";

export const secondFactorKey = ["second-factor"] as const;

export function secondFactorQuery(client: ApiClient) {
  return queryOptions({
    queryKey: secondFactorKey,
    queryFn: ({ signal }) => client.call("getSecondFactor", { signal }),
  });
}

/** Returns true if a code is required. With a passkey, the server accepts either. */
export function useNeedsCode(): boolean {
  const { data } = useQuery(secondFactorQuery(useDrive().client));
  return data?.app === true && data.passkeys === 0;
}
