import type { Language } from "@holdfast/protocol/account-settings";
import { type Page, writePage } from "./page-template.ts";

type PlainPage = (language: Language) => Page;

interface Words {
  readonly title: string;
  readonly building: string;
  readonly late: string;
}

const words: Readonly<Record<Language, Words>> = {
  en: {
    title: "Holdfast is being built",
    building:
      "The pages of this server are being built, once, which takes some seconds. This page comes back by itself.",
    late: "The pages of this server are being built, once, which takes longer than usual. Load this page again in a minute: its link stays good.",
  },
  de: {
    title: "Holdfast wird gebaut",
    building:
      "Die Seiten dieses Servers werden gerade gebaut, einmal, was einige Sekunden dauert. Diese Seite kommt von selbst wieder.",
    late: "Die Seiten dieses Servers werden gerade gebaut, einmal, was länger dauert als sonst. Laden Sie diese Seite in einer Minute neu: ihr Link bleibt gültig.",
  },
};

export const buildingPage: PlainPage = (language) =>
  writePage({
    language,
    title: words[language].title,
    content: `<p role="status">${words[language].building}</p>`,
    head: `<meta http-equiv="refresh" content="2">\n`,
  });

/** For addresses at which a page that refreshes itself would not load anew. */
export const lateBuildingPage: PlainPage = (language) =>
  writePage({ language, title: words[language].title, content: `<p role="status">${words[language].late}</p>` });

/** For a server that was started without the app, and for one whose app could not be built: what it says is for who runs it. */
export const withoutAppPage: PlainPage = () =>
  writePage({
    language: "en",
    title: "Holdfast is running",
    content: `<p>The pages of this server are not there: its log says why. Your files are, and so is all else. Sign in with the command, in the folder in which Holdfast was installed:</p>
<pre>npx holdfast login ADDRESS-OF-THIS-PAGE</pre>
<p>Without them the administrator of a new server is created by starting it with HOLDFAST_ADMIN_EMAIL and HOLDFAST_ADMIN_PASSWORD set. Programs use <a href="/api/docs">the API</a>.</p>`,
  });
