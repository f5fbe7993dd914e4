import { toHoldfastError } from "@holdfast/core/errors";
import { openIssuer } from "../../features/issuer/open-issuer.ts";
import type { DoctorWorld } from "./doctor-world.ts";
import { type Finding, ok, warn } from "./finding.ts";

export async function checkIssuer({ config: { oidc } }: Pick<DoctorWorld, "config">): Promise<Finding[]> {
  if (oidc === undefined) return [];
  const name = `${oidc.name} (${oidc.issuer})`;
  try {
    await openIssuer(oidc).look();
    return [ok("issuer", `${name} answers`)];
  } catch (error) {
    const { cause, message } = toHoldfastError(error);
    const why = cause instanceof Error ? `${message} ${cause.message}` : message;
    const advice =
      "Nobody can sign in through it until then. Check that it is running and that the issuer in HOLDFAST_OIDC is exactly its address.";
    return [{ ...warn("issuer", `${name}: ${why}`, advice), urgency: "passing" }];
  }
}
