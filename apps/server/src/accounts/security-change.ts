/** What an account is told of, as it may not have been the person. */
export const securityChanges = [
  "password",
  "address_wanted",
  "address",
  "own_addresses",
  "factor_on",
  "factor_codes",
  "factor_off",
  "factor_ended",
  "factor_guessed",
  "app_password",
  "token",
  "webhook",
  "transfer",
  "program",
  "passkey_added",
  "passkey_removed",
  "passkey_copied",
  "outside_linked",
  "outside_first",
  "outside_unlinked",
] as const;
export type SecurityChange = (typeof securityChanges)[number];
