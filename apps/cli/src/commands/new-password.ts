import { limits } from "@holdfast/core/limits";
import { usage } from "../output/usage.ts";

/** @throws HoldfastError usage for a password that the server would reject */
export function checkNewPassword(password: string): string {
  if (password.length < limits.passwordBytesMin)
    throw usage(`The password is too short: it needs at least ${limits.passwordBytesMin} characters.`);
  if (password.length > limits.passwordBytesMax)
    throw usage(`The password is too long: the maximum is ${limits.passwordBytesMax} characters.`);
  return password;
}
