import "./design/tokens.css";
import { openDrive } from "./data/account-drive.ts";
import { beginFirstList } from "./data/first-list.ts";
import { startPreferences } from "./design/preferences.ts";
import { startMessages } from "./messages/use-messages.ts";

// The session and data code is a small chunk. It requests the messages and the first list while the other chunks load.
startPreferences();
const drive = openDrive();
beginFirstList(drive, location);
// No top-level await: the imported modules import from this chunk and would wait for it to end.
void Promise.all([import("./main.tsx"), startMessages()]).then(([{ show }]) => show(drive));
