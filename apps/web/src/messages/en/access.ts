export const access = {
  "access.about":
    "Who needs a second factor, and from which addresses accounts may be used. An account has to meet the rules for the server, for its groups and for itself.",
  "access.new": "New rule",
  "access.server": "All accounts",
  "access.group": "Group",
  "access.account": "Account",
  "access.nothing": "No requirements",
  "access.factorSince": "A second factor is required from {when}",
  "access.onlyFrom": "Only from {networks}",
  "access.ownOnlyFrom": "Set by the account itself: only from {networks}",
  "access.change": "Change",
  "access.changeFor": "Change the rule for {name}",
  "access.factor": "Require a second factor",
  "access.factorHint": "An authenticator app or a passkey in addition to the password.",
  "access.days": "Grace period in days",
  "access.daysHint":
    "During this time, accounts without a second factor only see a reminder. After it, they have to set one up before anything else. 0: no grace period.",
  "access.daysBad": "Enter a whole number from 0 to {max}.",
  "access.networks": "Allowed addresses",
  "access.networksHint":
    "One address or network per line, such as 192.0.2.0/24 or 2001:db8::/32. Leave empty to allow any address. This browser’s address is {address}.",
  "access.noNetwork":
    "One of the lines is not an address or network. Enter each like 192.0.2.7, 192.0.2.0/24 or 2001:db8::/32.",
  "access.shutsOut":
    "This would lock you out: this browser’s address is {address}. Add that address, or a network that contains it.",
  "access.nobody": "No group or account with this name or address was found.",
  "access.ofWhom": "Applies to",
  "access.ofGroup": "Members of a group",
  "access.ofAccount": "One account",
  "access.choose": "Choose…",
  "access.email": "Account’s e-mail address",
  "access.own": "Allowed addresses",
  "access.ownAbout":
    "The addresses from which your account can be used. A stolen password, token or laptop does not work anywhere else.",
  "access.ownProve": "Your devices and programs at other addresses stop working immediately.",
  "access.anywhere": "From anywhere",
} as const;
