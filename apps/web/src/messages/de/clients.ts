export const clients = {
  "clients.about":
    "Programme, die Personen um Zugriff auf ihr Konto bitten dürfen (OpenID Connect). Jede Person wird vorher gefragt und kann den Zugriff unter Einstellungen, Zugangsschlüssel beenden.",
  "clients.new": "Programm eintragen",
  "clients.none": "Keine Programme",
  "clients.noneNext":
    "Trage ein Programm ein, damit sich Personen dort mit ihrem Konto auf diesem Server anmelden können.",
  "clients.nameHint": "Wird den Personen gezeigt, die gefragt werden.",
  "clients.kind": "Wo es läuft",
  "clients.kindSecret": "Auf einem Server, der ein Geheimnis bewahren kann",
  "clients.kindPublic": "Auf den Geräten der Personen, ohne Geheimnis",
  "clients.isPublic": "Ohne Geheimnis",
  "clients.back": "Adressen für die Weiterleitung",
  "clients.backHint":
    "Eine pro Zeile, genau wie das Programm sie sendet, mit https. Leer, wenn das Programm nur Codes zeigt.",
  "clients.backHintPublic":
    "Eine pro Zeile, genau wie das Programm sie sendet, mit https oder als http://127.0.0.1/… mit beliebigem Port. Leer, wenn das Programm nur Codes zeigt.",
  "clients.out": "Adressen nach dem Abmelden",
  "clients.outHint":
    "Wohin Personen geleitet werden dürfen, nachdem das Programm sie hier abgemeldet hat. Eine pro Zeile.",
  "clients.badAddress":
    "Eine der Zeilen ist keine gültige Adresse. Jede muss mit https:// beginnen und darf weder # noch einen Benutzernamen enthalten. http://127.0.0.1 ist nur für Programme auf den Geräten der Personen.",
  "clients.tooManyAddresses": "Gib höchstens {max} Adressen ein.",
  "clients.may": "Rechte, um die es bitten darf",
  "clients.mayHint": "Es erfährt immer, wer die Person ist. Wähle nichts aus, wenn das reicht.",
  "clients.scopeRead": "Dateien lesen",
  "clients.scopeWrite": "Dateien schreiben",
  "clients.scopeAccount": "Konto sehen und ändern",
  "clients.scopeAdmin": "Diesen Server verwalten",
  "clients.scopeAdminHint": "Danach werden nur Administratoren gefragt, und sie müssen es eigens erlauben.",
  "clients.tooMany": "Es gibt schon {max} Programme, mehr sind nicht möglich. Entferne zuerst eines.",
  "clients.made": "{name} ist eingetragen",
  "clients.madeAbout":
    "Gib diese Werte im Programm ein, mit der Adresse dieses Servers als Issuer. Das Geheimnis wird nur einmal gezeigt.",
  "clients.madeAboutPublic": "Gib diesen Wert im Programm ein, mit der Adresse dieses Servers als Issuer.",
  "clients.id": "Client-ID",
  "clients.secret": "Client-Geheimnis",
  "clients.mayAsk": "Rechte: {scopes}",
  "clients.mayAskNothing": "Erfährt nur, wer die Person ist",
  "clients.returnsTo": "Kehrt zurück zu {addresses}",
  "clients.outTo": "Nach dem Abmelden zu {addresses}",
  "clients.remove": "Entfernen",
  "clients.removeNamed": "{name} entfernen",
  "clients.removeTitle": "„{name}“ entfernen?",
  "clients.removeAbout":
    "Der Zugriff über dieses Programm endet sofort für alle, und niemand kann sich dort mehr über diesen Server anmelden. Trägst du es wieder ein, müssen es alle neu erlauben.",
  "clients.removed": "{name} wurde entfernt.",
} as const;
