/** Reasons that the page around the frame shows as different messages. `damaged` has the general one. */
type Reason = "damaged" | "encrypted" | "large";

export function officeFailure(reason: Reason): Error {
  return new Error(`office_${reason}`);
}
