import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useDrive } from "./use-drive.ts";

const queryKey = ["devices"] as const;

/** Browsers and sync devices with a session. */
export function useDevices() {
  const { client } = useDrive();
  return useQuery({ queryKey, queryFn: ({ signal }) => client.call("listDevices", { signal }) });
}

export function useRemoveDevice() {
  const { client } = useDrive();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ id, removesCopies = false }: { readonly id: string; readonly removesCopies?: boolean }) =>
      client.call("deleteDevice", { params: { id }, ...(removesCopies ? { query: { remove_copies: "true" } } : {}) }),
    onSettled: () => queries.invalidateQueries({ queryKey }),
  });
}

export function useResumeDevice() {
  const { client } = useDrive();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => client.call("resumeDevice", { params: { id } }),
    onSettled: () => queries.invalidateQueries({ queryKey }),
  });
}

export function useRemoveOtherDevices() {
  const { client } = useDrive();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: () => client.call("deleteDevices", { query: { keep: "current" } }),
    onSettled: () => queries.invalidateQueries({ queryKey }),
  });
}
