import type { RouteName, routes } from "@holdfast/protocol/routes";
import { signedWays, type SignedUse, type WayName } from "./ways.ts";

/**
 * Ways that use credentials issued by a route or by an endpoint of the OpenID provider or of SCIM, or the reason why it
 * issues none. Credentials are tokens, codes, tickets, addresses with a secret, and mails with one.
 */
export type HandedOut = readonly WayName[] | string;

const reads = "returns data that the caller may see";
const ends = "ends a credential";
const administers = "for administrators, without credentials";
const links: readonly WayName[] = [
  "link",
  "link with a password",
  "page of a link",
  "page of a link with a password",
  "file from the page of a link",
];
const content = "stored content, to callers who may read it";
const nothing = "nothing";
const page = "a page without credentials";
const cursor = "a position in the changes, which is sent together with a token";

const signedFor = (use: SignedUse): readonly WayName[] =>
  signedWays.flatMap((each) => (each.use === use ? [each.way] : []));

/** Routes without a token, for own pages, or with a body that is not JSON: their schemas do not show all that they issue. */
type Opaque = {
  [Name in RouteName]: (typeof routes)[Name] extends { access: "open" | "signed" } | { fromOwnPage: true }
    ? Name
    : "bytes" extends (typeof routes)[Name]["responses"][keyof (typeof routes)[Name]["responses"]]
      ? Name
      : never;
}[RouteName];

/** Routes without a row issue nothing: their responses must have no field with a secret's name. */
export const handedOutByRoutes: Readonly<Record<Opaque, HandedOut> & Partial<Record<RouteName, HandedOut>>> = {
  createSession: [
    "password and app",
    "password and recovery code",
    "password and passkey",
    "password alone",
    "passkey alone",
    "LDAP password and factor",
    "LDAP password alone",
  ],
  refreshSession: ["session from before", "refresh token from before"],
  createToken: ["new personal token", "personal token from before", "identity system's token"],
  adminInvite: "an invitation, which creates an account; testing-factor-paths.ts signs up with one",
  createExportAddress: signedFor("export"),
  mailPasswordReset: ["mailed reset and factor", "mailed reset alone"],
  prepareSecondFactor:
    "the secret of an authenticator app, which counts once a code confirms it, and signs nobody in alone",
  confirmSecondFactor: ["password and app", "password and recovery code"],
  renewRecoveryCodes: ["password and recovery code", "browser's password and factor", "issuer and factor"],
  createAppPassword: [
    "new app password",
    "new app password without the factor",
    "app password from before",
    "app password of a folder from before",
  ],
  preparePasskey: "options for a new passkey, which counts once it is confirmed",
  confirmPasskey: ["password and passkey", "passkey alone"],
  preparePasskeySignIn: ["passkey alone"],
  adminAddOauthClient: ["program let in now", "program's code from before"],
  answerProgramRequest: ["program let in now", "program's code from before"],
  readDeviceRequest: "the name of the session that a program asks for",
  answerDeviceRequest: [
    "command let in now",
    "command let in before",
    "program's device let in now",
    "program's device let in before",
  ],
  readSignOutRequest: "the address of the program, to return to after the sign-out",
  startDeviceLogin: ["command let in now", "command let in before"],
  finishDeviceLogin: ["command let in now", "command let in before"],
  createWebSession: ["browser's password and factor", "browser's password alone", "browser's cookie from before"],
  refreshWebSession: ["browser's cookie from before"],
  beginOutsideSignIn: ["issuer and factor", "issuer alone", "issuer that vouches for a factor"],
  finishOutside: ["issuer and factor", "issuer alone", "issuer that vouches for a factor"],
  createOutsideWebSession: ["issuer and factor", "issuer alone", "issuer that vouches for a factor"],
  beginOutsideProof:
    "an address of the issuer, which renews the proof of this session only; prove-from-outside.pg.test.ts",
  beginOutsideLink: ["issuer and factor", "issuer alone", "issuer that vouches for a factor"],
  confirmOutsideLink: ["issuer and factor", "issuer alone", "issuer that vouches for a factor"],
  lookUpPath: signedFor("thumbnail"),
  listFolder: signedFor("thumbnail"),
  listTrash: signedFor("thumbnail"),
  getStartToken: cursor,
  listChanges: cursor,
  getSnapshot: cursor,
  listVersions: signedFor("thumbnail"),
  listStarred: signedFor("thumbnail"),
  listRecent: signedFor("thumbnail"),
  search: signedFor("thumbnail"),
  upload: "the address of an upload, which requires the caller's token again",
  createBlockUploadUrl: signedFor("block upload"),
  createSignedUrls: signedFor("download"),
  shareNode: links,
  updatePermission: ["link with a password", "page of a link with a password"],
  readLinkAddress: links,
  listSharedWithMe: signedFor("thumbnail"),
  listSharedByMe: signedFor("thumbnail"),
  createWebhook: "the address that the caller gave; the server signs its calls with the caller's secret",
  listWebhooks: "the addresses that the caller gave, without the secrets",
  startLinkSession: ["link with a password"],
  showLink: ["file from the page of a link"],
  sendToLink: ["page of a link with a password"],
  adminListSettings: "whether a setting is secret, without its value",
  unsentLinks: ["mailed reset and factor", "mailed reset alone"],
  createAccount: "an account, which signs in like all others; testing-factor-paths.ts signs up with an invitation",
  readInvitation: "the invitation, to its holder",
  changeAddress: "mails a link that confirms the address in a session of the account, and signs nobody in",
  mailConfirmation: "mails a link that confirms the address in a session of the account, and signs nobody in",
  exportAccount: content,
  openExportAddress: content,
  readClearing: "what a device must clear, to the device by its own secret",
  queryClearing: "which of its contents the account has, to a device by its own secret",
  reportClearing: nothing,
  resetPassword: "the address of the account; people sign in with the new password",
  readProgramRequest: "the name of the program that asks",
  deleteWebSession: nothing,
  readSignInWays: "ways to sign in",
  download: content,
  getBlock: content,
  fetchBlocks: content,
  putSignedBlock: nothing,
  openSignedUrl: content,
  getThumb: content,
  downloadFromLink: content,
  reportLink: nothing,
  sendReport: page,
  askUnsubscribe: page,
  unsubscribe: page,
  live: nothing,
  ready: nothing,
  metrics: "figures of the server",
  openapi: "the description of the API",
  docs: page,
  home: page,
  reportPolicy: nothing,
  setupPage: "a page for the token in its address, which signs in by other routes",
};

/** Endpoints of the OpenID provider, which are not in the route table. */
export const handedOutToPrograms: Readonly<Record<string, HandedOut>> = {
  "GET /.well-known/openid-configuration": reads,
  "GET /.well-known/oauth-authorization-server": reads,
  "GET /oauth/jwks": "public keys that verify signatures",
  "GET /oauth/authorize": ["program let in now"],
  "POST /oauth/authorize": "redirects to the same request by GET",
  "GET /oauth/authorize/:uid": ["program let in now", "program's code from before"],
  "POST /oauth/token": [
    "program's code from before",
    "program's refresh token from before",
    "program's device let in before",
    "program's access token from before",
  ],
  "POST /oauth/device": ["program's device let in now", "program's device let in before"],
  "POST /oauth/revoke": ends,
  "POST /oauth/introspect": "describes a token that the program already has",
  "GET /oauth/userinfo": ["program's access token that asks who it is"],
  "POST /oauth/userinfo": ["program's access token that asks who it is"],
  "GET /oauth/end": "redirects to the page that confirms the sign-out",
  "POST /oauth/end": "redirects to the page that confirms the sign-out",
};

/** SCIM endpoints below /scim/v2. Users created there have an unknown password. */
export const handedOutToIdentitySystems: Readonly<Record<string, HandedOut>> = {
  "GET /ServiceProviderConfig": administers,
  "GET /ResourceTypes": administers,
  "GET /ResourceTypes/:id": administers,
  "GET /Schemas": administers,
  "GET /Schemas/:id": administers,
  "POST /Users": administers,
  "GET /Users": administers,
  "GET /Users/:id": administers,
  "PUT /Users/:id": administers,
  "PATCH /Users/:id": administers,
  "DELETE /Users/:id": administers,
  "POST /Groups": administers,
  "GET /Groups": administers,
  "GET /Groups/:id": administers,
  "PUT /Groups/:id": administers,
  "PATCH /Groups/:id": administers,
  "DELETE /Groups/:id": administers,
};
