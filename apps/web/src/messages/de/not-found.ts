import type { notFound as english } from "../en/not-found.ts";

export const notFound: Readonly<Record<keyof typeof english, string>> = {
  "notFound.title": "Diese Seite gibt es nicht",
  "notFound.next": "Prüf die Adresse oder geh zu deinen Dateien zurück.",
  "notFound.toFiles": "Zu deinen Dateien",
};
