/** Of what is asked of whoever acts for an account. */
export const access = {
  "access.about":
    "Who must have a second factor, and from where accounts may be used. What is asked of the server, of a group and of an account all holds.",
  "access.new": "New rule",
  "access.server": "All accounts",
  "access.group": "Group",
  "access.account": "Account",
  "access.nothing": "Nothing is asked",
  "access.factorSince": "A second factor is required from {when} on",
  "access.onlyFrom": "Only from {networks}",
  "access.ownOnlyFrom": "As the account itself has said: only from {networks}",
  "access.change": "Change",
  "access.changeFor": "Change the rule for {name}",
  "access.factor": "Require a second factor",
  "access.factorHint": "An authenticator app or a passkey beside the password.",
  "access.days": "Days of grace",
  "access.daysHint":
    "So long who has none is reminded only. After that they can do nothing but set one up. 0: at once.",
  "access.daysBad": "Write a whole number of days, from 0 to {max}.",
  "access.networks": "Allowed addresses",
  "access.networksHint":
    "One address or network in a line, such as 192.0.2.0/24 or 2001:db8::/32. Empty: from anywhere. This browser is at {address}.",
  "access.noNetwork":
    "One of these is no address or network. Write them like 192.0.2.7, 192.0.2.0/24 or 2001:db8::/32.",
  "access.shutsOut":
    "That would shut you out: this browser is at {address}. Add that address, or a network that has it.",
  "access.nobody": "There is no such group or account.",
  "access.ofWhom": "For",
  "access.ofGroup": "The members of a group",
  "access.ofAccount": "One account",
  "access.choose": "Choose…",
  "access.email": "E-mail address of the account",
  "access.own": "Allowed addresses",
  "access.ownAbout":
    "From where your account may be used: a stolen password, token or laptop is then worth nothing elsewhere.",
  "access.ownProve": "Your devices and programs elsewhere stop at once.",
  "access.anywhere": "From anywhere",
} as const;
