import "./design/tokens.css";
import { openDrive } from "./data/account-drive.ts";
import { beginFirstList } from "./data/first-list.ts";
import { startPreferences } from "./design/preferences.ts";
import { startMessages } from "./messages/use-messages.ts";

// What asks the server is a small part of the script. While the rest is on its way it asks for the words and the first list.
startPreferences();
const drive = openDrive();
beginFirstList(drive, location);
// Not awaited at the top: what is imported imports from here, and would wait for this to end.
void Promise.all([import("./main.tsx"), startMessages()]).then(([{ show }]) => show(drive));
