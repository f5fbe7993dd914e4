export const clients = {
  "clients.about":
    "Programs that may ask people for access to their account (OpenID Connect). Each person is asked first and can revoke access under Settings, Tokens.",
  "clients.new": "Register program",
  "clients.none": "No programs",
  "clients.noneNext": "Register a program to let people sign in to it with their account on this server.",
  "clients.nameHint": "Shown to people when the program asks for access.",
  "clients.kind": "Where the program runs",
  "clients.kindSecret": "On a server that can keep a secret",
  "clients.kindPublic": "On people’s devices, without a secret",
  "clients.isPublic": "Without a secret",
  "clients.back": "Redirect addresses",
  "clients.backHint":
    "One per line, exactly as the program sends it, with https. Leave empty if the program only uses device codes.",
  "clients.backHintPublic":
    "One per line, exactly as the program sends it, with https or as http://127.0.0.1/… with any port. Leave empty if the program only uses device codes.",
  "clients.out": "Addresses after sign-out",
  "clients.outHint": "The program may send people to these addresses after signing them out here. One per line.",
  "clients.badAddress":
    "One of the lines is not a valid redirect address. Each must begin with https:// and must not contain a # or a user name. http://127.0.0.1 is only for programs on people’s devices.",
  "clients.tooManyAddresses": "Enter at most {max} addresses.",
  "clients.may": "Permissions the program may request",
  "clients.mayHint":
    "The program always learns who the person is. Leave everything unchecked if it needs nothing else.",
  "clients.scopeRead": "Read their files",
  "clients.scopeWrite": "Write their files",
  "clients.scopeAccount": "See and change their account",
  "clients.scopeAdmin": "Administer this server",
  "clients.scopeAdminHint": "Only administrators are asked for this, and they have to allow it separately.",
  "clients.tooMany": "There are already {max} programs, which is the limit. Remove one first.",
  "clients.made": "{name} was registered",
  "clients.madeAbout":
    "Enter these in the program, with the address of this server as the issuer. The secret is shown only once.",
  "clients.madeAboutPublic": "Enter this in the program, with the address of this server as the issuer.",
  "clients.id": "Client ID",
  "clients.secret": "Client secret",
  "clients.mayAsk": "Permissions: {scopes}",
  "clients.mayAskNothing": "Permissions: none",
  "clients.returnsTo": "Redirects to {addresses}",
  "clients.outTo": "Redirects to {addresses} after signing out",
  "clients.remove": "Remove",
  "clients.removeNamed": "Remove {name}",
  "clients.removeTitle": "Remove “{name}”?",
  "clients.removeAbout":
    "The program loses access to all accounts immediately, and nobody can sign in to it through this server anymore. If you register it again, people have to allow it again.",
  "clients.removed": "{name} was removed.",
} as const;
