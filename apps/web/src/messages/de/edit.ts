export const edit = {
  "edit.text": "Text von {name}",
  "edit.save": "Speichern",
  "edit.saved": "Gespeichert",
  "edit.changed": "Noch nicht gespeichert",
  "edit.close": "Schließen",
  "edit.back": "Zurück zum Ordner",
  "edit.noText": "Das ist keine Textdatei, sie lässt sich hier nicht bearbeiten.",
  "edit.mixedEnds":
    "Diese Datei mischt Zeilenenden, die der Editor nicht erhalten kann. Bearbeite sie mit einem anderen Programm.",
  "edit.draft": "Hier ist Text, den du geschrieben und nicht gespeichert hast.",
  "edit.takeDraft": "Wiederherstellen",
  "edit.dropDraft": "Verwerfen",
  "edit.byOthers":
    "Diese Datei wurde inzwischen anderswo gespeichert. Beim Speichern werden beide Texte zusammengeführt.",
  "edit.unread": "Diese Datei lässt sich gerade nicht laden. Dein Text ist noch hier und lässt sich kopieren.",
  "edit.gone":
    "Diese Datei wurde gelöscht oder ist nicht mehr mit dir geteilt. Speichere deinen Text als neue Datei oder kopiere ihn, bevor du gehst.",
  "edit.unmerged":
    "Die anderswo gespeicherte Version lässt sich nicht mit deinem Text zusammenführen. Speichere deinen Text als neue Datei oder kopiere ihn, bevor du gehst.",
  "edit.saveAsNew": "Als neue Datei speichern",
  "edit.stranded": "Nicht gespeicherter Text, der noch in diesem Browser ist:",
  "edit.strandedText": "Nicht gespeicherter Text",
  "edit.merge": "Inzwischen anderswo gespeichert",
  "edit.mergeClean": "Beide Änderungen passen zusammen. Übernimm den Text, sieh ihn an und speichere.",
  "edit.mergeConflicts": {
    one: "{count} Konflikt. Wähle, was bleibt, prüf den Text und speichere.",
    other: "{count} Konflikte. Wähle, was bleibt, prüf den Text und speichere.",
  },
  "edit.mergeTake": "Zusammengeführten Text übernehmen",
  "edit.mergeBack": "Zurück zu meinem Text",
  "edit.choose": "Konflikt {count}",
  "edit.mine": "Meins",
  "edit.theirs": "Das andere",
  "edit.both": "Beides, meins zuerst",
  "edit.leave": "Gehen, ohne zu speichern?",
  "edit.leaveAbout": "Dein Text bleibt in diesem Browser und wird angeboten, wenn du die Datei wieder öffnest.",
  "edit.leaveLost":
    "Dieser Browser hat keinen Platz für deinen Text. Er ist verloren, wenn du gehst, ohne zu speichern.",
  "edit.tooLong":
    "Dieser Browser hat keinen Platz, um deinen Text zu behalten. Speichere oft: Er ist verloren, wenn der Tab sich schließt.",
  "edit.leaveGone":
    "Diese Datei gibt es nicht mehr, du kannst also nicht zu ihr zurück. Speichere deinen Text zuerst als neue Datei oder kopiere ihn.",
  "edit.stay": "Bleiben",
  "edit.leaveDo": "Gehen",
  "edit.out": "Unfertige Arbeit verwerfen?",
  "edit.outChanges": {
    one: "{count} Änderung wartet auf den Server. Wenn du dich jetzt abmeldest, wird sie vielleicht nicht ausgeführt.",
    other:
      "{count} Änderungen warten auf den Server. Wenn du dich jetzt abmeldest, werden sie vielleicht nicht ausgeführt.",
  },
  "edit.outUploads": {
    one: "Das Abmelden bricht {count} Upload ab: {names}. Schon hochgeladene Dateien bleiben auf dem Server.",
    other: "Das Abmelden bricht {count} Uploads ab: {names}. Schon hochgeladene Dateien bleiben auf dem Server.",
  },
  "edit.outAbout":
    "Beim Abmelden wird ungespeicherter Text aus diesem Browser entfernt. Öffne jede Datei, um ihn zuerst zu speichern.",
  "edit.outDo": "Verwerfen und abmelden",
  "edit.show": "Vorschau",
  "edit.preview": "Vorschau von {name}",
} as const;
