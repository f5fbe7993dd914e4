import type { DiagnosisJson } from "@holdfast/protocol/admin-routes";
import type { Handlers } from "../exchange/handler.ts";

export function doctorHandlers(diagnose: (options: { readonly recent: boolean }) => Promise<DiagnosisJson>) {
  return {
    adminDoctor: async ({ query }) => ({ status: 200, json: await diagnose({ recent: query.recent === "true" }) }),
  } satisfies Handlers;
}
