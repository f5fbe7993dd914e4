export const receive = {
  "receive.title": "In meinen Dateien speichern",
  "receive.what": { one: "„{name}“ speichern", other: "{count} Dateien speichern" },
  "receive.about": {
    one: "Diese Datei kommt aus einer anderen App oder Website. Sie bleibt in diesem Browser, bis du einen Ordner wählst.",
    other:
      "Diese Dateien kommen aus einer anderen App oder Website. Sie bleiben in diesem Browser, bis du einen Ordner wählst.",
  },
  "receive.away": {
    one: "Der Server ist nicht erreichbar. Die Datei bleibt in diesem Browser, bis du einen Ordner wählst.",
    other: "Der Server ist nicht erreichbar. Die Dateien bleiben in diesem Browser, bis du einen Ordner wählst.",
  },
  "receive.deletedOn": {
    one: "Diese Datei wartet seit über einer Woche. Wenn du keinen Ordner wählst, wird sie am {date} gelöscht.",
    other: "Diese Dateien warten seit über einer Woche. Wenn du keinen Ordner wählst, werden sie am {date} gelöscht.",
  },
  "receive.unfinished":
    "Der Upload nach „{folder}“ wurde nicht fertig. Wenn du denselben Ordner wählst, geht er weiter.",
  "receive.files": "Dateien aus einer anderen App oder Website",
  "receive.more": { one: "{count} weitere Datei", other: "{count} weitere Dateien" },
  "receive.choose": "Ordner wählen…",
  "receive.discard": "Verwerfen",
  "receive.discardAll": "Alle verwerfen",
  "receive.discardTitle": { one: "„{name}“ verwerfen?", other: "{count} Dateien verwerfen?" },
  "receive.discardAbout": {
    one: "Sie wird aus diesem Browser gelöscht. Die App, die sie geteilt hat, hat vielleicht keine Kopie.",
    other: "Sie werden aus diesem Browser gelöscht. Die App, die sie geteilt hat, hat vielleicht keine Kopien.",
  },
  "receive.discardOthersTitle": {
    one: "{count} Datei eines anderen Kontos verwerfen?",
    other: "{count} Dateien anderer Konten verwerfen?",
  },
  "receive.discardOthersAbout": {
    one: "Sie ist noch nicht hochgeladen. Sie wird aus diesem Browser gelöscht, und das andere Konto kann sie nicht mehr speichern.",
    other:
      "Sie sind noch nicht hochgeladen. Sie werden aus diesem Browser gelöscht, und die anderen Konten können sie nicht mehr speichern.",
  },
  "receive.waiting": {
    one: "{count} geteilte Datei wartet auf einen Ordner.",
    other: "{count} geteilte Dateien warten auf einen Ordner.",
  },
  "receive.deletedSoon": {
    one: "{count} geteilte Datei wird am {date} gelöscht, wenn du keinen Ordner wählst.",
    other: "{count} geteilte Dateien werden am {date} gelöscht, wenn du keinen Ordner wählst.",
  },
  "receive.others": {
    one: "{count} Datei gehört zu einem anderen Konto in diesem Browser. Um sie zu speichern, melde dich mit diesem Konto an.",
    other:
      "{count} Dateien gehören zu anderen Konten in diesem Browser. Um sie zu speichern, melde dich mit dem Konto an, zu dem sie gehören.",
  },
  "receive.signOut": {
    one: "Beim Abmelden wird {count} Datei aus einer anderen App gelöscht, die noch nicht hochgeladen ist.",
    other: "Beim Abmelden werden {count} Dateien aus anderen Apps gelöscht, die noch nicht hochgeladen sind.",
  },
  "receive.none": "Keine Dateien warten",
  "receive.noneNext": "Dateien, die du aus einer anderen App teilst, erscheinen hier.",
  "receive.gone": {
    one: "{count} Datei ist nicht mehr in diesem Browser. Teile sie noch einmal.",
    other: "{count} Dateien sind nicht mehr in diesem Browser. Teile sie noch einmal.",
  },
  "receive.elsewhere": {
    one: "Diese Datei wird schon hochgeladen, oder sie wurde hochgeladen oder verworfen.",
    other: "Diese Dateien werden schon hochgeladen, oder sie wurden hochgeladen oder verworfen.",
  },
  "receive.notStarted": "Der Upload konnte nicht beginnen. Nichts wurde gelöscht. Wähle den Ordner noch einmal.",
  "receive.notDiscarded": "Die Dateien konnten nicht verworfen werden. Versuche es noch einmal.",
  "receive.stopped": {
    one: "Die Datei aus einer anderen App wurde nicht hochgeladen. Wähle einen Ordner, um es noch einmal zu versuchen.",
    other:
      "Nicht alle Dateien aus einer anderen App wurden hochgeladen. Wähle einen Ordner, um es noch einmal zu versuchen.",
  },
  "receive.nothing": "Die andere App hat keine Dateien geteilt.",
  "receive.tooMany":
    "Die Dateien wurden nicht angenommen: Höchstens {max} können warten. Speichere oder verwirf die wartenden Dateien, oder teile weniger.",
  "receive.tooLarge":
    "Die Dateien wurden nicht angenommen: Höchstens {max} können warten. Speichere oder verwirf die wartenden Dateien, oder nimm „Dateien hochladen“.",
  "receive.notKept":
    "Dieser Browser konnte die Dateien nicht speichern. Schaffe Platz auf dem Gerät und teile sie noch einmal.",
  "receive.notReady":
    "Die App war noch nicht bereit, Dateien anzunehmen. Warte ein paar Sekunden und teile sie noch einmal.",
} as const;
