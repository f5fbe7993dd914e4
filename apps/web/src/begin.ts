import "./design/tokens.css";
import { openDrive } from "./data/account-drive.ts";
import { beginFirstList } from "./data/first-list.ts";
import { startPreferences } from "./browser/preferences.ts";
import { startMessages } from "./messages/use-messages.ts";

// A small chunk, which requests the messages and the first list while the rest loads.
startPreferences();
const drive = openDrive();
beginFirstList(drive, location);
// No top-level await: the imported modules import from this chunk.
void Promise.all([import("./main.tsx"), startMessages()]).then(([{ show }]) => show(drive));
