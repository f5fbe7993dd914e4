/** Messages of sign-in through another service. */
export const outside = {
  "outside.continue": "Weiter mit {name}",
  "outside.asAdministrator": "Als Administrator anmelden",
  "outside.passwordsOff": "Nur Administratoren können sich hier mit einem Passwort anmelden. Benutze den anderen Weg.",
  "outside.wait": "Du wirst angemeldet …",
  "outside.failed": "Du bist nicht angemeldet",
  "outside.refused": "Der andere Dienst hat dich nicht angemeldet. Es hat sich nichts geändert.",
  "outside.late":
    "Diese Anmeldung wurde in einem anderen Browser begonnen, schon benutzt oder hat länger als zehn Minuten gedauert. Beginne von vorn.",
  "outside.notLinked":
    "Mit dieser Anmeldung ist hier kein Konto verknüpft. Hast du ein Konto, dann melde dich mit deinem Passwort an und verknüpfe es in den Einstellungen unter Sicherheit. Sonst kann ein Administrator eines anlegen.",
  "outside.notProven": "Deine Identität wurde nicht bestätigt",
  "outside.notAsked":
    "Der andere Dienst hat dich nicht neu anmelden lassen; das bestätigt deine Identität nicht. Benutze dein Passwort oder einen Passkey, oder melde dich dort zuerst ab.",
  "outside.somebodyElse": "Du bist dort mit einem Konto angemeldet, das nicht mit diesem verknüpft ist.",
  "outside.goBack": "Zurück",
  "outside.goOn": "Weiter",
  "outside.taken": "Diese Anmeldung ist hier mit einem anderen Konto verknüpft. Löse sie zuerst dort.",
  "outside.title": "Anmeldung über einen anderen Dienst",
  "outside.about": "Melde dich über einen anderen Dienst an statt mit dem Passwort.",
  "outside.link": "{name} verknüpfen",
  "outside.linkTitle": "Eine Anmeldung verknüpfen",
  "outside.linkAbout": "Bestätige zuerst dein Passwort. Danach meldest du dich beim anderen Dienst an.",
  "outside.linked": "verknüpft {when}",
  "outside.used": "benutzt {when}",
  "outside.unlink": "Lösen",
  "outside.unlinkNamed": "{name} lösen",
  "outside.unlinkTitle": "Diese Anmeldung lösen",
  "outside.unlinkAbout": "Du kannst dich damit nicht mehr anmelden. Danach brauchst du dein Passwort.",
} as const;
