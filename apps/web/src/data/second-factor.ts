import type { ApiClient } from "@holdfast/api-client/api-client";
import { queryOptions, useQuery } from "@tanstack/react-query";
import { useDrive } from "./use-drive.ts";

export const secondFactorKey = ["second-factor"] as const;

/** What stands beside the account's password. */
export function secondFactorQuery(client: ApiClient) {
  return queryOptions({
    queryKey: secondFactorKey,
    queryFn: ({ signal }) => client.call("getSecondFactor", { signal }),
  });
}

/** Whether a code is sure to be asked for beside the password: of who has a passkey the server asks for either. */
export function useNeedsCode(): boolean {
  const { data } = useQuery(secondFactorQuery(useDrive().client));
  return data?.app === true && data.passkeys === 0;
}
