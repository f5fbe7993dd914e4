export const setup = {
  "setup.confirmTitle": "Confirm your address",
  "setup.confirmAbout": "What others share with your e-mail address becomes yours.",
  "setup.confirm": "This address is mine",
  "setup.confirmBad":
    "The link is wrong, has expired, or is for another address. Have a new one mailed: Settings, Profile.",
  "setup.confirmed": "Your address is confirmed",
  "setup.confirmedAbout": "What others share with {email} is yours from now on.",
  "setup.linkUsed":
    "This link was used already, or a newer one was made. If there is an administrator, sign in or ask for an invitation. Otherwise start the server again: it prints a new link.",
  "setup.inviteUsed":
    "This invitation was used already, has expired, or is for another e-mail address. Ask for a new one.",
  "setup.linkCut": "The link is not complete",
  "setup.linkCutNext": "Everything after the # belongs to it. Copy the whole link.",
  "setup.adminAbout": "Create the administrator of this new server. The link works once.",
  "setup.inviteAbout": "Create your account on this server. The link works once.",
  "setup.createAdmin": "Create administrator",
  "setup.createAccount": "Create account",
  "setup.haveAccount": "You have an account already?",
  "setup.accountTaken": "There is an account with this address already. Sign in with it.",
} as const;
