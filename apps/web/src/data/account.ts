import { queryOptions, useQuery } from "@tanstack/react-query";
import type { Drive } from "./drive.ts";
import { type Person, rememberedPerson, rememberPerson } from "./remembered-person.ts";
import { useDrive } from "./use-drive.ts";
import { useSession } from "./use-session.ts";

export const accountKey = ["account"] as const;

/** Signed-in account with its usage and permissions. */
export function accountQuery({ client }: Pick<Drive, "client">) {
  return queryOptions({
    queryKey: accountKey,
    queryFn: async ({ signal }) => {
      const account = await client.call("getAccount", { signal });
      rememberPerson(account);
      return account;
    },
  });
}

/** Base URL for addresses that are sent to other people. */
export function serverAddress({ queries }: Pick<Drive, "queries">): string {
  return queries.getQueryData<{ readonly public_url?: string }>(accountKey)?.public_url ?? location.origin;
}

export function useAccount() {
  return useQuery(accountQuery(useDrive()));
}

/** Reads a limit or effective setting of the server, see `GET /account`. Undefined until the account has loaded. */
export function useLimit(name: string): number | undefined {
  return useAccount().data?.limits[name];
}

/** The signed-in account, or offline the one of the last response. */
export function usePerson(): Person | undefined {
  const session = useSession();
  const { data } = useAccount();
  return data ?? rememberedPerson(session.account);
}
