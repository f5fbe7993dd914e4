/** Messages of second factors and passkeys. */
export const factor = {
  "leaving.until": "Dieses Konto wird gelöscht und ist nach dem {day} endgültig fort.",
  "leaving.keep": "Konto behalten",
  "factor.code": "Code",
  "factor.codeHint": "Aus deiner Authenticator-App, oder einer deiner Wiederherstellungscodes.",
  "factor.recoveryHint": "Einer deiner Wiederherstellungscodes.",
  "factor.codeMissing": "Gib den Code ein.",
  "factor.codeWrong":
    "Dieser Code ist falsch oder wurde schon benutzt. Gib den nächsten aus der App ein oder einen Wiederherstellungscode.",
  "factor.passkeySignIn": "Mit einem Passkey anmelden",
  "factor.passkeyUse": "Passkey benutzen",
  "factor.passkeyCanceled": "Abgebrochen, oder es hat zu lange gedauert. Versuch es noch einmal.",
  "factor.passkeyThere": "Dieses Gerät hat schon einen Passkey dieses Kontos.",
  "factor.passkeyNotHere":
    "Passkeys gehen unter dieser Adresse nicht. Nimm die Adresse, die in den Mails dieses Servers steht.",
  "factor.passkeyWrong":
    "Dieser Passkey passt nicht: Er wurde entfernt, gehört zu einem anderen Konto, oder es dauerte zu lange. Versuch es noch einmal, oder melde dich anders an.",
  "factor.passkeys": "Passkeys",
  "factor.passkeysAbout":
    "Melde dich mit Fingerabdruck, Gesicht, PIN oder Sicherheitsschlüssel an statt mit einem Passwort. Ein gestohlenes Passwort allein reicht dann nicht, und eine gefälschte Anmeldeseite erfährt nichts.",
  "factor.passkeysNot":
    "Passkeys brauchen https und einen Domainnamen, und diese Adresse hat das nicht. Ein Administrator richtet es ein (docs/operation.md).",
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
    "Das ist dein letzter Passkey. Danach reicht dein Passwort zum Anmelden, und deine Wiederherstellungscodes funktionieren nicht mehr.",
  "factor.due":
    "Ein Administrator verlangt einen zweiten Faktor. Richte bis {when} einen ein: Danach ist nichts anderes möglich, bis du das getan hast.",
  "factor.setUp": "Einrichten",
  "factor.mustTitle": "Richte einen zweiten Faktor ein",
  "factor.mustAbout":
    "Ein Administrator verlangt einen zweiten Faktor, und dieses Konto hat keinen. Richte eine Authenticator-App oder einen Passkey ein, um deine Dateien wieder zu sehen.",
  "factor.goOn": "Weiter",
} as const;
