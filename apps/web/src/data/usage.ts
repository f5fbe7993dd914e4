import { useQuery } from "@tanstack/react-query";
import { useDrive } from "./use-drive.ts";

export const usageKey = ["usage"] as const;

export function useUsage() {
  const { client } = useDrive();
  return useQuery({ queryKey: usageKey, queryFn: ({ signal }) => client.call("getUsage", { signal }) });
}
