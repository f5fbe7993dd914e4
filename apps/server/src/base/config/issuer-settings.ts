/** External issuer for sign-in, and the claims that are trusted. */
export interface OidcSettings {
  readonly issuer: string;
  readonly clientId: string;
  /** undefined: a public client, which only PKCE protects */
  readonly clientSecret: string | undefined;
  /** Name that users see. */
  readonly name: string;
  readonly scopes: readonly string[];
  /** A verified address in these domains links an existing account. */
  readonly linkDomains: readonly string[];
  /** A verified address in these domains without an account creates one. */
  readonly createDomains: readonly string[];
  /** Only administrators sign in with passwords. */
  readonly only: boolean;
  /** Maps values of a claim to group ids. */
  readonly groups: ClaimMapping | undefined;
  /** Maps values of a claim to plan names. */
  readonly plans: ClaimMapping | undefined;
  /** Values that prove that the issuer checked a second factor. */
  readonly trusted: { readonly amr: readonly string[]; readonly acr: readonly string[] };
  /** Users without another sign-in must sign in again after this time; undefined: never. */
  readonly signInAgainMs: number | undefined;
  /** A sign-in without a time of authentication counts as a new one. */
  readonly trustsSilence: boolean;
  /** Other hosts in the issuer's description may have private addresses. */
  readonly privateAddresses: boolean;
}

export interface ClaimMapping {
  readonly claim: string;
  readonly values: Readonly<Record<string, string>>;
}
