export const recovery = {
  "recovery.forgotTitle": "Ein neues Passwort",
  "recovery.forgotAbout":
    "Ein Link, mit dem du eines wählst, kommt an deine Adresse. Er gilt einmal und eine halbe Stunde lang.",
  "recovery.forgotUnmailed":
    "Dieser Server verschickt keine Mails. Gib hier deine Adresse an: Ein Link, mit dem du ein neues Passwort wählst, liegt dann eine halbe Stunde lang bei denen, die ihn verwalten. Frag dort danach.",
  "recovery.forgotAsk": "Link anfordern",
  "recovery.forgotWaits": "Frag einen Administrator nach dem Link",
  "recovery.forgotWaitsAbout":
    "Wenn es ein Konto mit {email} gibt, steht sein Link unter Verwaltung, Einladungen, bei den Links ohne Mail.",
  "recovery.forgotSend": "Link schicken",
  "recovery.forgotSent": "Schau in deine Mails",
  "recovery.forgotSentAbout":
    "Wenn es ein Konto mit {email} gibt, ist der Link unterwegs, höchstens einmal in fünf Minuten. Kommt nichts, frag einen Administrator.",
  "recovery.backToSignIn": "Zurück zur Anmeldung",
  "recovery.resetTitle": "Neues Passwort wählen",
  "recovery.resetAbout":
    "Danach müssen sich alle deine Browser und Geräte neu anmelden, und persönliche Zugangsschlüssel gelten nicht mehr.",
  "recovery.newPassword": "Neues Passwort",
  "recovery.passwordCommon": "Dieses Passwort gehört zu denen, die als Erstes probiert werden. Nimm ein anderes.",
  "recovery.endPasskeys": "Auch Passkeys entfernen: Sie melden ohne das Passwort an",
  "recovery.endPasskeysHint":
    "Wenn jemand anderes in deinem Konto gewesen sein kann oder ein Gerät von dir hat. War ein Passkey dein zweiter Faktor, fragt die Anmeldung danach nach einem Wiederherstellungscode; hast du keinen, frag einen Administrator.",
  "recovery.endOutside": "Auch Anmeldungen über einen anderen Dienst trennen",
  "recovery.endOutsideHint": "Wenn du sie nicht selbst verknüpft hast oder dort jemand anderes in dein Konto kommt.",
  "recovery.resetSave": "Passwort sichern",
  "recovery.resetBad":
    "Der Link wurde schon benutzt, ist abgelaufen oder unvollständig. Lass dir auf der Anmeldeseite einen neuen schicken.",
  "recovery.resetDone": "Dein Passwort ist geändert",
  "recovery.resetDoneAbout": "Melde dich als {email} damit an.",
  "recovery.waysLeft": "Was ohne Passwort anmeldet, ist geblieben: Sieh es unter Einstellungen, Sicherheit durch.",
} as const;
