export const access = {
  "access.about":
    "Rules can require a second factor, or limit the addresses from which accounts can be used. An account must meet the rules for the server, for its groups and for the account itself.",
  "access.new": "New rule",
  "access.server": "All accounts",
  "access.group": "Group",
  "access.account": "Account",
  "access.nothing": "No requirements",
  "access.factorSince": "Second factor required from {when}",
  "access.onlyFrom": "Only from {networks}",
  "access.ownOnlyFrom": "Set by the account itself: only from {networks}",
  "access.change": "Change",
  "access.changeFor": "Change the rule for {name}",
  "access.factor": "Require a second factor",
  "access.factorHint": "An authenticator app or a passkey in addition to the password.",
  "access.days": "Grace period in days",
  "access.daysHint":
    "During this time, accounts without a second factor only see a reminder. After that, they must set one up before they can do anything else. 0: no grace period.",
  "access.daysBad": "Enter a whole number from 0 to {max}.",
  "access.networks": "Allowed addresses",
  "access.networksHint":
    "One address or network per line, such as 192.0.2.0/24 or 2001:db8::/32. Leave empty to allow any address. This browser’s address is {address}.",
  "access.noNetwork":
    "One of the lines is not an address or network. Use the form 192.0.2.7, 192.0.2.0/24 or 2001:db8::/32.",
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
    "The addresses from which your account can be used. From any other address, a stolen password, token or laptop is useless.",
  "access.ownProve": "Your devices and programs at other addresses stop working immediately.",
  "access.anywhere": "From anywhere",
} as const;
