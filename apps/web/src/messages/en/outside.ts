/** Of signing in by what another service says. */
export const outside = {
  "outside.continue": "Continue with {name}",
  "outside.asAdministrator": "Sign in as an administrator",
  "outside.passwordsOff": "Passwords are for administrators here. Sign in the other way.",
  "outside.wait": "One moment: the other service has answered.",
  "outside.failed": "You are not signed in",
  "outside.refused": "The other service did not sign you in. Nothing has changed.",
  "outside.late":
    "This sign-in was not begun in this browser, was used already, or took longer than ten minutes. Begin again.",
  "outside.notLinked":
    "No account here is linked to this sign-in. If you have an account, sign in with your password and link it in Settings, under Security. Otherwise ask an administrator.",
  "outside.notProven": "It was not shown that it is you",
  "outside.notAsked":
    "The other service did not ask you to sign in anew, or does not say so, and that shows nothing. Use your password or a passkey, or sign out there first.",
  "outside.somebodyElse": "You are signed in there as somebody else, to whom this account is not linked.",
  "outside.goBack": "Go back",
  "outside.goOn": "Go on",
  "outside.taken": "This sign-in is linked to another account here. Unlink it there first.",
  "outside.title": "Sign-in through another service",
  "outside.about": "Whoever is signed in there gets in here without the password.",
  "outside.link": "Link {name}",
  "outside.linkTitle": "Link a sign-in",
  "outside.linkAbout":
    "Your password first: somebody else may sit at this browser. Then you sign in at the other service.",
  "outside.linked": "linked {when}",
  "outside.used": "used {when}",
  "outside.unlink": "Unlink",
  "outside.unlinkNamed": "Unlink {name}",
  "outside.unlinkTitle": "Unlink this sign-in",
  "outside.unlinkAbout": "It opens this account no more. You need your password from then on.",
} as const;
