/** Vom Anmelden mit dem, was ein anderer Dienst sagt. */
export const outside = {
  "outside.continue": "Weiter mit {name}",
  "outside.asAdministrator": "Als Administrator anmelden",
  "outside.passwordsOff": "Passwörter sind hier nur für Administratoren. Melde dich auf dem anderen Weg an.",
  "outside.wait": "Einen Moment: Der andere Dienst hat geantwortet.",
  "outside.failed": "Du bist nicht angemeldet",
  "outside.refused": "Der andere Dienst hat dich nicht angemeldet. Es hat sich nichts geändert.",
  "outside.late":
    "Diese Anmeldung wurde nicht in diesem Browser begonnen, wurde schon benutzt oder dauerte länger als zehn Minuten. Beginn noch einmal.",
  "outside.notLinked":
    "Mit dieser Anmeldung ist hier kein Konto verknüpft. Hast du ein Konto, dann melde dich mit deinem Passwort an und verknüpfe es in den Einstellungen unter Sicherheit. Sonst frag einen Administrator.",
  "outside.notProven": "Es hat sich nicht gezeigt, dass du es bist",
  "outside.notAsked":
    "Der andere Dienst hat dich nicht neu gefragt, oder er sagt es nicht, und das zeigt nichts. Nimm dein Passwort oder einen Passkey, oder melde dich zuerst dort ab.",
  "outside.somebodyElse": "Dort bist du als jemand anderes angemeldet, mit dem dieses Konto nicht verknüpft ist.",
  "outside.goBack": "Zurück",
  "outside.goOn": "Weiter",
  "outside.taken": "Diese Anmeldung ist hier mit einem anderen Konto verknüpft. Löse sie zuerst dort.",
  "outside.title": "Anmeldung über einen anderen Dienst",
  "outside.about": "Wer dort angemeldet ist, kommt hier ohne das Passwort hinein.",
  "outside.link": "{name} verknüpfen",
  "outside.linkTitle": "Eine Anmeldung verknüpfen",
  "outside.linkAbout":
    "Zuerst dein Passwort: An diesem Browser könnte jemand anderes sitzen. Dann meldest du dich beim anderen Dienst an.",
  "outside.linked": "verknüpft {when}",
  "outside.used": "benutzt {when}",
  "outside.unlink": "Lösen",
  "outside.unlinkNamed": "{name} lösen",
  "outside.unlinkTitle": "Diese Anmeldung lösen",
  "outside.unlinkAbout": "Sie öffnet dieses Konto nicht mehr. Von da an brauchst du dein Passwort.",
} as const;
