import { queryOptions, useQuery } from "@tanstack/react-query";
import type { Drive } from "./drive.ts";
import { type Person, rememberedPerson, rememberPerson } from "./remembered-person.ts";
import { useDrive } from "./use-drive.ts";
import { useSession } from "./use-session.ts";

export const accountKey = ["account"] as const;

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

/** Base URL for addresses sent to other people. */
export function serverAddress({ queries }: Pick<Drive, "queries">): string {
  return queries.getQueryData<{ readonly public_url?: string }>(accountKey)?.public_url ?? location.origin;
}

export function useAccount() {
  return useQuery(accountQuery(useDrive()));
}

/** A limit or effective setting, see `GET /account`. Undefined until loaded. */
export function useLimit(name: string): number | undefined {
  return useAccount().data?.limits[name];
}

/** Signed-in account, or offline the last known one. */
export function usePerson(): Person | undefined {
  const session = useSession();
  const { data } = useAccount();
  return data ?? rememberedPerson(session.account);
}
