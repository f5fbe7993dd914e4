import { HoldfastError } from "@holdfast/core/errors";

export const changedHere = "changed_here";

export function keptHere(why = "has content here that was not downloaded"): HoldfastError {
  const message = `${why}, so it was kept. Use --overwrite to replace it.`;
  return new HoldfastError("conflict", message, { body: { reason: changedHere } });
}

export function problemCodeOf({ code, body }: HoldfastError): string {
  return body["reason"] === changedHere ? changedHere : code;
}
