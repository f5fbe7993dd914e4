import { useQuery } from "@tanstack/react-query";
import { openPublicClient } from "../../data/client.ts";

const passwordsAlone = { outside: null, mail: true, needs_setup: false };

/** Assumes passwords until the answer, because every server accepts them for some accounts. */
export function useSignInWays() {
  const { data = passwordsAlone } = useQuery({
    queryKey: ["sign-in-ways"],
    queryFn: ({ signal }) => openPublicClient().call("readSignInWays", { signal }),
    staleTime: Infinity,
    retry: false,
  });
  return data;
}
