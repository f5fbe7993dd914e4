import { useQuery } from "@tanstack/react-query";
import { signedAddress } from "../../data/signed-address.ts";
import { useDrive } from "../../data/use-drive.ts";

/** Shorter than the 15 minutes for which the server signs. */
const goodMs = 14 * 60_000;

/** Signed URL for content that the browser loads itself. `refetch` signs again. */
export function useSignedAddress(id: string, version: number | undefined, contentId: string | null) {
  const { client } = useDrive();
  return useQuery({
    queryKey: ["signed", id, version ?? contentId],
    staleTime: goodMs,
    gcTime: goodMs,
    queryFn: () => signedAddress(client, { id, version, use: "media" }),
  });
}
