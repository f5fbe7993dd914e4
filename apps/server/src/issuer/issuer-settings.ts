/** The issuer whose people sign in here, and what is believed of what it says. */
export interface OidcSettings {
  readonly issuer: string;
  readonly clientId: string;
  /** Undefined: a public client, which PKCE alone protects. */
  readonly clientSecret: string | undefined;
  /** As people know it. */
  readonly name: string;
  readonly scopes: readonly string[];
  /** Of these domains a verified address links an account that has it. */
  readonly linkDomains: readonly string[];
  /** Of these domains a verified address that nobody has makes an account. */
  readonly createDomains: readonly string[];
  /** Only administrators sign in with passwords. */
  readonly only: boolean;
  /** Of which claim each value gives which group, by its id. */
  readonly groups: ClaimMapping | undefined;
  /** The same of plans, by their names. */
  readonly plans: ClaimMapping | undefined;
  /** That it has asked for a second factor itself is believed where it says one of these. */
  readonly trusted: { readonly amr: readonly string[]; readonly acr: readonly string[] };
  /** Who has no other way in comes back through it this often; undefined: once is enough. */
  readonly signInAgainMs: number | undefined;
  /** A sign-in of which it does not say when it asked its person counts as one that did. */
  readonly trustsSilence: boolean;
  /** What its description names on other hosts than its own may have private addresses. */
  readonly privateAddresses: boolean;
}

export interface ClaimMapping {
  readonly claim: string;
  readonly values: Readonly<Record<string, string>>;
}
