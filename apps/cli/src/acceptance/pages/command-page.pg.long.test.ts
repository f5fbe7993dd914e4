import { command } from "./script-command.ts";
import { testPage } from "./test-page.ts";

testPage("docs/command.md", command);
