export const recovery = {
  "recovery.forgotTitle": "Ein neues Passwort",
  "recovery.forgotAbout":
    "Ein Link, mit dem du eines wählst, kommt an deine Adresse. Er gilt einmal und eine halbe Stunde lang.",
  "recovery.forgotSend": "Link schicken",
  "recovery.forgotSent": "Schau in deine Mails",
  "recovery.forgotSentAbout":
    "Wenn es ein Konto mit {email} gibt, ist der Link unterwegs, höchstens einmal in fünf Minuten. Kommt nichts, frag einen Administrator: Vielleicht verschickt dieser Server keine Mails.",
  "recovery.backToSignIn": "Zurück zur Anmeldung",
  "recovery.resetTitle": "Neues Passwort wählen",
  "recovery.resetAbout":
    "Danach müssen sich alle deine Browser und Geräte neu anmelden, und persönliche Zugangsschlüssel gelten nicht mehr.",
  "recovery.newPassword": "Neues Passwort",
  "recovery.passwordCommon": "Dieses Passwort gehört zu denen, die als Erstes probiert werden. Nimm ein anderes.",
  "recovery.resetSave": "Passwort sichern",
  "recovery.resetBad":
    "Der Link wurde schon benutzt, ist abgelaufen oder unvollständig. Lass dir auf der Anmeldeseite einen neuen schicken.",
  "recovery.resetDone": "Dein Passwort ist geändert",
  "recovery.resetDoneAbout": "Melde dich als {email} damit an.",
} as const;
