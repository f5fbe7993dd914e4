/** What an account is told of, as it may not have been the person. */
export const securityChanges = [
  "password",
  "factor_on",
  "factor_codes",
  "factor_off",
  "factor_ended",
  "factor_guessed",
  "app_password",
  "passkey_added",
  "passkey_removed",
  "passkey_copied",
] as const;
export type SecurityChange = (typeof securityChanges)[number];
