export const firstRun = {
  "firstRun.title": "Dein Speicher ist bereit",
  "firstRun.about": "Drei Wege, um anzufangen. Jeder kann warten.",
  "firstRun.shared": "{who} teilt {name} mit dir",
  "firstRun.sharedAbout": "Unter deinen Dateien ist es auch auf deinen Geräten.",
  "firstRun.sharedFileAbout": "Es liegt unter Geteilt.",
  "firstRun.sharedAdd": "Zu meinen Dateien",
  "firstRun.sharedLook": "Zu Geteilt",
  "firstRun.drop": "Dateien ablegen",
  "firstRun.dropAbout": "Zieh Dateien oder ganze Ordner von deinem Rechner auf diese Seite oder wähle sie aus.",
  "firstRun.install": "Einen Ordner gleich halten",
  "firstRun.installAbout":
    "Der Befehl hält einen Ordner deines Rechners gleich mit diesem Speicher. Er läuft aus dem Ordner von Holdfast: Lass ihn dir von dem geben, der diesen Server betreibt, kopier ihn ohne node_modules auf deinen Rechner und sag darin npm ci (Node 20 oder neuer). Füg dann diese Zeilen dort ein; es fragt nach deinem Passwort.",
  "firstRun.commands": "Befehle",
  "firstRun.invite": "Jemanden einladen",
  "firstRun.inviteAbout": "Teile einen Ordner mit Familie oder Kollegen. Sie bekommen ein Konto über einen Link.",
  "firstRun.inviteAct": "Einladung erstellen",
  "firstRun.shareAbout":
    "Alles, was du hier ablegst, kannst du teilen: mit einem Konto, einer E-Mail-Adresse oder einem Link.",
} as const;
