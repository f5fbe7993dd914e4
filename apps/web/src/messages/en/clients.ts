/** Of programs that an administrator registers. */
export const clients = {
  "clients.about":
    "Programs that may ask people to let them in (OpenID Connect). Each person is asked before, and sees it under Settings, Tokens.",
  "clients.new": "Register a program",
  "clients.none": "No programs",
  "clients.noneNext": "Another program lets people sign in with their account here once it is registered.",
  "clients.nameHint": "As people are shown it.",
  "clients.kind": "Where it runs",
  "clients.kindSecret": "On a server, where it keeps a secret",
  "clients.kindPublic": "On people’s devices, where it can keep none",
  "clients.isPublic": "Without a secret",
  "clients.back": "Addresses to return to",
  "clients.backHint":
    "One in a line, letter by letter as the program names it, with https. None if it only shows codes.",
  "clients.backHintPublic":
    "One in a line, letter by letter as the program names it, with https or as http://127.0.0.1/… with any port. None if it only shows codes.",
  "clients.out": "Addresses after signing out",
  "clients.outHint": "Where people may go on once the program has had them signed out here. One in a line.",
  "clients.badAddress":
    "One of these is no address to return to. Each begins with https:// and has neither a part after a # nor a name before an @; http://127.0.0.1 is for programs on people’s devices alone.",
  "clients.tooManyAddresses": "There may be at most {max}.",
  "clients.may": "It may ask for",
  "clients.mayHint": "Whoever lets it in tells it who they are in any case. Tick nothing if that is all.",
  "clients.scopeRead": "Reading their files",
  "clients.scopeWrite": "Writing their files",
  "clients.scopeAccount": "Seeing and changing their account",
  "clients.scopeAdmin": "Administering this server",
  "clients.scopeAdminHint": "It is asked of administrators alone, and they have to tick it.",
  "clients.tooMany": "There are {max} programs already, and there may be no more. Remove one that nobody needs.",
  "clients.made": "{name} is registered",
  "clients.madeAbout":
    "Give these to the program, with the address of this server as the issuer. The secret is shown this once.",
  "clients.madeAboutPublic": "Give this to the program, with the address of this server as the issuer.",
  "clients.id": "Client ID",
  "clients.secret": "Client secret",
  "clients.mayAsk": "May ask for: {scopes}",
  "clients.mayAskNothing": "Is told who somebody is, and nothing else",
  "clients.returnsTo": "Returns to {addresses}",
  "clients.outTo": "After signing out to {addresses}",
  "clients.remove": "Remove",
  "clients.removeNamed": "Remove {name}",
  "clients.removeTitle": "Remove “{name}”?",
  "clients.removeAbout":
    "What people let it do ends at once, for all of them, and nobody signs in there with this server any more. Registered again it is another program.",
  "clients.removed": "{name} is let in by nobody any more.",
} as const;
