import { useQuery } from "@tanstack/react-query";
import { openPublicClient } from "../../data/client.ts";

const passwordsAlone = { outside: null, mail: true, needs_setup: false };

/** How people sign in on this server. Until it has said so, with passwords, which do everywhere for some. */
export function useSignInWays() {
  const { data = passwordsAlone } = useQuery({
    queryKey: ["sign-in-ways"],
    queryFn: ({ signal }) => openPublicClient().call("readSignInWays", { signal }),
    staleTime: Infinity,
    retry: false,
  });
  return data;
}
