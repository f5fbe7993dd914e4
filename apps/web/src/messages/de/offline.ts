export const offline = {
  "offline.title": "Offline",
  "offline.about":
    "Diese Dateien von {name} liegen in diesem Browser. Alles andere ist wieder da, sobald der Server antwortet.",
  "offline.aboutNobody":
    "Diese Dateien liegen in diesem Browser. Alles andere ist wieder da, sobald der Server antwortet.",
  "offline.kept": "In diesem Browser behalten",
  "offline.keptAbout":
    "Diese Dateien öffnen sich ohne den Server. Sie werden automatisch aktualisiert und entfernt, wenn du dich abmeldest oder keinen Zugriff mehr hast. Höchstens 2.000 Dateien.",
  "offline.none": "In diesem Browser liegt nichts",
  "offline.noneNext": "Wähle „Offline behalten“ bei einer Datei oder einem Ordner, solange du online bist.",
  "offline.tryNow": "Jetzt versuchen",
  "offline.drop": "Entfernen",
  "offline.dropNamed": "{name} aus diesem Browser entfernen",
  "offline.dropAll": "Alle entfernen",
  "offline.total": { one: "{count} Datei, {size}", other: "{count} Dateien, {size}" },
  "offline.coming": "unterwegs",
  "offline.fetching": "Dateien werden geholt.",
  "offline.full": "Dieser Browser hat keinen Platz mehr. Entferne hier etwas, oder schaffe Platz auf dem Gerät.",
  "offline.cut": "Es sind mehr als 2.000 Dateien: Der Rest wird nicht behalten. Markiere weniger oder kleinere Ordner.",
  "offline.failed": "Einige Dateien ließen sich nicht holen. Es wird wieder versucht, wenn du zurückkommst.",
  "offline.cannot": "Dieser Browser kann keine Dateien behalten",
  "offline.cannotNext": "Nimm einen neueren und öffne diesen Server über TLS (https).",
  "offline.cannotKeep":
    "Dieser Browser kann keine Dateien behalten. Nimm einen neueren und öffne diesen Server über TLS (https).",
  "offline.keeping": {
    one: "{count} wird in diesem Browser behalten",
    other: "{count} werden in diesem Browser behalten",
  },
  "offline.droppedOffline": {
    one: "{count} Element ist nicht mehr offline verfügbar",
    other: "{count} Elemente sind nicht mehr offline verfügbar",
  },
  "offline.keptSave":
    "Ohne den Server lässt sich diese Art von Datei nicht zeigen. Sichere sie und öffne sie mit einem deiner Programme.",
  "offline.keptNot": "Diese Datei liegt nicht in diesem Browser. Sie öffnet sich, sobald der Server antwortet.",
} as const;
