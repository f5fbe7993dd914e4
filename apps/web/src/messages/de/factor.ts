/** Von dem, was neben einem Passwort steht oder an seiner Stelle. */
export const factor = {
  "leaving.until": "Dieses Konto wird gelöscht und ist nach dem {day} endgültig fort.",
  "leaving.keep": "Konto behalten",
  "factor.code": "Code",
  "factor.codeHint": "Aus deiner Authenticator-App, oder einer deiner Wiederherstellungscodes.",
  "factor.codeWrong":
    "Dieser Code ist falsch oder wurde schon benutzt. Nimm den nächsten, den die App zeigt, oder einen Wiederherstellungscode.",
  "factor.passkeySignIn": "Mit einem Passkey anmelden",
  "factor.passkeyUse": "Passkey benutzen",
  "factor.passkeyCancelled": "Es wurde nichts gezeigt: abgebrochen, oder es dauerte zu lange. Versuch es noch einmal.",
  "factor.passkeyThere": "Dieses Gerät hat schon einen Passkey dieses Kontos.",
  "factor.passkeyNotHere":
    "Passkeys gehen unter dieser Adresse nicht. Öffne Holdfast unter der, die in seinen Mails steht.",
  "factor.passkeyWrong":
    "Dieser Passkey passt nicht: Er wurde entfernt, gehört zu einem anderen Konto, oder es dauerte zu lange. Versuch es noch einmal, oder melde dich anders an.",
  "factor.passkeys": "Passkeys",
  "factor.passkeysAbout":
    "Anmelden mit Fingerabdruck, Gesicht, PIN oder Sicherheitsschlüssel, ohne Passwort. Wer nur das Passwort hat, kommt nicht hinein, und keine Seite, die diese nachmacht, bekommt etwas.",
  "factor.passkeysNot":
    "Sie brauchen eine Adresse mit Namen und https, und diese Seite hat eine andere. Frag, wer den Server verwaltet.",
  "factor.passkeyNone": "Noch kein Passkey",
  "factor.passkeyAdd": "Passkey hinzufügen",
  "factor.passkeyName": "Name",
  "factor.passkeyNameHint": "An dem du ihn wiedererkennst: der des Geräts oder des Passwortmanagers.",
  "factor.passkeyAdded": "{name} wurde hinzugefügt",
  "factor.passkeyUsed": "Zuletzt benutzt {when}",
  "factor.passkeyUnused": "Hinzugefügt {when}, noch nicht benutzt",
  "factor.passkeyFor": "für {address}",
  "factor.passkeyRename": "Umbenennen",
  "factor.passkeyRenameNamed": "{name} umbenennen",
  "factor.passkeyRemove": "Entfernen",
  "factor.passkeyRemoveNamed": "{name} entfernen",
  "factor.passkeyRemoveAbout": "Mit ihm meldet sich niemand mehr an. Lösche ihn auch auf dem Gerät.",
  "factor.passkeyRemoveLast":
    "Es ist dein letzter: Von da an reicht das Passwort zum Anmelden, und die Wiederherstellungscodes gelten nicht mehr.",
  "factor.due":
    "Die Verwaltung verlangt einen zweiten Faktor: Ab {when} zeigt sich hier nichts, bevor du einen eingerichtet hast.",
  "factor.setUp": "Einrichten",
  "factor.mustTitle": "Richte einen zweiten Faktor ein",
  "factor.mustAbout":
    "Die Verwaltung verlangt einen, und dieses Konto hat keinen. Deine Dateien zeigen sich wieder, sobald eine Authenticator-App oder ein Passkey eingerichtet ist.",
  "factor.goOn": "Weiter",
} as const;
