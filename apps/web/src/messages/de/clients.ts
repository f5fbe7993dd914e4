export const clients = {
  "clients.about":
    "Programme, die Menschen bitten dürfen, sie einzulassen (OpenID Connect). Jede Person wird vorher gefragt und sieht es unter Einstellungen, Zugangsschlüssel.",
  "clients.new": "Programm eintragen",
  "clients.none": "Keine Programme",
  "clients.noneNext": "Ist ein anderes Programm eingetragen, kann man sich dort mit dem Konto von hier anmelden.",
  "clients.nameHint": "So sehen es die Menschen, die es fragt.",
  "clients.kind": "Wo es läuft",
  "clients.kindSecret": "Auf einem Server, der ein Geheimnis für sich behält",
  "clients.kindPublic": "Auf den Geräten der Menschen, wo es keines behalten kann",
  "clients.isPublic": "Ohne Geheimnis",
  "clients.back": "Adressen für die Rückkehr",
  "clients.backHint":
    "Eine in jeder Zeile, Buchstabe für Buchstabe wie das Programm sie nennt, mit https. Keine, wenn es nur Codes zeigt.",
  "clients.backHintPublic":
    "Eine in jeder Zeile, Buchstabe für Buchstabe wie das Programm sie nennt, mit https oder als http://127.0.0.1/… mit beliebigem Port. Keine, wenn es nur Codes zeigt.",
  "clients.out": "Adressen nach dem Abmelden",
  "clients.outHint":
    "Wohin es weitergehen darf, nachdem das Programm jemanden hier abmelden ließ. Eine in jeder Zeile.",
  "clients.badAddress":
    "Eine davon ist keine Adresse für die Rückkehr. Jede beginnt mit https:// und hat weder etwas nach einem # noch einen Namen vor einem @; http://127.0.0.1 ist nur für Programme auf den Geräten der Menschen.",
  "clients.tooManyAddresses": "Es dürfen höchstens {max} sein.",
  "clients.may": "Es darf fragen nach",
  "clients.mayHint": "Wer es einlässt, sagt ihm auf jeden Fall, wer er ist. Kreuz nichts an, wenn das alles ist.",
  "clients.scopeRead": "Lesen der Dateien",
  "clients.scopeWrite": "Schreiben der Dateien",
  "clients.scopeAccount": "Sehen und Ändern des Kontos",
  "clients.scopeAdmin": "Verwalten dieses Servers",
  "clients.scopeAdminHint": "Danach wird nur gefragt, wer den Server verwaltet, und muss es ankreuzen.",
  "clients.tooMany":
    "Es gibt schon {max} Programme, und mehr dürfen es nicht sein. Entferne eines, das niemand braucht.",
  "clients.made": "{name} ist eingetragen",
  "clients.madeAbout":
    "Gib das in das Programm ein, mit der Adresse dieses Servers als Aussteller (Issuer). Das Geheimnis wird nur dieses eine Mal gezeigt.",
  "clients.madeAboutPublic": "Gib das in das Programm ein, mit der Adresse dieses Servers als Aussteller (Issuer).",
  "clients.id": "Client-ID",
  "clients.secret": "Client-Geheimnis",
  "clients.mayAsk": "Darf fragen nach: {scopes}",
  "clients.mayAskNothing": "Erfährt, wer jemand ist, und sonst nichts",
  "clients.returnsTo": "Kehrt zurück zu {addresses}",
  "clients.outTo": "Nach dem Abmelden zu {addresses}",
  "clients.remove": "Entfernen",
  "clients.removeNamed": "{name} entfernen",
  "clients.removeTitle": "„{name}“ entfernen?",
  "clients.removeAbout":
    "Was Menschen ihm erlaubt haben, endet sofort und für alle, und niemand meldet sich dort noch über diesen Server an. Neu eingetragen ist es ein anderes Programm.",
  "clients.removed": "{name} wird von niemandem mehr eingelassen.",
} as const;
