import { queryOptions, useQuery } from "@tanstack/react-query";
import type { Drive } from "./drive.ts";
import { type Person, rememberedPerson, rememberPerson } from "./remembered-person.ts";
import { useDrive } from "./use-drive.ts";
import { useSession } from "./use-session.ts";

export const accountKey = ["account"] as const;

/** Who is signed in, with what is used and what is allowed. */
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

/** The beginning of an address that is handed on to others. */
export function serverAddress({ queries }: Pick<Drive, "queries">): string {
  return queries.getQueryData<{ readonly public_url?: string }>(accountKey)?.public_url ?? location.origin;
}

export function useAccount() {
  return useQuery(accountQuery(useDrive()));
}

/** A limit, or a setting in force, of the server: see `GET /account`. Undefined until the account is there. */
export function useLimit(name: string): number | undefined {
  return useAccount().data?.limits[name];
}

/** Of whoever is signed in, or was when the server answered last. */
export function usePerson(): Person | undefined {
  const session = useSession();
  const { data } = useAccount();
  return data ?? rememberedPerson(session.account);
}
