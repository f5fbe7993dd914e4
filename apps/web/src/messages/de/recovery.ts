export const recovery = {
  "recovery.forgotTitle": "Passwort zurücksetzen",
  "recovery.forgotAbout": "Du bekommst einen Link per Mail. Er funktioniert einmal und läuft nach 30 Minuten ab.",
  "recovery.forgotUnmailed":
    "Dieser Server verschickt keine Mails. Gib deine Adresse ein: Die Administratoren bekommen dann einen Link für dich, mit dem du ein neues Passwort wählst. Er läuft nach 30 Minuten ab. Frag danach.",
  "recovery.forgotAsk": "Link anfordern",
  "recovery.forgotWaits": "Ein Administrator hat den Link",
  "recovery.forgotWaitsAbout":
    "Wenn es ein Konto mit {email} gibt, finden Administratoren den Link unter Verwaltung, Einladungen, bei den nicht verschickten Links. Auf dem Server selbst setzt 'holdfast admin users reset-password {email} --data ORDNER' ein neues Passwort.",
  "recovery.forgotSend": "Link schicken",
  "recovery.forgotSent": "Schau in deine Mails",
  "recovery.forgotSentAbout":
    "Wenn es ein Konto mit {email} gibt, ist ein Link unterwegs, höchstens einer alle fünf Minuten. Kommt keine Mail an, kann ein Administrator das Passwort zurücksetzen.",
  "recovery.backToSignIn": "Zurück zur Anmeldung",
  "recovery.resetTitle": "Neues Passwort wählen",
  "recovery.resetAbout":
    "Alle deine Browser und Geräte werden abgemeldet, und persönliche Zugangsschlüssel funktionieren nicht mehr.",
  "recovery.newPassword": "Neues Passwort",
  "recovery.passwordCommon": "Dieses Passwort ist zu leicht zu erraten. Wähle ein anderes.",
  "recovery.endPasskeys": "Auch Passkeys entfernen: Sie funktionieren ohne das Passwort",
  "recovery.endPasskeysHint":
    "Falls jemand anderes Zugang zu deinem Konto hatte oder eines deiner Geräte hat. War ein Passkey dein zweiter Faktor, brauchst du danach zum Anmelden einen Wiederherstellungscode. Hast du keinen, kann ein Administrator deinen zweiten Faktor ausschalten.",
  "recovery.endOutside": "Auch Anmeldungen über einen anderen Dienst trennen",
  "recovery.endOutsideHint": "Falls du sie nicht selbst verknüpft hast oder sich jemand anderes damit anmelden kann.",
  "recovery.resetSave": "Passwort speichern",
  "recovery.resetBad":
    "Der Link wurde schon benutzt, ist abgelaufen oder unvollständig. Lass dir auf der Anmeldeseite einen neuen schicken.",
  "recovery.resetDone": "Dein Passwort ist geändert",
  "recovery.resetDoneAbout": "Melde dich als {email} damit an.",
  "recovery.waysLeft": "Andere Anmeldewege funktionieren weiter. Prüf sie unter Einstellungen, Sicherheit.",
} as const;
