export const firstRun = {
  "firstRun.title": "Dein Speicher ist bereit",
  "firstRun.about": "Drei Wege, um anzufangen.",
  "firstRun.shared": "{who} teilt {name} mit dir",
  "firstRun.sharedAbout": "Unter deinen Dateien ist es auch auf deinen Geräten.",
  "firstRun.sharedFileAbout": "Es liegt unter Geteilt.",
  "firstRun.sharedAdd": "Zu meinen Dateien",
  "firstRun.sharedLook": "Zu Geteilt",
  "firstRun.drop": "Dateien ablegen",
  "firstRun.dropAbout": "Zieh Dateien oder ganze Ordner von deinem Rechner auf diese Seite oder wähle sie aus.",
  "firstRun.install": "Einen Ordner gleich halten",
  "firstRun.installAbout":
    "Der Befehl holdfast hält einen Ordner auf deinem Computer mit diesem Laufwerk gleich. Um ihn zu installieren, klone das Holdfast-Repository in einen Ordner, den du behältst, oder kopiere diesen Ordner ohne node_modules von einem anderen Computer. Führe darin npm ci aus (Node 20 oder neuer) und füge dann dort diese Zeilen ein. Du wirst nach deinem Passwort gefragt.",
  "firstRun.commands": "Befehle",
  "firstRun.invite": "Jemanden einladen",
  "firstRun.inviteAbout": "Teile einen Ordner mit Familie oder Kollegen. Sie bekommen ein Konto über einen Link.",
  "firstRun.inviteAct": "Einladung erstellen",
  "firstRun.shareAbout":
    "Alles, was du hier ablegst, kannst du teilen: mit einem Konto, einer E-Mail-Adresse oder einem Link.",
} as const;
