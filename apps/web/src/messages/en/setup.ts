export const setup = {
  "setup.confirmTitle": "Confirm your address",
  "setup.confirmAbout": "What others share with your e-mail address becomes yours.",
  "setup.confirm": "This address is mine",
  "setup.confirmBad":
    "The link is wrong, has expired, or is for another address. Have a new one mailed: Settings, Profile.",
  "setup.confirmed": "Your address is confirmed",
  "setup.confirmedAbout": "What others share with {email} is yours from now on.",
  "setup.linkUsed":
    "This link was used already, or a newer one was made. If there is an administrator, sign in or ask for an invitation. Otherwise holdfast admin setup-link, where the server runs, prints a new link.",
  "setup.inviteUsed":
    "This invitation was used already, has expired, or is for another e-mail address. Ask for a new one.",
  "setup.asking": "Looking at the link…",
  "setup.useless": "This link is good no more",
  "setup.inviteGone":
    "The invitation was used already, or has expired. If you have an account, sign in. Otherwise ask whoever invited you for a new one.",
  "setup.goodUntil": "It is good until {time}.",
  "setup.forAddress": "The invitation is for this address alone.",
  "setup.linkCut": "The link is not complete",
  "setup.linkCutNext": "Everything after the # belongs to it. Copy the whole link.",
  "setup.adminAbout": "Create the administrator of this new server. The link works once.",
  "setup.inviteAbout": "Create your account on this server. The link works once.",
  "setup.createAdmin": "Create administrator",
  "setup.createAccount": "Create account",
  "setup.haveAccount": "You have an account already?",
  "setup.accountTaken": "There is an account with this address already. Sign in with it.",
  "setup.name": "Your name",
  "setup.nameHint": "Others see it beside what you share.",
  "setup.emailHint": "You sign in with it.",
  "setup.passwordHint": "At least {count} characters. A sentence is easier to remember than special characters.",
  "setup.passwordShort": "This has fewer than {count} characters. Make it longer.",
  "setup.noAddress": "This is no e-mail address: there is an @ missing, or what stands beside it.",
  "setup.welcome": "Welcome to Holdfast",
} as const;
