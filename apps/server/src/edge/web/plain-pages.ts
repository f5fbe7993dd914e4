import type { Language } from "@holdfast/protocol/account-settings";
import { type Page, writePage } from "../pages/page-template.ts";

type PlainPage = (language: Language, serverName: string) => Page;

interface Words {
  readonly title: string;
  readonly building: string;
  readonly late: string;
}

const words: Readonly<Record<Language, Words>> = {
  en: {
    title: "The server is starting",
    building:
      "The server is preparing its web app. This happens once for each version and takes a few seconds. The page then opens by itself.",
    late: "The server is preparing its web app. This happens once for each version and takes longer than usual. Reload this page in a minute: your link still works.",
  },
  de: {
    title: "Der Server startet",
    building:
      "Der Server bereitet seine Web-App vor. Das geschieht einmal je Version und dauert einige Sekunden. Danach öffnet sich die Seite von selbst.",
    late: "Der Server bereitet seine Web-App vor. Das geschieht einmal je Version und dauert länger als sonst. Lade diese Seite in einer Minute neu: Dein Link funktioniert weiter.",
  },
};

export const buildingPage: PlainPage = (language, serverName) =>
  writePage({
    language,
    serverName,
    title: words[language].title,
    content: `<p role="status">${words[language].building}</p>`,
    head: `<meta http-equiv="refresh" content="2">\n`,
  });

/** For URLs at which a page cannot refresh itself. */
export const lateBuildingPage: PlainPage = (language, serverName) =>
  writePage({
    language,
    serverName,
    title: words[language].title,
    content: `<p role="status">${words[language].late}</p>`,
  });

/** For servers without the app or with a failed build. The text is for the operator. */
export const withoutAppPage: PlainPage = (_language, serverName) =>
  writePage({
    language: "en",
    serverName,
    title: "Holdfast is running",
    content: `<p>The web app of this server is not available; the server’s log has the reason. Your files are safe. Sign in with the command, in the folder in which Holdfast was installed:</p>
<pre>npx holdfast login ADDRESS-OF-THIS-PAGE</pre>
<p>Without the web app, create the administrator of a new server by starting it with HOLDFAST_ADMIN_EMAIL and HOLDFAST_ADMIN_PASSWORD set. Programs use <a href="/api/docs">the API</a>.</p>`,
  });
