import type { ApiClient } from "@holdfast/api-client/api-client";
import type { DiagnosisJson } from "@holdfast/protocol/admin-routes";
import { queryOptions } from "@tanstack/react-query";

type FindingJson = DiagnosisJson["items"][number];

/** The server runs all checks for each request. */
export function doctorQuery(client: ApiClient) {
  return queryOptions({
    queryKey: ["admin-doctor"],
    queryFn: ({ signal }) => client.call("adminDoctor", { signal }),
  });
}

/** Most serious first, otherwise in the server's order. */
export function problemsOf({ items }: DiagnosisJson): FindingJson[] {
  const ofState = (wanted: FindingJson["state"]) => items.filter(({ state }) => state === wanted);
  return [...ofState("fail"), ...ofState("warn")];
}
