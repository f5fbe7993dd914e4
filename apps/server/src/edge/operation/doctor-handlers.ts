import type { DiagnosisJson } from "@holdfast/protocol/admin-routes";
import type { Handlers } from "../exchange/handler.ts";

export function doctorHandlers(diagnose: () => Promise<DiagnosisJson>) {
  return {
    adminDoctor: async () => ({ status: 200, json: await diagnose() }),
  } satisfies Handlers;
}
