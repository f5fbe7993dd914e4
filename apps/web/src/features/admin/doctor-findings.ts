import type { ApiClient } from "@holdfast/api-client/api-client";
import type { DiagnosisJson } from "@holdfast/protocol/admin-routes";
import { queryOptions } from "@tanstack/react-query";

export type FindingJson = DiagnosisJson["items"][number];

/** The server repeats only checks that did not run recently. */
export function doctorQuery(client: ApiClient) {
  return queryOptions({
    queryKey: ["admin-doctor"],
    queryFn: ({ signal }) => client.call("adminDoctor", { query: { recent: "true" }, signal }),
  });
}

/** Most serious first, otherwise in the server's order. */
export function problemsOf({ items }: DiagnosisJson): FindingJson[] {
  const ofState = (wanted: FindingJson["state"]) => items.filter(({ state }) => state === wanted);
  return [...ofState("fail"), ...ofState("warn")];
}
