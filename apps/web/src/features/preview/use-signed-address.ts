import { useQuery } from "@tanstack/react-query";
import { signedAddress } from "../../data/signed-address.ts";
import { useDrive } from "../../data/use-drive.ts";

/** Before the server's 15 minutes are over. */
const goodMs = 14 * 60_000;

/** For what the browser loads by itself. `refetch` signs it again. */
export function useSignedAddress(id: string, version: number | undefined, contentId: string | null) {
  const { client } = useDrive();
  return useQuery({
    queryKey: ["signed", id, version ?? contentId],
    staleTime: goodMs,
    gcTime: goodMs,
    queryFn: () => signedAddress(client, { id, version, use: "media" }),
  });
}
