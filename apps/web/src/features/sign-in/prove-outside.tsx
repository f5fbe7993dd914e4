import type { ApiClient } from "@holdfast/api-client/api-client";
import { useMutation, useQuery } from "@tanstack/react-query";
import LogIn from "lucide-react/icons/log-in";
import { Button } from "../../design/button.tsx";
import { Notice } from "../../design/notice.tsx";
import { problemWords } from "../../messages/problem-words.ts";
import { useMessages } from "../../messages/use-messages.ts";
import { useSignInWays } from "./use-sign-in-ways.ts";

export function useProvingIssuer(client: ApiClient): { readonly name: string } | undefined {
  const { outside } = useSignInWays();
  const { data } = useQuery({
    queryKey: ["outside-identities"],
    queryFn: ({ signal }) => client.call("listOutsideIdentities", { signal }),
    enabled: outside !== null,
  });
  const isKnown = data?.items.some(({ proves }) => proves === true) === true;
  return outside !== null && isKnown ? outside : undefined;
}

/** The issuer authenticates again and returns to the current page. */
export function useLeaveToProve(client: ApiClient) {
  return useMutation({
    mutationFn: async () => {
      const body = { return_to: location.pathname + location.search };
      location.assign((await client.call("beginOutsideProof", { body, asksOnce: true })).url);
    },
  });
}

export function ProveOutside({ client }: { readonly client: ApiClient }) {
  const words = useMessages();
  const issuer = useProvingIssuer(client);
  const leave = useLeaveToProve(client);
  if (issuer === undefined) return null;
  return (
    <>
      {leave.error !== null && (
        <Notice kind="error" isNews>
          {problemWords(leave.error, words)}
        </Notice>
      )}
      <Button wide Icon={LogIn} busy={leave.isPending} onClick={() => leave.mutate()}>
        {words.message("outside.continue", issuer)}
      </Button>
    </>
  );
}
